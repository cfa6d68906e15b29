import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type AccessRequirement,
  type AccessSummary,
  type AgentContext,
  contextOf,
  createDoor,
  createGuard,
  type DoorSettings,
  declareGuard,
  type Entry,
  scopesOf,
  summarize,
  type Verifier,
  type VerifierOptions,
} from '../src/index.ts'
import { type ExpressApp, routesOf } from './express-routes.ts'
import { oweHeaders, viewOf, writeAnswer } from './node-request.ts'
import { declareDoor } from './strict-guards.ts'

declare global {
  namespace Express {
    interface Request {
      /** Present behind `agentAuth`; where a request was let in without credentials, reading it throws. */
      readonly agentContext: AgentContext
    }
  }
}

/** An Express request, version 4 or 5, or any connect-like one. */
export interface ExpressRequest extends IncomingMessage {
  originalUrl?: string
  app?: ExpressApp
}

export type ExpressHandler<R extends ExpressRequest = ExpressRequest> = (
  request: R,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

/**
 * The one line: refuses every request whose token, sender or delegation does not hold, and puts `req.agentContext` on the
 * others. It does not answer CORS preflights (put `cors()` before it) and never sees upgrades.
 * @example
 * app.use(agentAuth({ issuer: 'https://as.example.com', resource: 'https://api.example.com' }))
 */
export function agentAuth<R extends ExpressRequest = ExpressRequest>(
  optionsOrVerifier: VerifierOptions | Verifier,
  settings?: DoorSettings<R>,
): ExpressHandler<R> {
  const door = createDoor<R>(optionsOrVerifier, settings)
  const handler: ExpressHandler<R> = function agentAuth(request, response, next) {
    const view = viewOf(request, request.originalUrl ?? request.url ?? '')
    const scopes = () => (request.app === undefined ? [] : scopesOf(routesOf(request.app)))
    act(door.enter(request, view, scopes), request, response, next)
  }
  return settings?.optional === true ? handler : declareDoor(handler)
}

/**
 * What this route asks for, beyond `agentAuth` before it. A request that no `agentAuth` has seen ends as a 500. It judges
 * what `agentAuth` found, never the property.
 * @example
 * app.get('/tools', requireAccess({ scopes: ['tools:read'] }), handler)
 */
export function requireAccess<R extends ExpressRequest = ExpressRequest>(
  requirement: AccessRequirement<R>,
): ExpressHandler<R> {
  const guard = createGuard<R>(requirement)
  return declareGuard<ExpressHandler<R>>(function requireAccess(request, response, next) {
    let entry: ReturnType<typeof guard>
    try {
      entry = guard(request)
    } catch (error) {
      next(error)
      return
    }
    act(entry, request, response, next)
  }, requirement)
}

/**
 * What every route of an Express app asks for beyond the floor; with a context, whether it may come in. Routes of mounted
 * sub-apps are not seen. Made from the routes registered so far.
 */
export function accessSummary(app: ExpressApp, context?: AgentContext, now: () => number = Date.now): AccessSummary {
  return summarize(routesOf(app), context, now())
}

/** The context, or undefined where the request was let in without credentials. */
export function agentContextOf(request: ExpressRequest): AgentContext | undefined {
  return contextOf(request)
}

function act(
  entry: Entry | undefined | Promise<Entry | undefined>,
  request: ExpressRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
): void {
  if (entry instanceof Promise) {
    entry.then((late) => act(late, request, response, next)).catch(next)
    return
  }
  if (entry?.kind === 'answered') {
    writeAnswer(response, entry.answer)
    return
  }
  if (entry?.kind === 'admitted') {
    setContext(request, { value: entry.context })
    oweHeaders(response, entry.headers)
  }
  if (entry?.kind === 'anonymous') setContext(request, { get: failWithoutContext })
  if (entry?.kind === 'handed over') oweHeaders(response, entry.error.headers)
  next(entry?.kind === 'handed over' ? entry.error : undefined)
}

function setContext(request: ExpressRequest, property: PropertyDescriptor): void {
  Object.defineProperty(request, 'agentContext', { configurable: true, enumerable: false, ...property })
}

function failWithoutContext(): never {
  throw new Error('This request came without credentials: read agentContextOf(request) in optional mode')
}
