import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
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
  type GuardedRoute,
  type HeaderList,
  OptionsError,
  requirementOf,
  scopesOf,
  summarize,
  type Verifier,
  type VerifierOptions,
} from '../src/index.ts'
import { mergeExposed, viewOf } from './node-request.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Present behind `agentAuth`; on any other request reading it throws. */
    readonly agentContext: AgentContext
  }
}

export type AgentAuthOptions = (VerifierOptions | { verifier: Verifier }) & DoorSettings<FastifyRequest>

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
  const door = createDoor<FastifyRequest>('verifier' in rest ? rest.verifier : rest, { optional, onRefusal })
  if (!app.hasRequestDecorator('agentContext')) app.decorateRequest('agentContext', { getter: readContext })
  const routes = collectRoutes(app)
  const scopes = () => scopesOf(routes)
  app.addHook('onRequest', async (request, reply) => {
    return act(await door.enter(request, viewOf(request.raw, request.originalUrl), scopes), request, reply)
  })
  app.addHook('onSend', async (request, reply) => {
    const headers = owed.get(request)
    if (headers === undefined) return
    for (const [name, value] of headers) reply.header(name, value)
    expose(reply, headers)
  })
}

/**
 * What this route asks for, beyond `agentAuth`: as `onRequest`, so that a caller without the scope hears that and not the
 * schema's complaint; as `preHandler` where a rule needs the parsed body.
 * @example
 * app.get('/tools', { onRequest: requireAccess({ scopes: ['tools:read'] }) }, handler)
 */
export function requireAccess(
  requirement: AccessRequirement<FastifyRequest>,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  const guard = createGuard<FastifyRequest>(requirement)
  return declareGuard(async function requireAccess(request: FastifyRequest, reply: FastifyReply) {
    return act(await guard(request), request, reply)
  }, requirement)
}

/** What every route registered after `agentAuth` asks for; with a context, whether it may come in. */
export function accessSummary(
  app: FastifyInstance,
  context?: AgentContext,
  now: () => number = Date.now,
): AccessSummary {
  return summarize(collected.get(app.server) ?? [], context, now())
}

/** The context, or undefined where the request was let in without credentials. */
export function agentContextOf(request: FastifyRequest): AgentContext | undefined {
  return contextOf(request)
}

/** By server: scopes of one app share it, two apps do not. */
const collected = new WeakMap<object, GuardedRoute[]>()

function collectRoutes(app: FastifyInstance): readonly GuardedRoute[] {
  const known = collected.get(app.server) ?? []
  collected.set(app.server, known)
  app.addHook('onRoute', ({ method, url, onRequest, preHandler }) => {
    const requirements = [onRequest, preHandler].flat().flatMap((hook) => requirementOf(hook) ?? [])
    for (const name of [method].flat()) {
      const isAgain = known.some((route) => route.method === name && route.path === url)
      if (!isAgain) known.push({ method: name, path: url, requirements })
    }
  })
  return known
}

/** Written when the answer is sent, over whatever the handler and CORS hooks have set. */
const owed = new WeakMap<FastifyRequest, HeaderList>()

function act(entry: Entry | undefined, request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  if (entry?.kind === 'admitted' && entry.headers.length > 0) owed.set(request, entry.headers)
  if (entry?.kind === 'handed over') {
    owed.set(request, entry.error.headers)
    throw entry.error
  }
  if (entry?.kind !== 'answered') return undefined
  const { status, headers, body } = entry.answer
  reply.code(status)
  for (const [name, value] of headers) reply.header(name, value)
  expose(reply, headers)
  return reply.send(body)
}

function expose(reply: FastifyReply, headers: HeaderList): void {
  const exposed = mergeExposed(reply.getHeader('Access-Control-Expose-Headers'), headers)
  if (exposed !== undefined) reply.header('Access-Control-Expose-Headers', exposed)
}

function readContext(this: FastifyRequest): AgentContext {
  const context = contextOf(this)
  if (context === undefined) throw new Error('No agentAuth admitted this request: read agentContextOf(request) instead')
  return context
}
