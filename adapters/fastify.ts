import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import type {
  FastifyInstance,
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  RawServerBase,
  RouteGenericInterface,
} from 'fastify'
import fastifyPlugin from 'fastify-plugin'
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
import {
  type AccessRequirement,
  type AccessSummary,
  type AgentContext,
  OptionsError,
  type RequestView,
  type Verifier,
  type VerifierOptions,
} from '../src/index.ts'
import { declareAgentAuth } from './agent-auth-handlers.ts'
import { sendAnswer } from './fastify-answer.ts'
import { collectRoutes, fastifyRoutes, scopesOfFastify } from './fastify-routes.ts'
import { holdRefusal } from './hold-refusal.ts'
import { addHeadersToHead, nodeRequestView } from './node-request.ts'

export { observationOf, wouldRefuseOf } from '../src/adapter/index.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Present behind `agentAuth`; on any other request reading it throws. */
    readonly agentContext: AgentContext
  }
}

export type AgentAuthOptions = (VerifierOptions | { verifier: Verifier }) & AdmissionSettings<FastifyRequest>

/** A request and a reply on HTTP/1 or HTTP/2. */
export type AnyFastifyRequest = FastifyRequest<RouteGenericInterface, RawServerBase>
export interface AnyFastifyReply {
  readonly raw: ServerResponse | Http2ServerResponse
}

/**
 * Refuses, before anything is parsed, every request whose token, sender or delegation does not hold, and puts
 * `request.agentContext` on the others. It guards the scope it is registered in.
 * @example
 * await app.register(agentAuth, { issuer: 'https://as.example.com', resource: 'https://api.example.com' })
 */
export const agentAuth: FastifyPluginAsync<AgentAuthOptions> = fastifyPlugin(guardScope, {
  name: 'onbehalf',
  fastify: '5.x',
})

async function guardScope(app: FastifyInstance, options: AgentAuthOptions): Promise<void> {
  const { optional, onRefusal, authInfo, ...rest } = ownMembers(options)
  const admissions = createAdmissions<FastifyRequest>(
    Object.hasOwn(rest, 'verifier') ? verifierIn(rest) : (rest as unknown as VerifierOptions),
    { optional, onRefusal, authInfo } as AdmissionSettings<FastifyRequest>,
  )
  const { verifier, admit } = admissions
  decorateRequests(app)
  collectRoutes(app)
  if (isRoot(app)) verifier.metadata?.declareServed('guard')
  const scopes = () => scopesOfFastify(app)
  const enter = async (request: FastifyRequest, reply: FastifyReply) =>
    enterFastify(request, await admit(request, viewOfFastify(request), scopes), reply)
  app.addHook('onRequest', declareAgentAuth(enter, { verifier, isStrict: !admissions.optional }))
  app.addHook('onReady', async () => {
    const problems = verifier.checkRoutes(fastifyRoutes(app).filter((route) => route.verifier === verifier))
    if (problems.length > 0) throw new OptionsError(problems)
  })
}

/**
 * Looks at every request beside the guard that the app has today, and tells the audit what `agentAuth` with these options
 * would refuse and why. It refuses nothing, does not authenticate and never waits: the request goes on at once. It sees the
 * requests of the scope it is registered in. Registration fails for `access`, `reportOnly`, `dpop.replay` and a required
 * audit sink.
 * @example
 * await app.register(observeAgents, { issuer: 'https://as.example.com', resource: 'https://api.example.com', audit: sink })
 */
export const observeAgents: FastifyPluginAsync<VerifierOptions | { verifier: Verifier }> = fastifyPlugin(observeScope, {
  name: 'onbehalf-observe',
  fastify: '5.x',
})

async function observeScope(app: FastifyInstance, options: VerifierOptions | { verifier: Verifier }): Promise<void> {
  const given = ownMembers(options)
  const observe = createObserve<FastifyRequest>(
    Object.hasOwn(given, 'verifier') ? verifierIn(given) : (given as unknown as VerifierOptions),
  )
  app.addHook('onRequest', (request, _reply, done) => {
    observe(request, viewOfFastify)
    done()
  })
}

/**
 * Serves the protected resource metadata (RFC 9728) for an `agentAuth` that stands in a scope, where it never sees the
 * request for them: to be registered on the app itself. It has the scopes of the whole app. Registration fails for a
 * verifier with `metadata: false`.
 * @example
 * await app.register(resourceMetadata, { verifier })
 */
export const resourceMetadata: FastifyPluginAsync<{ verifier: Verifier }> = fastifyPlugin(serveMetadata, {
  name: 'onbehalf-metadata',
  fastify: '5.x',
})

