import express5, { type Request, type RequestHandler } from 'express'
import { accessSummary, agentAuth, requireAccess } from 'onbehalf/express'
import { beforeAll, describe, expect, test } from 'vitest'
import { frameworks } from '../support/express.ts'
import { createKit, type Kit } from '../support/kit.ts'
import { serve } from '../support/servers.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

const answer: RequestHandler = (_req, res) => void res.end()

function linesOf(summary: ReturnType<typeof accessSummary>): readonly string[] {
  return summary.routes.map(({ method, path, requirements, open }) => {
    return [method, path, ...requirements.map((item) => JSON.stringify(item)), ...(open ? ['open'] : [])].join(' ')
  })
}

describe.each(frameworks)('%s', (_name, express) => {
  test('accessSummary: every route with its method and requirement, in the order of the app', () => {
    const app = express()
    app.use(agentAuth(kit.options))
    app.get('/tools', requireAccess({ scopes: ['tools:read'] }), answer)
    app.post('/tools', requireAccess({ scopes: ['tools:write'] }), requireAccess({ authority: 'delegated' }), answer)
    app.get('/me', answer)
    app
      .route('/jobs/:id')
      .all(requireAccess({ scopes: ['jobs'] }))
      .delete(answer)
    expect(linesOf(accessSummary(app))).toEqual([
      'GET /tools {"scopes":["tools:read"]}',
      'POST /tools {"scopes":["tools:write"]} {"authority":"delegated"}',
      'GET /me',
      'ALL /jobs/:id {"scopes":["jobs"]}',
      'DELETE /jobs/:id {"scopes":["jobs"]}',
    ])
  })

  test('accessSummary: a route that stands before agentAuth, or behind an optional one, is open', () => {
    const app = express()
    app.get('/health', answer)
    app.get('/own', agentAuth(kit.options), answer)
    app.use(agentAuth(kit.options, { optional: true }))
    app.get('/catalog', answer)
    app.get('/orders', requireAccess({ scopes: ['orders'] }), answer)
    app.use(agentAuth(kit.options))
    app.get('/account', answer)
    const lines = linesOf(accessSummary(app))
    expect(lines).toEqual([
      'GET /health open',
      'GET /own',
      'GET /catalog open',
      'GET /orders {"scopes":["orders"]}',
      'GET /account',
    ])
    expect(accessSummary(app).toMarkdown()).toContain('| GET | `/health` | nothing |')
  })

  test('accessSummary: a guard without a path holds for what follows it, there and in the routers below', () => {
    const app = express()
    const inner = express.Router()
    inner.get('/in', answer)
    app.use(agentAuth(kit.options))
    app.get('/before', answer)
    app.use(requireAccess({ scopes: ['all'] }))
    app.use(inner)
    app.get('/after', answer)
    expect(linesOf(accessSummary(app))).toEqual([
      'GET /before',
      'GET /in {"scopes":["all"]}',
      'GET /after {"scopes":["all"]}',
    ])
  })

  test('accessSummary: a guard on the path of a router holds for its routes', async () => {
    const app = express()
    const admin = express.Router()
    admin.get('/users', answer)
    app.use(agentAuth(kit.options))
    app.use('/admin', requireAccess({ scopes: ['admin'] }), admin)
    app.use('/other', admin)
    const routes = linesOf(accessSummary(app))
    expect(routes.filter((line) => line.includes('/users')).map((line) => line.includes('admin"'))).toEqual([
      true,
      false,
    ])
    const send = await serve(app)
    const statusAt = async (path: string) => (await send(path, { headers: await kit.credentials('GET', path) })).status
    expect([await statusAt('/admin/users'), await statusAt('/other/users')]).toEqual([403, 200])
  })

  test('accessSummary: it is data, and making it changes nothing', async () => {
    const app = express()
    app.use(agentAuth(kit.options))
    app.get('/tools/:name', requireAccess({ scopes: ['tools:read'] }), (req, res) => void res.json(req.params))
    const first = accessSummary(app)
    expect(JSON.parse(JSON.stringify(first.routes))).toEqual(first.routes)
    expect(accessSummary(app).routes).toEqual(first.routes)
    const headers = await kit.credentials('GET', '/tools/mail', { token: { scopes: ['tools:read'] } })
    expect(JSON.parse((await (await serve(app))('/tools/mail', { headers })).text)).toEqual({ name: 'mail' })
  })
})

test('accessSummary: Express 5 tells the mount prefix, each of several', () => {
  const app = express5()
  const [outer, inner] = [express5.Router(), express5.Router()]
  inner.get('/tools', requireAccess({ scopes: ['tools:read'] }), answer)
  outer.use('/v1', inner)
  app.use(agentAuth(kit.options))
  app.use('/api', outer)
  app.use(['/a', '/b'], inner)
  app.get(['/x', '/y'], answer)
  expect(accessSummary(app).routes.map(({ path }) => path)).toEqual([
    '/api/v1/tools',
    '/a/tools',
    '/b/tools',
    '/x',
    '/y',
  ])
})

