import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Verifier } from 'onbehalf'
import { createNodeGate } from 'onbehalf/node'
import type { Revocation } from 'onbehalf/revocation'
import { maxTokenSeconds } from './claims.ts'
import { revocationsScope } from './resources.ts'

/** Tells resource servers what is revoked, as server-sent events over the connections that they keep open. */
export interface RevocationFeed {
  announce(revocation: Revocation): void
  /** Answers a request of a resource server, guarded as any API. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>
  close(): void
}

const beatMs = 250
/** Tokens have ended by then, also by the clock of an API that is a minute behind. */
const keepMs = (maxTokenSeconds + 60) * 1_000
const maxKept = 100_000

/**
 * Each connection begins with everything that still matters, so that one that was cut off misses nothing, and carries a
 * beat, so that a reader notices within a second that it hears nothing any more.
 */
export function createRevocationFeed(verifier: Verifier, now: () => number): RevocationFeed {
  const gate = createNodeGate(verifier)
  const readers = new Set<ServerResponse>()
  const kept: { readonly line: string; readonly until: number }[] = []

  const beat = setInterval(() => {
    while (kept[0] !== undefined && kept[0].until <= now()) kept.shift()
    for (const reader of readers) reader.write(': beat\n\n')
  }, beatMs)
  beat.unref()

  return {
    announce(revocation) {
      if (kept.length >= maxKept) kept.shift()
      const line = `data: ${JSON.stringify(revocation)}\n\n`
      kept.push({ line, until: now() + keepMs })
      for (const reader of readers) reader.write(line)
    },
    async answer(request, response) {
      const context = await gate(request, response, { scopes: [revocationsScope] })
      if (context === undefined || response.destroyed) return
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      response.write(`: here is all\n\n${kept.map(({ line }) => line).join('')}event: complete\ndata: {}\n\n`)
      readers.add(response)
      const end = () => response.end()
      const lease = verifier.lease(context)
      if (lease.aborted) end()
      lease.addEventListener('abort', end, { once: true })
      response.on('close', () => {
        readers.delete(response)
        lease.removeEventListener('abort', end)
      })
    },
    close() {
      clearInterval(beat)
      for (const reader of readers) reader.end()
    },
  }
}
