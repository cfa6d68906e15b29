import { createRequire } from 'node:module'
import express5, { type ErrorRequestHandler, type RequestHandler, type Router } from 'express'
import { createVerifier } from 'onbehalf'
import { agentAuth, agentContextOf, requireAccess } from 'onbehalf/express'
import { type AppSpec, type Door, handed, type RouteSpec, reached } from '../app.ts'
import { askTcp } from '../wire.ts'
import { listen, serverFor, shut } from './server.ts'

type Framework = typeof express5

export const express5Door: Door = expressDoor('Express 5', express5)
/** It has no types of its own. */
export const express4Door: Door = expressDoor('Express 4', createRequire(import.meta.url)('express4') as Framework)

function expressDoor(name: string, framework: Framework): Door {
  return {
    name,
    traits: [],
    async start(spec) {
      const server = serverFor(spec, build(framework, spec))
      const port = await listen(server)
      return { port, ask: askTcp(port), close: () => shut(server) }
    },
  }
}

function build(framework: Framework, spec: AppSpec): ReturnType<Framework> {
  const app = framework()
  const verifier = createVerifier(spec.options)
  const guards = Array.from({ length: spec.guards ?? 1 }, () => agentAuth(verifier, { onRefusal: spec.onRefusal }))
  if (spec.guardedMount === undefined) for (const guard of guards) app.use(guard)
  for (const mount of new Set(spec.routes.map(({ mount = '' }) => mount))) {
    const router = mount === '' ? app : framework.Router()
    if (mount !== '') app.use(mount, router)
    if (mount !== '' && mount === spec.guardedMount) for (const guard of guards) router.use(guard)
    for (const route of spec.routes) if ((route.mount ?? '') === mount) addRoute(router, route)
  }
  app.use(answerError)
  return app
}

function addRoute(router: Router, route: RouteSpec): void {
  const rules: RequestHandler[] = route.requirement === undefined ? [] : [requireAccess(route.requirement)]
  const handler: RequestHandler = (request, response) => {
    response.json(reached(route, agentContextOf(request)))
  }
  const method = (route.method ?? 'GET').toLowerCase() as 'get' | 'post' | 'options'
  if (route.path.endsWith('/*')) router.use(route.path.slice(0, -2), ...rules, handler)
  else router[method](route.path, ...rules, handler)
}

const answerError: ErrorRequestHandler = (error, _request, response, _next) => {
  const { status, body } = handed(error)
  response.status(status).json(body)
}
