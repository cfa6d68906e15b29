import type { MemoryRevocations, Revocation, RevocationQuery, RevocationSource } from 'onbehalf/revocation'
import type { DpopAgent } from '../agents/dpop-agent.ts'
import { readEvents, type ServerSentEvent } from './event-stream.ts'
import { createRevocationMemory } from './revocation-memory.ts'
import { defer, pause, within } from './waiting.ts'

export interface FeedSettings {
  readonly issuer: string
  /** The resource server as a client of the issuer, registered with the scope `revocations:read`. */
  readonly agent: Pick<DpopAgent, 'ownToken' | 'open'>
  /** Where the entries are kept: a memory for this feed alone, because they are forgotten when the tokens have ended. */
  readonly source?: MemoryRevocations
  /** The issuer's tokens are refused after such a silence. The issuer says something four times a second. Default: 1000. */
  readonly maxSilenceMs?: number
  /** Milliseconds of a clock that is never set back. */
  readonly now?: () => number
  /** Called with the reason each time a connection fails. */
  readonly onFailure?: (error: unknown) => void
}

/** The `revocation` of a verifier. It throws while it does not know, and the verifier then refuses with `revocation_unavailable`. */
export interface FollowedRevocations extends RevocationSource {
  isRevoked(query: RevocationQuery): boolean
  /** Resolves once everything that the issuer has revoked is known. */
  ready(): Promise<void>
  /** Entries held now. */
  readonly size: number
  close(): void
}

const requestMs = 5_000
const pauseMs = { first: 50, longest: 1_000 }

/**
 * Follows what an issuer revokes, over a connection that stays open. Each connection begins with everything that still
 * matters, so that nothing is missed between two of them, and the next one is complete before the token of this one ends.
 */
export function followRevocations(settings: FeedSettings): FollowedRevocations {
  const { issuer, agent, maxSilenceMs = 1_000, now = () => performance.now(), onFailure = () => {} } = settings
  const memory = createRevocationMemory(issuer, now, settings.source)
  const end = new AbortController()
  let heardAt = Number.NEGATIVE_INFINITY
  const { promise: ready, resolve: tellReady } = defer()

  /** Resolves once the connection has told everything; it goes on by itself. */
  async function connect(): Promise<Connection> {
    const resource = `${issuer}/revocations`
    const token = await within(requestMs, agent.ownToken({ resource, scope: 'revocations:read' }))
    const cut = new AbortController()
    const { promise: complete, resolve } = defer()
    const over = listen(resource, token.accessToken, cut, resolve)
    await Promise.race([complete, over.then(() => Promise.reject(new Error('the feed ended before it was complete')))])
    tellReady()
    // A fifth of the token's life is left for the next connection.
    return { over: Promise.race([over, pause(token.expiresIn * 800)]), cut: () => cut.abort() }
  }

  async function listen(url: string, token: string, cut: AbortController, tellComplete: () => void): Promise<void> {
    const silence = setTimeout(() => cut.abort(new Error('the feed is silent')), maxSilenceMs).unref()
    let isComplete = false
    try {
      const { status, body } = await agent.open(url, token, AbortSignal.any([cut.signal, end.signal]))
      if (status !== 200 || body === null) throw new Error(`the issuer answers ${status}`)
      for await (const event of readEvents(body)) {
        silence.refresh()
        if (event !== undefined) isComplete = take(event) || isComplete
        if (!isComplete) continue
        heardAt = now()
        tellComplete()
      }
    } finally {
      clearTimeout(silence)
      cut.abort()
    }
  }

  /** Whether everything is known with this event. */
  function take({ name, data }: ServerSentEvent): boolean {
    if (name === 'complete') memory.knowsSince((JSON.parse(data) as { since: number }).since)
    else memory.take(JSON.parse(data) as Revocation)
    return name === 'complete'
  }

  async function keepConnected(): Promise<void> {
    let current: Connection | undefined
    for (let wait = pauseMs.first; !end.signal.aborted; ) {
      try {
        const next = await connect()
        current?.cut()
        current = next
        wait = pauseMs.first
        await next.over
      } catch (error) {
        if (!end.signal.aborted) onFailure(error)
        wait = Math.min(2 * wait, pauseMs.longest)
      }
      await pause(wait)
    }
  }
  void keepConnected()

  return {
    isRevoked(query) {
      if (memory.isRevoked(query)) return true
      // Negated, so that a time that is no number refuses.
      if (query.issuer === issuer && !(now() - heardAt <= maxSilenceMs))
        throw new Error('the revocation feed is silent')
      return false
    },
    ready: () => ready,
    get size() {
      return memory.size
    },
    close: () => end.abort(),
  }
}

interface Connection {
  /** Settles when the connection has ended, or is to be replaced. */
  readonly over: Promise<void>
  cut(): void
}
