import type { Verifier } from '../src/index.ts'

/** The handlers that `agentAuth` made, for the reading of an app's routes. */
const handlers = new WeakMap<object, AgentAuthHandler>()

export interface AgentAuthHandler {
  readonly verifier: Verifier
  /** False in optional mode, which lets requests in without credentials. */
  readonly isStrict: boolean
}

export function declareAgentAuth<T extends object>(handler: T, about: AgentAuthHandler): T {
  handlers.set(handler, about)
  return handler
}

export function agentAuthOf(handler: unknown): AgentAuthHandler | undefined {
  return typeof handler === 'function' ? handlers.get(handler) : undefined
}

/** What stands behind a handler that an APM has wrapped. */
export function unwrapped(handler: unknown): unknown {
  let inner = handler
  for (let depth = 0; depth < 16; depth++) {
    const original = (inner as { __original?: unknown } | undefined)?.__original
    if (typeof original !== 'function') return inner
    inner = original
  }
  return inner
}
