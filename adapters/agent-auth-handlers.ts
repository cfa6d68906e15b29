import { type GuardedRoute, operationsOf, requirementOf } from '../src/adapter/index.ts'
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

/** What the handlers that a route passes ask for together; each unwrapped. */
export function guardsAmong(handlers: readonly unknown[]): Omit<GuardedRoute, 'method' | 'path' | 'unclear'> {
  const requirements = handlers.flatMap((handler) => requirementOf(handler) ?? [])
  const operations = handlers.flatMap((handler) => operationsOf(handler) ?? [])
  const admissions = handlers.flatMap((handler) => agentAuthOf(handler) ?? [])
  const isGuarded = operations.length > 0 || requirements.some(({ isReported }) => !isReported)
  const isOpen = !isGuarded && !admissions.some(({ isStrict }) => isStrict)
  return {
    requirements,
    ...(operations.length > 0 && { operations }),
    verifier: admissions.at(-1)?.verifier,
    ...(isOpen && { open: true as const }),
  }
}