async function serveMetadata(app: FastifyInstance, options: { verifier: Verifier }): Promise<void> {
  const answerDocument = createResourceMetadata(verifierIn(ownMembers(options)))
  if (!isRoot(app)) {
    throw new OptionsError([
      { path: 'resourceMetadata', message: 'must be registered on the app itself, not in a scope' },
    ])
  }
  collectRoutes(app)
  const scopes = () => scopesOfFastify(app)
  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    const answer = answerDocument(nodeRequestView(request.raw, request.originalUrl), scopes)
    return answerFastify(answer && { kind: 'answered', answer }, reply)
  })
}

/** What a prototype adds is no option. */
function ownMembers(options: object): Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(options)
  if (prototype !== null && prototype !== Object.prototype) {
    throw new OptionsError([{ path: 'options', message: 'must be a plain object' }])
  }
  const own: Record<string, unknown> = Object.assign(Object.create(null), options)
  if ('prefix' in own) {
    const message = 'has no meaning here: register the plugin inside app.register(async (scope) => …, { prefix })'
    throw new OptionsError([{ path: 'prefix', message }])
  }
  return own
}

/** Inherited by the scopes below, as the request's decorator is. */
const isDecorated = Symbol('agentContext')

function decorateRequests(app: FastifyInstance): void {
  if (app.hasDecorator(isDecorated)) return
  if (app.hasRequestDecorator('agentContext')) {
    throw new OptionsError([{ path: 'agentContext', message: 'is a request decorator of another plugin already' }])
  }
  app.decorateRequest('agentContext', { getter: readContext })
  app.decorate(isDecorated, true)
}

/** Hooks of the root alone run for a URL that no route has. Scopes inherit from it. */
function isRoot(app: FastifyInstance): boolean {
  return !('register' in Object(Object.getPrototypeOf(app)))
}

/** A verifier has its options already. */
function verifierIn({ verifier, ...rest }: Readonly<Record<string, unknown>>): Verifier {
  const problems = Object.keys(rest).map((path) => ({ path, message: 'has no meaning beside verifier' }))
  if (typeof (verifier as Partial<Verifier> | undefined)?.checkNow !== 'function') {
    problems.push({ path: 'verifier', message: 'must be made by createVerifier()' })
  }
  if (problems.length > 0) throw new OptionsError(problems)
  return verifier as Verifier
}

/**
 * What this route asks for, beyond `agentAuth`: as `onRequest`, so that a caller without the scope hears that and not the
 * schema's complaint; as `preHandler` where a rule needs the parsed body.
 * @example
 * app.get('/tools', { onRequest: requireAccess({ scopes: ['tools:read'] }) }, handler)
 */
export function requireAccess<R extends AnyFastifyRequest = AnyFastifyRequest>(
  requirement: AccessRequirement<R>,
): (request: NoInfer<R>, reply: AnyFastifyReply) => Promise<unknown> {
  const guard = createRouteGuard<R>(requirement)
  return declareRouteGuard(async function requireAccess(request: R, reply: AnyFastifyReply) {
    return answerFastify(await guard.judge(request), reply)
  }, guard.requirement)
}

/**
 * What every route registered after `agentAuth` asks for beyond the baseline; with a context, whether it may come in. To be
 * asked when the app is ready.
 */
export function accessSummary(
  app: { readonly server: object },
  context?: AgentContext,
  now: () => number = Date.now,
): AccessSummary {
  return summarizeRoutes(fastifyRoutes(app), context, now())
}

/** The context, or undefined where the request was let in without credentials. */
export function agentContextOf(request: AnyFastifyRequest): AgentContext | undefined {
  return contextOf(request)
}

function enterFastify(request: FastifyRequest, entry: Entry, reply: FastifyReply): FastifyReply | undefined {
  if (entry.kind === 'admitted' && entry.authInfo !== undefined) assignAuthInfo(request.raw, entry.authInfo)
  return answerFastify(entry, reply)
}

function answerFastify(entry: Entry | undefined, anyReply: AnyFastifyReply): FastifyReply | undefined {
  // On HTTP/2 the same by all that is used of it.
  const reply = anyReply as FastifyReply
  if (entry?.kind === 'admitted' || entry?.kind === 'anonymous') addHeadersToHead(reply.raw, entry.headers)
  if (entry?.kind === 'handed over') {
    holdRefusal(reply.raw, entry.error)
    throw entry.error
  }
  return entry?.kind === 'answered' ? sendAnswer(reply, entry.answer) : undefined
}

function viewOfFastify(request: FastifyRequest): RequestView {
  return nodeRequestView(request.raw, request.originalUrl, request.method, () => request.routeOptions.url)
}

function readContext(this: FastifyRequest): AgentContext {
  const context = contextOf(this)
  if (context === undefined) throw new Error('No agentAuth admitted this request: read agentContextOf(request) instead')
  return context
}
