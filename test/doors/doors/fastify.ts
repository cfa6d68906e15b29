import type { RequestListener } from 'node:http'
import fastify, { type FastifyInstance } from 'fastify'
import { createVerifier } from 'onbehalf'
import { agentAuth, agentContextOf, requireAccess } from 'onbehalf/fastify'
import { type AppSpec, type Door, handed, type RouteSpec, reached } from '../app.ts'
import { askTcp } from '../wire.ts'
import { askHttp2 } from '../wire-http2.ts'
import { joinFields, listen, serverFor } from './server.ts'

export const fastifyDoor: Door = {
  name: 'Fastify',
  traits: ['fastify router'],
  async start(spec) {
    const app = fastify({ serverFactory: (handler) => serverFor(spec, handler as RequestListener) })
    await build(app, spec)
    const port = await listen(app.server)
    const close = () => {
      app.server.closeAllConnections()
      return app.close()
    }
    return { port, ask: askTcp(port), close }
  },
}

export const fastifyHttp2Door: Door = {
  name: 'Fastify on HTTP/2',
  traits: ['http2', 'fastify router'],
  async start(spec) {
    const app = fastify({ http2: true })
    // Before Fastify's own listener, which reads the fields.
    if (spec.isServerless) app.server.prependListener('request', joinFields)
    await build(app as unknown as FastifyInstance, spec)
    const port = await listen(app.server)
    return { port, ask: askHttp2(port), close: () => app.close() }
  },
}

async function build(app: FastifyInstance, spec: AppSpec): Promise<void> {
  const verifier = createVerifier(spec.options)
  const guards = spec.guards ?? 1
  const guard = async (scope: FastifyInstance) => {
    for (let at = 0; at < guards; at++) await scope.register(agentAuth, { verifier, onRefusal: spec.onRefusal })
  }
  app.setErrorHandler((error, _request, reply) => {
    const { status, body } = handed(error)
    return reply.code(status).send(body)
  })
  if (spec.guardedMount === undefined) await guard(app)
  for (const mount of new Set(spec.routes.map(({ mount = '' }) => mount))) {
    const addRoutes = async (scope: FastifyInstance) => {
      if (mount !== '' && mount === spec.guardedMount) await guard(scope)
      for (const route of spec.routes) if ((route.mount ?? '') === mount) addRoute(scope, route)
    }
    if (mount === '') await addRoutes(app)
    else await app.register(addRoutes, { prefix: mount })
  }
  await app.ready()
}

function addRoute(scope: FastifyInstance, route: RouteSpec): void {
  const rules = route.requirement === undefined ? {} : { onRequest: requireAccess(route.requirement) }
  const isWildcard = route.path.endsWith('/*')
  scope.route({
    method: isWildcard ? scope.supportedMethods : (route.method ?? 'GET'),
    url: route.path,
    ...rules,
    handler: async (request) => reached(route, agentContextOf(request)),
  })
}
