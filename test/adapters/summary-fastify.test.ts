import fastify, { type FastifyRequest } from 'fastify'
import { accessSummary, agentAuth, requireAccess } from 'onbehalf/fastify'
import { beforeAll, expect, test } from 'vitest'
import { createGuardedApp, injectAs, statusAndCode } from '../support/fastify.ts'
import { createKit, type Kit } from '../support/kit.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

const answer = async (_request: FastifyRequest) => ''

function linesOf(summary: ReturnType<typeof accessSummary>): readonly string[] {
  return summary.routes.map(({ method, path, requirements, open }) => {
    return [method, path, ...requirements.map((item) => JSON.stringify(item)), ...(open ? ['open'] : [])].join(' ')
  })
}

test('accessSummary: every route with its method, full path and requirement, wherever the guard stands', async () => {
  const app = fastify({ exposeHeadRoutes: false })
  await app.register(agentAuth, kit.options)
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((scope) => requireAccess({ scopes: [scope] })) as [
    Guard,
    Guard,
    Guard,
    Guard,
  ]
  app.get('/tools', { onRequest: a }, answer)
  app.route({ method: ['PUT', 'DELETE'], url: '/tools', preParsing: b, handler: answer })
  app.post('/tools', { onRequest: [a, b], preValidation: c, preHandler: [d] }, answer)
  await app.register(async (scope) => void scope.get('/me', answer), { prefix: '/api/v1' })
  await app.ready()
  expect(linesOf(accessSummary(app))).toEqual([
    'GET /tools {"scopes":["a"]}',
    'PUT /tools {"scopes":["b"]}',
    'DELETE /tools {"scopes":["b"]}',
    'POST /tools {"scopes":["a"]} {"scopes":["b"]} {"scopes":["c"]} {"scopes":["d"]}',
    'GET /api/v1/me',
  ])
})

type Guard = ReturnType<typeof requireAccess>

test('accessSummary: the HEAD route Fastify makes asks for what its GET does', async () => {
  const app = await createGuardedApp(kit.options)
  app.get('/tools', { onRequest: requireAccess({ scopes: ['a'] }) }, answer)
  await app.ready()
  expect(linesOf(accessSummary(app))).toEqual(['GET /tools {"scopes":["a"]}', 'HEAD /tools {"scopes":["a"]}'])
  const headers = await kit.credentials('HEAD', '/tools')
  expect((await app.inject({ method: 'HEAD', url: '/tools', headers })).statusCode).toBe(403)
})

test('accessSummary: a guard on a scope holds for its routes and those below, and not beside it', async () => {
  const app = fastify({ exposeHeadRoutes: false })
  await app.register(agentAuth, kit.options)
  await app.register(
    async (scope) => {
      scope.addHook('onRequest', requireAccess({ scopes: ['admin'] }))
      scope.get('/users', answer)
      await scope.register(async (inner) => void inner.get('/deep', answer), { prefix: '/more' })
    },
    { prefix: '/admin' },
  )
  app.get('/tools', answer)
  await app.ready()
  const lines = linesOf(accessSummary(app))
  expect(lines).toEqual([
    'GET /admin/users {"scopes":["admin"]}',
    'GET /admin/more/deep {"scopes":["admin"]}',
    'GET /tools',
  ])
  expect(statusAndCode(await injectAs(kit, app, '/admin/more/deep'))).toEqual([403, 'scope_missing'])
  expect(statusAndCode(await injectAs(kit, app, '/tools'))).toEqual([200, undefined])
})

test('accessSummary: behind an optional agentAuth a route without a requirement is open', async () => {
  const app = fastify({ exposeHeadRoutes: false })
  await app.register(agentAuth, { ...kit.options, optional: true })
  app.get('/catalog', answer)
  app.get('/orders', { onRequest: requireAccess({ scopes: ['orders'] }) }, answer)
  await app.register(async (scope) => {
    await scope.register(agentAuth, kit.options)
    scope.get('/account', answer)
  })
  await app.ready()
  expect(linesOf(accessSummary(app))).toEqual([
    'GET /catalog open',
    'GET /orders {"scopes":["orders"]}',
    'GET /account',
  ])
})

test('accessSummary: registered in a scope and again below, a route is named once', async () => {
  const app = fastify({ exposeHeadRoutes: false })
  await app.register(agentAuth, kit.options)
  await app.register(async (scope) => {
    await scope.register(agentAuth, kit.options)
    scope.get('/tools', answer)
  })
  await app.ready()
  expect(linesOf(accessSummary(app))).toEqual(['GET /tools'])
})

test('RFC 9728 §2: scopes_supported is collected per app, hidden ones left out, whichever scope asks', async () => {
  const app = await createGuardedApp(kit.options)
  app.get('/tools', { onRequest: requireAccess({ scopes: ['tools:read'] }) }, answer)
  app.get('/secret', { onRequest: requireAccess({ scopes: ['secret'], hidden: true }) }, answer)
  await app.register(async (scope) => {
    scope.addHook('onRequest', requireAccess({ anyScope: ['admin'] }))
    scope.get('/admin', answer)
  })
  const other = await createGuardedApp(kit.options)
  other.get('/x', { onRequest: requireAccess({ scopes: ['x'] }) }, answer)
  const scopesAt = async (server: typeof app) => {
    const response = await server.inject('/.well-known/oauth-protected-resource')
    return response.json<{ scopes_supported?: unknown }>().scopes_supported
  }
  expect(await scopesAt(app)).toEqual(['tools:read', 'admin'])
  expect(await scopesAt(other)).toEqual(['x'])
})

test('accessSummary: an app that has no agentAuth has nothing to say', () => {
  expect(accessSummary(fastify()).routes).toEqual([])
})
