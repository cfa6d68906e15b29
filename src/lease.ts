import { setMaxListeners } from 'node:events'
import type { Contexts } from './context/agent-context.ts'
import { andThen, type MaybePromise, settle } from './internal/maybe-promise.ts'
import { fixed } from './options/defaults.ts'
import { partsOf } from './revocations/any-of.ts'
import type { CurrentToken } from './token/revocation.ts'
import type { AgentContext } from './types/context.ts'
import type { Clock } from './types/options.ts'
import type { RevocationQuery, RevocationSource } from './types/revocation.ts'

/** For connections that outlive their request: a signal that aborts when the token's authority ends. */
export interface Leases {
  lease(context: AgentContext): AbortSignal
  close(): void
}

interface Lease {
  readonly controller: AbortController
  query: RevocationQuery
  expiresAt: number
  token: CurrentToken
  /** Of the token. */
  readonly hash: string
  /** The sources that have yet to answer: a slow one is asked once at a time, and no other waits for it. */
  readonly asking: Set<RevocationSource>
}

/**
 * One lease per token for all its streams. Each lease ends with its token, so they cannot pile up. `stands`: whether a
 * request with the token would pass the directory now.
 */
export function createLeases(
  clock: Clock,
  revocation: RevocationSource | undefined,
  contexts: Contexts,
  hookTimeoutMs: number,
  stands: (token: CurrentToken) => MaybePromise<boolean>,
): Leases {
  const leases = new Map<string, Lease>()
  const sources = revocation === undefined ? [] : partsOf(revocation)
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  function lease(context: AgentContext): AbortSignal {
    const token = contexts.tokenOf(context)
    // Contexts that this verifier did not create get an aborted signal.
    if (isClosed || token === undefined) return AbortSignal.abort()
    const known = leases.get(token.hash)
    if (known !== undefined) return renewed(known, token)
    const { hash, revocationQuery: query, claims } = token
    const controller = new AbortController()
    const made: Lease = { controller, query, expiresAt: claims.exp, token, hash, asking: new Set() }
    // Every stream of the token adds a listener, which is no leak that Node should warn of.
    setMaxListeners(0, made.controller.signal)
    if (isPast(made)) made.controller.abort()
    else leases.set(hash, made)
    timer ??= setInterval(checkAll, fixed.leaseCheckMs).unref()
    return made.controller.signal
  }

  /** An issuer that is asked about its tokens may have ended this one sooner, or name other parties in it, since then. */
  function renewed(lease: Lease, token: CurrentToken): AbortSignal {
    lease.token = token
    lease.query = token.revocationQuery
    lease.expiresAt = Math.min(lease.expiresAt, token.claims.exp)
    if (isPast(lease)) end(lease)
    return lease.controller.signal
  }

  function checkAll(): void {
    for (const lease of leases.values()) check(lease)
    if (leases.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  function check(lease: Lease): void {
    if (isPast(lease)) {
      end(lease)
      return
    }
    // None of them waits for another.
    void andThen(stands(lease.token), (isStanding) => isStanding || end(lease))
    for (const source of sources) if (!lease.asking.has(source)) void ask(lease, source)
  }

  /** A revocation source that cannot tell ends the lease: unknown means refused. */
  function ask(lease: Lease, source: RevocationSource): MaybePromise<void> {
    lease.asking.add(source)
    const asked = settle<unknown>(() => source.isRevoked(lease.query), hookTimeoutMs)
    return andThen(asked, (answer) => {
      lease.asking.delete(source)
      if (answer !== false) end(lease)
    })
  }

  /** May be called twice; a later lease of the same token stays. */
  function end(lease: Lease): void {
    // A late answer may come when the token has a lease anew.
    if (leases.get(lease.hash) === lease) leases.delete(lease.hash)
    lease.controller.abort()
  }

  /** Without tolerance: on an open connection only our own clock counts. */
  function isPast({ expiresAt }: Lease): boolean {
    return !(clock.now() / 1_000 < expiresAt)
  }

  return {
    lease,
    close() {
      isClosed = true
      clearInterval(timer)
      for (const { controller } of leases.values()) controller.abort()
      leases.clear()
    },
  }
}
