import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import {
  type AdmissionSettings,
  contextOf,
  createAdmissions,
  createRouteGuard,
  declareRouteGuard,
  type Entry,
  scopesOf,
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
import { collectRoutes, fastifyRoutes } from './fastify-routes.ts'
import { addHeadersToHead, nodeRequestView } from './node-request.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Present behind `agentAuth`; on any other request reading it throws. */
    readonly agentContext: AgentContext
  }
}

export type AgentAuthOptions = (VerifierOptions | { verifier: Verifier }) & AdmissionSettings<FastifyRequest>

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
  if ('prefix' in options) {
    const message = 'has no meaning here: register agentAuth inside app.register(async (scope) => …, { prefix })'
    throw new OptionsError([{ path: 'prefix', message }])
  }
  const { optional, onRefusal, ...rest } = options
  const admissions = createAdmissions<FastifyRequest>('verifier' in rest ? verifierIn(rest) : rest, {
    optional,
    onRefusal,
  })
  const { verifier, admit } = admissions
  if (!app.hasRequestDecorator('agentContext')) app.decorateRequest('agentContext', { getter: readContext })
  collectRoutes(app)
  const scopes = () => scopesOf(fastifyRoutes(app))
  const enter = async (request: FastifyRequest, reply: FastifyReply) =>
    answerFastify(await admit(request, viewOf(request), scopes), reply)
  app.addHook('onRequest', declareAgentAuth(enter, { verifier, isStrict: !admissions.optional }))
  app.addHook('onReady', async () => {
    const problems = verifier.checkRoutes(fastifyRoutes(app).filter((route) => route.verifier === verifier))
    if (problems.length > 0) throw new OptionsError(problems)
  })
}

/** A verifier has its options already. */
function verifierIn({ verifier, ...rest }: { verifier: Verifier }): Verifier {
  const problems = Object.keys(rest).map((path) => ({ path, message: 'has no meaning beside verifier' }))
  if (problems.length > 0) throw new OptionsError(problems)
  return verifier
}

/**
 * What this route asks for, beyond `agentAuth`: as `onRequest`, so that a caller without the scope hears that and not the
 * schema's complaint; as `preHandler` where a rule needs the parsed body.
 * @example
 * app.get('/tools', { onRequest: requireAccess({ scopes: ['tools:read'] }) }, handler)
 */
export function requireAccess<R extends FastifyRequest = FastifyRequest>(
  requirement: AccessRequirement<R>,
): (request: NoInfer<R>, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  const guard = createRouteGuard<R>(requirement)
  return declareRouteGuard(async function requireAccess(request: R, reply: FastifyReply) {
    return answerFastify(await guard.judge(request), reply)
  }, guard.requirement)
}

/**
 * What every route registered after `agentAuth` asks for beyond the baseline; with a context, whether it may come in. To be
 * asked when the app is ready.
 */
export function accessSummary(
  app: FastifyInstance,
  context?: AgentContext,
  now: () => number = Date.now,
): AccessSummary {
  return summarizeRoutes(fastifyRoutes(app), context, now())
}

/** The context, or undefined where the request was let in without credentials. */
export function agentContextOf(request: FastifyRequest): AgentContext | undefined {
  return contextOf(request)
}

function answerFastify(entry: Entry | undefined, reply: FastifyReply): FastifyReply | undefined {
  if (entry?.kind === 'admitted') addHeadersToHead(reply.raw, entry.headers)
  if (entry?.kind === 'handed over') {
    addHeadersToHead(reply.raw, entry.error.headers)
    throw entry.error
  }
  if (entry?.kind !== 'answered') return undefined
  const { status, headers, body } = entry.answer
  addHeadersToHead(reply.raw, headers)
  return reply.code(status).headers(Object.fromEntries(headers)).send(body)
}

function viewOf(request: FastifyRequest): RequestView {
  return nodeRequestView(request.raw, request.originalUrl, () => request.routeOptions.url)
}

function readContext(this: FastifyRequest): AgentContext {
  const context = contextOf(this)
  if (context === undefined) throw new Error('No agentAuth admitted this request: read agentContextOf(request) instead')
  return context
}
