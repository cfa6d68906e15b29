import express5, { type RequestHandler } from 'express'
import fastify, { type FastifyRequest } from 'fastify'
import { accessSummary, agentAuth, requireAccess } from 'onbehalf/express'
import * as doorOfFastify from 'onbehalf/fastify'
import { requestView } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { frameworks } from '../support/express.ts'
import { createKit, type Kit, resource } from '../support/kit.ts'
import { serve } from '../support/servers.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

const answer: RequestHandler = (_req, res) => void res.end('reached')
const parse: RequestHandler = (_req, _res, next) => next()
const guard = () => requireAccess({ scopes: ['admin'] })

/** What is claimed of a route: `guarded` only where every request passes the guard. */
function claimOf(app: Parameters<typeof accessSummary>[0], path: string): string {
  const route = accessSummary(app).routes.find((found) => found.path === path)
  if (route === undefined) return 'no row'
  const claim = route.requirements.length > 0 ? 'guarded' : route.open ? 'open' : 'admitted'
  return route.unclear ? `${claim}?` : claim
}

/** Like an APM: another function in the handler's place, which remembers the original. */
function wrapped(handler: RequestHandler): RequestHandler {
  return Object.assign((...parameters: Parameters<RequestHandler>) => handler(...parameters), { __original: handler })
}

describe.each(frameworks)('%s', (name, express) => {
  test('accessSummary: a guard in exact letters does not hold for a route in any letters', async () => {
    const app = express()
    app.enable('case sensitive routing')
    const anyCase = express.Router()
    anyCase.get('/admin/users', answer)
    const exactCase = express.Router({ caseSensitive: true })
    exactCase.get('/admin/roles', answer)
    app.use(agentAuth(kit.options))
    app.use('/admin', guard())
    app.use(anyCase)
    app.use(exactCase)
    expect([claimOf(app, '/admin/users'), claimOf(app, '/admin/roles')]).toEqual(['admitted', 'guarded'])
    const send = await serve(app)
    const headers = await kit.credentials('GET', '/ADMIN/users')
    expect((await send('/ADMIN/users', { headers })).text).toBe('reached')
  })

  test('accessSummary: the pattern of a route is no path: `?` where a guard may take only some of its requests', async () => {
    const app = express()
    const all = name === 'Express 5' ? '/{*any}' : '*'
    app.use(agentAuth(kit.options))
    app.use('/:section', guard())
    app.get(all, answer)
    expect(claimOf(app, all)).toBe('admitted?')
    expect((await (await serve(app))('/', { headers: await kit.credentials('GET', '/') })).text).toBe('reached')
  })

  test('accessSummary: a guard on a parameter holds for every value of a parameter, a literal only for itself', () => {
    const app = express()
    app.use(agentAuth(kit.options))
    app.use('/users/:id', guard())
    app.get('/users/:name/tools', answer)
    app.get('/users/7', answer)
    app.get('/:what/7', answer)
    app.use('/teams/blue', guard())
    app.get('/teams/:name', answer)
    app.get('/teams/blue/:id', answer)
    expect(
      ['/users/:name/tools', '/users/7', '/:what/7', '/teams/:name', '/teams/blue/:id'].map((path) =>
        claimOf(app, path),
      ),
    ).toEqual(['guarded', 'guarded', 'admitted', 'admitted', 'guarded'])
  })

  test('accessSummary: a guard behind the handler does not hold', async () => {
    const app = express()
    app.use(agentAuth(kit.options))
    app.get('/late', answer, guard())
    app.get('/parsed', parse, guard(), answer)
    app.get('/first', guard(), parse, answer)
    expect(['/late', '/parsed', '/first'].map((path) => claimOf(app, path))).toEqual([
      'admitted?',
      'guarded?',
      'guarded',
    ])
    const headers = await kit.credentials('GET', '/late')
    expect((await (await serve(app))('/late', { headers })).text).toBe('reached')
  })

  test('accessSummary: handlers that an APM has wrapped are followed', () => {
    const app = express()
    app.use(wrapped(agentAuth(kit.options) as unknown as RequestHandler))
    app.get('/tools', wrapped(guard() as unknown as RequestHandler), wrapped(answer))
    app.use('/admin', wrapped(guard() as unknown as RequestHandler))
    app.get('/admin/users', answer)
    expect([claimOf(app, '/tools'), claimOf(app, '/admin/users')]).toEqual(['guarded', 'guarded'])
  })

  test('accessSummary: an original that names itself ends the search', () => {
    const app = express()
    const loop: RequestHandler & { __original?: unknown } = (_req, res) => void res.end()
    loop.__original = loop
    app.get('/loop', loop)
    expect(claimOf(app, '/loop')).toBe('open')
  })
})

test('accessSummary: an unclear route shows `?`, in the table too, and is reachable by `?`', async () => {
  const app = express5()
  const verifier = kit.verifierWith()
  app.use(agentAuth(verifier))
  app.get('/parsed', parse, guard(), answer)
  app.get('/late', answer, guard())
  const context = await verifier.verify(
    requestView({ url: `${resource}/parsed`, headers: await kit.credentials('GET', '/parsed') }),
  )
  expect(accessSummary(app, context).routes.map(({ reachable }) => reachable)).toEqual(['?', '?'])
  const lines = accessSummary(app).toMarkdown().split('\n').slice(2)
  expect(lines).toEqual(['| GET | `/parsed` | scopes: ["admin"]; and ? |', '| GET | `/late` | ? |'])
})

test('accessSummary: Fastify’s hooks that an APM has wrapped are followed', async () => {
  const app = fastify({ exposeHeadRoutes: false })
  await app.register(doorOfFastify.agentAuth, kit.options)
  const own = doorOfFastify.requireAccess({ scopes: ['admin'] })
  const hook = Object.assign((request: FastifyRequest, reply: Parameters<typeof own>[1]) => own(request, reply), {
    __original: own,
  })
  app.get('/tools', { onRequest: hook }, async () => '')
  await app.ready()
  expect(doorOfFastify.accessSummary(app).routes[0]?.requirements).toEqual([{ scopes: ['admin'] }])
})
