import fastify from 'fastify'
import { agentAuth, requireAccess } from 'onbehalf/express'
import { requireAccess as fastifyAccess, agentAuth as fastifyAuth } from 'onbehalf/fastify'
import { beforeAll, describe, expect, test } from 'vitest'
import { memorySink } from '../support/audit.ts'
import { frameworks } from '../support/express.ts'
import { injectAs } from '../support/fastify.ts'
import { createKit, type Kit } from '../support/kit.ts'
import { serve } from '../support/servers.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

describe.each(frameworks)('%s', (_name, express) => {
  test('P§1.38: the guard of a route names the scopes of the router’s guard as well', async () => {
    const app = express()
    app.use(agentAuth(kit.options))
    const router = express.Router()
    router.use(requireAccess({ scopes: ['trips'] }))
    router.get('/:id', requireAccess({ scopes: ['trips:read'] }), (_req, res) => void res.send('reached'))
    app.use('/v1', router)
    const headers = await kit.credentials('GET', '/v1/7', { token: { scopes: ['trips'] } })
    const reply = await (await serve(app))('/v1/7', { headers })
    expect(reply.status).toBe(403)
    expect(reply.headers['www-authenticate']).toContain('scope="trips trips:read"')
  })

  test('Audit: an access event has the pattern of the route, once there is one', async () => {
    const audit = memorySink()
    const app = express()
    app.use(agentAuth({ ...kit.options, audit }))
    const router = express.Router()
    router.use(requireAccess({}))
    router.get('/trips/:id', requireAccess({}), (_req, res) => void res.send('reached'))
    app.use('/v1', router)
    const headers = await kit.credentials('GET', '/v1/trips/7')
    expect((await (await serve(app))('/v1/trips/7?q=1', { headers })).text).toBe('reached')
    expect(audit.events.map(({ phase, request }) => [phase, request.path, request.route])).toEqual([
      ['authentication', '/v1/trips/7', null],
      ['access', '/v1/trips/7', null],
      ['access', '/v1/trips/7', '/v1/trips/:id'],
    ])
    expect(audit.events[0]?.request.address).toMatch(/127\.0\.0\.1$/)
  })
})

describe('Fastify', () => {
  test('P§1.38: the second hook names the scopes of the first as well', async () => {
    const app = fastify()
    await app.register(fastifyAuth, kit.options)
    const onRequest = ['trips', 'trips:read'].map((scope) => fastifyAccess({ scopes: [scope] }))
    app.get('/trips/:id', { onRequest }, () => 'reached')
    const response = await injectAs(kit, app, '/trips/7', { token: { scopes: ['trips'] } })
    expect(response.statusCode).toBe(403)
    expect(response.headers['www-authenticate']).toContain('scope="trips trips:read"')
  })

  test('Audit: both events have the pattern of the route, which Fastify has chosen before', async () => {
    const audit = memorySink()
    const app = fastify()
    await app.register(fastifyAuth, { ...kit.options, audit })
    app.get('/trips/:id', { onRequest: fastifyAccess({}) }, () => 'reached')
    expect((await injectAs(kit, app, '/trips/7')).body).toBe('reached')
    expect(audit.events.map(({ phase, request }) => [phase, request.route])).toEqual([
      ['authentication', '/trips/:id'],
      ['access', '/trips/:id'],
    ])
  })
})
