import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type AdmissionSettings,
  assignAuthInfo,
  contextOf,
  createAdmissions,
  createObserve,
  createResourceMetadata,
  createRouteGuard,
  declareRouteGuard,
  type Entry,
  summarizeRoutes,
} from '../src/adapter/index.ts'
import type {
  AccessRequirement,
  AccessSummary,
  AgentContext,
  RequestView,
  Verifier,
  VerifierOptions,
} from '../src/index.ts'
import { declareAgentAuth } from './agent-auth-handlers.ts'
import { type ExpressApp, expressRoutes, scopesOfExpress } from './express-routes.ts'
import { holdRefusal, withholdContext } from './hold-refusal.ts'
import { addHeadersToHead, nodeRequestView, writeAnswer } from './node-request.ts'

export { observationOf, wouldRefuseOf } from '../src/adapter/index.ts'

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
  /** Set by `method-override`. */
  originalMethod?: string
  baseUrl?: string
  /** Set while a route handles the request. */
  route?: { readonly path?: unknown }
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
  settings?: AdmissionSettings<R>,
): ExpressHandler<R> {
  const { verifier, optional, admit } = createAdmissions<R>(optionsOrVerifier, settings)
  const checkApp = createAppCheck(verifier)
  const handler: ExpressHandler<R> = function agentAuth(request, response, next) {
    const { app } = request
    if (app !== undefined) checkApp(app)
    if (isAtRoot(request)) verifier.metadata?.declareServed('guard')
    answerExpress(
      admit(request, viewOfExpress(request), () => scopesOfExpress(app)),
      request,
      response,
      next,
    )
  }
  return declareAgentAuth(handler, { verifier, isStrict: !optional })
}

/**
 * Looks at every request beside the guard that the app has today, and tells the audit what `agentAuth` with these options
 * would refuse and why. It refuses nothing, does not authenticate and never waits: the request goes on at once. Throws
 * OptionsError for `access`, `reportOnly`, `dpop.replay` and a required audit sink.
 * @example
 * app.use(observeAgents({ issuer: 'https://as.example.com', resource: 'https://api.example.com', audit: sink }))
 */
export function observeAgents<R extends ExpressRequest = ExpressRequest>(
  optionsOrVerifier: VerifierOptions | Verifier,
): ExpressHandler<R> {
  const observe = createObserve<R>(optionsOrVerifier)
  return function observeAgents(request, _response, next) {
    observe(request, viewOfExpress)
    next()
  }
}

/**
 * Serves the protected resource metadata (RFC 9728) for an `agentAuth` that stands on a path or a route, where it never
 * sees the request for them: to be mounted without a path. It has the scopes of the whole app. Throws OptionsError for a
 * verifier with `metadata: false`.
 * @example
 * app.use(resourceMetadata(verifier))
 */
export function resourceMetadata(verifier: Verifier): ExpressHandler {
  const answerDocument = createResourceMetadata(verifier)
  const checkApp = createAppCheck(verifier)
  return function resourceMetadata(request, response, next) {
    const { app } = request
    if (app !== undefined) checkApp(app)
    const answer = answerDocument(viewOfExpress(request), () => scopesOfExpress(app))
    if (answer === undefined) next()
    else writeAnswer(response, answer)
  }
}

/** As the client sent it, before mounts and `method-override`. */
function viewOfExpress(request: ExpressRequest): RequestView {
  return nodeRequestView(
    request,
    request.originalUrl ?? request.url ?? '',
    request.originalMethod ?? request.method,
    routePattern,
  )
}

/** In `app.use()` without a path, so that every request gets here; a connect app has no `baseUrl`. */
function isAtRoot({ baseUrl, route, originalUrl, url }: ExpressRequest): boolean {
  if (route !== undefined) return false
  return baseUrl === undefined ? originalUrl === undefined || originalUrl === url : baseUrl === ''
}

/** Judges the party rules of an app's routes when its first request arrives, because only then the app is known. */
function createAppCheck(verifier: Verifier): (app: ExpressApp) => void {
  const checked = new WeakSet<ExpressApp>()
  return function checkApp(app) {
    if (checked.has(app)) return
    checked.add(app)
    verifier.checkRoutes(expressRoutes(app).filter((route) => route.verifier === verifier))
  }
}

/**
 * Judges the request by this route's requirement, after `agentAuth` has admitted it; a request that no `agentAuth` has seen
 * ends as a 500. It uses agentAuth's stored result; changing `req.agentContext` has no effect. Throws OptionsError for a
 * wrong requirement. A rule whose issuer the verifier does not have is found at the app's first request, and every request
 * of the route is then a 500.
 * @example
 * app.get('/tools', requireAccess({ scopes: ['tools:read'] }), handler)
 */
export function requireAccess<R extends ExpressRequest = ExpressRequest>(
  requirement: AccessRequirement<R>,
): ExpressHandler<R> {
  const guard = createRouteGuard<R>(requirement)
  return declareRouteGuard<ExpressHandler<R>>(function requireAccess(request, response, next) {
    let entry: ReturnType<typeof guard.judge>
    try {
      entry = guard.judge(request)
    } catch (error) {
      next(error)
      return
    }
    answerExpress(entry, request, response, next)
  }, guard.requirement)
}

/**
 * What every route of an Express app asks for beyond the baseline; with a context, whether it may come in. Routes of mounted
 * sub-apps are not seen. Made from the routes registered so far.
 */
export function accessSummary(app: ExpressApp, context?: AgentContext, now: () => number = Date.now): AccessSummary {
  return summarizeRoutes(expressRoutes(app), context, now())
}

/** The context, or undefined where the request was let in without credentials. */
export function agentContextOf(request: ExpressRequest): AgentContext | undefined {
  return contextOf(request)
}

function answerExpress(
  entry: Entry | undefined | Promise<Entry | undefined>,
  request: ExpressRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
): void {
  if (entry instanceof Promise) {
    entry.then((late) => answerExpress(late, request, response, next)).catch(next)
    return
  }
  if (entry?.kind === 'answered') {
    writeAnswer(response, entry.answer)
    return
  }
  if (entry?.kind === 'admitted') {
    if (entry.authInfo !== undefined) assignAuthInfo(request, entry.authInfo)
    setContext(request, { value: entry.context })
  }
  if (entry?.kind === 'anonymous') setContext(request, { get: failWithoutContext })
  if (entry?.kind === 'admitted' || entry?.kind === 'anonymous') addHeadersToHead(response, entry.headers)
  if (entry?.kind === 'handed over') {
    withholdContext(request)
    holdRefusal(response, entry.error)
  }
  next(entry?.kind === 'handed over' ? entry.error : undefined)
}

function setContext(request: ExpressRequest, property: PropertyDescriptor): void {
  Object.defineProperty(request, 'agentContext', { configurable: true, enumerable: false, ...property })
}

/** The mount path is the one of this request: Express does not tell its pattern. */
function routePattern({ baseUrl = '', route }: ExpressRequest): string | undefined {
  return typeof route?.path === 'string' ? baseUrl + route.path : undefined
}

function failWithoutContext(): never {
  throw new Error('This request came without credentials: read agentContextOf(request) in optional mode')
}