test('accessSummary: a prefix the router keeps to itself is `?`, never guessed', () => {
  const express4 = frameworks[1]?.[1] ?? express5
  const inner = express4.Router()
  inner.get('/tools', answer)
  const four = express4()
  four.use(agentAuth(kit.options))
  four.use('/api', inner)
  expect(accessSummary(four).routes.map(({ path }) => path)).toEqual(['?/tools'])
  const five = express5()
  const tools = express5.Router()
  tools.get('/tools', answer)
  five.use(/^\/v\d+/, tools)
  expect(accessSummary(five).routes.map(({ path }) => path)).toEqual(['?/tools'])
})

test('accessSummary: a guard on a path of Express 5 holds where that path covers the route', () => {
  const app = express5()
  const users = express5.Router()
  users.get('/:id', answer)
  app.use(agentAuth(kit.options))
  app.use('/admin', requireAccess({ scopes: ['admin'] }))
  app.use('/admin/users', requireAccess({ scopes: ['users'] }))
  app.get('/administrators', answer)
  app.get('/admin', answer)
  app.use('/admin/users', users)
  const summary = accessSummary(app)
  expect(linesOf(summary)).toEqual([
    'ALL /admin/* {"scopes":["admin"]}',
    'ALL /admin/users/* {"scopes":["users"]}',
    'GET /administrators',
    'GET /admin {"scopes":["admin"]}',
    'GET /admin/users/:id {"scopes":["admin"]} {"scopes":["users"]}',
  ])
})

test('accessSummary: predicates by name, everything else as it is', () => {
  const app = express5()
  const isOurs = () => true
  app.use(agentAuth(kit.options))
  app.post(
    '/trips',
    requireAccess<Request>({
      actor: isOurs,
      principal: { kind: 'human', subject: ['alice', 'bob'] },
      pair: () => true,
      details: {
        type: 'trip',
        allows: function withinBudget() {
          return true
        },
      },
      where: { name: 'the trip is open', test: () => true },
      maxDepth: 2,
      acr: ['urn:example:mfa'],
    }),
    answer,
  )
  expect(accessSummary(app).routes[0]?.requirements).toEqual([
    {
      actor: 'isOurs()',
      principal: { kind: 'human', subject: ['alice', 'bob'] },
      pair: 'pair()',
      details: { type: 'trip', allows: 'withinBudget()' },
      where: 'the trip is open()',
      maxDepth: 2,
      acr: ['urn:example:mfa'],
    },
  ])
})

test('accessSummary: as a Markdown table, whatever stands in the names', () => {
  const app = express5()
  app.use(agentAuth(kit.options))
  app.get('/tools', requireAccess({ scopes: ['tools:read'], authority: 'delegated' }), answer)
  app.get('/odd', requireAccess({ where: { name: 'a | b\nc', test: () => true } }), answer)
  app.get('/me', answer)
  expect(accessSummary(app).toMarkdown()).toBe(
    [
      '| method | path | requires |',
      '| --- | --- | --- |',
      '| GET | `/tools` | scopes: ["tools:read"], authority: delegated |',
      '| GET | `/odd` | where: a \\| b c() |',
      '| GET | `/me` | an admitted request |',
    ].join('\n'),
  )
})

test('accessSummary: an app without routes has none', () => {
  expect(accessSummary(express5()).routes).toEqual([])
})

test('RFC 9728 §2: scopes_supported is what the guarded routes of this app ask for, hidden ones left out', async () => {
  const options = { ...kit.options, access: { scopes: ['api'] } }
  const app = express5()
  app.use(agentAuth(options))
  app.get('/tools', requireAccess({ scopes: ['tools:read'], anyScope: ['a', 'b'] }), answer)
  app.get('/again', requireAccess({ scopes: ['tools:read'] }), answer)
  app.get('/admin', requireAccess({ scopes: ['admin'], hidden: true }), answer)
  const other = express5()
  other.use(agentAuth(options))
  other.use('/x', requireAccess({ scopes: ['x'] }))
  const scopesAt = async (server: typeof app) => {
    const reply = await (await serve(server))('/.well-known/oauth-protected-resource')
    return (JSON.parse(reply.text) as { scopes_supported?: unknown }).scopes_supported
  }
  expect(await scopesAt(app)).toEqual(['api', 'tools:read', 'a', 'b'])
  expect(await scopesAt(other)).toEqual(['api', 'x'])
})
