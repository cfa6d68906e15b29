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
/** So much, for so long, a reader may have left to read at the end. Ended streams have no other bound. */
const endBytes = 65_536
const endMs = 5_000
/** Tokens have ended by then, also by the clock of an API that is a minute behind. */
const keepMs = (maxTokenSeconds + 60) * 1_000
/** What a reader may leave unread before it is cut off; it comes back and gets everything anew. */
const maxUnreadBytes = 32 * 1_048_576
/** Of one client at a time. One more ends the oldest, which may be a connection that its reader has lost. */
const maxStreams = 16

export interface FeedSettings {
  readonly verifier: Verifier
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** How many revocations it keeps. Beyond it no reader hears that it knows everything, until the oldest do not matter. */
  readonly maxKept?: number
}

/**
 * Each connection begins with everything that still matters, so that one that was cut off misses nothing, and carries a
 * beat, so that a reader notices within a second that it hears nothing any more. Of tokens from before its own start it
 * knows nothing, and says so: readers refuse them.
 */
export function createRevocationFeed({ verifier, now, maxKept = 100_000 }: FeedSettings): RevocationFeed {
  const gate = createNodeGate(verifier)
  /** The streams that are open, the oldest first, and whose they are. */
  const readers = new Map<ServerResponse, { readonly client: string | undefined; end(): void }>()
  const kept: { readonly line: string; readonly until: number }[] = []
  const since = Math.floor(now() / 1_000)
  /** Until then something that still matters is missing. */
  let incompleteUntil = 0

  const beat = setInterval(() => {
    while (kept[0] !== undefined && kept[0].until <= now()) kept.shift()
    tellAll(': beat\n\n')
  }, beatMs)
  beat.unref()

  function tellAll(text: string): void {
    for (const reader of readers.keys()) {
      reader.write(text)
      if (reader.writableLength > maxUnreadBytes) reader.destroy()
    }
  }

  function makeRoom(client: string | undefined): void {
    const own = [...readers.values()].filter((reader) => reader.client === client)
    if (own.length >= maxStreams) own[0]?.end()
  }

  return {
    announce(revocation) {
      if (kept.length >= maxKept) incompleteUntil = kept.shift()?.until ?? 0
      const line = `data: ${JSON.stringify(revocation)}\n\n`
      kept.push({ line, until: now() + keepMs })
      tellAll(line)
    },
    async answer(request, response) {
      const context = await gate(request, response, { scopes: [revocationsScope] })
      if (context === undefined || response.destroyed) return
      if (incompleteUntil > now()) return void response.writeHead(503).end()
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      const complete = `event: complete\ndata: ${JSON.stringify({ since })}\n\n`
      response.write(kept.map(({ line }) => line).join('') + complete)
      // Nothing is written after the end; a reader that does not take what is left is cut off.
      const end = () => {
        readers.delete(response)
        if (response.writableLength > endBytes) return void response.destroy()
        response.end()
        setTimeout(() => response.destroy(), endMs).unref()
      }
      const lease = verifier.lease(context)
      if (lease.aborted) return end()
      makeRoom(context.client?.id)
      readers.set(response, { client: context.client?.id, end })
      lease.addEventListener('abort', end, { once: true })
      response.on('close', () => {
        readers.delete(response)
        lease.removeEventListener('abort', end)
      })
    },
    close() {
      clearInterval(beat)
      for (const reader of readers.values()) reader.end()
    },
  }
}
