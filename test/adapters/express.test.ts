import { agentAuth, agentContextOf, requireAccess } from 'onbehalf/express'
import supertest from 'supertest'
import { beforeAll, describe, expect, test } from 'vitest'
import { frameworks } from '../support/express.ts'
import { createKit, type Kit, resource } from '../support/kit.ts'
import { codeIn, serve } from '../support/servers.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

describe.each(frameworks)('%s', (_name, express) => {
  test('Express: the one line admits a request that holds and hands the handler one object', async () => {
    const app = express()
    app.use(agentAuth(kit.options))
    app.get('/tools', (req, res) => {
      const { principal, actor, authority, sender } = req.agentContext
      res.json({ for: principal.subject, by: actor.subject, authority, sender: sender.method })
    })
    const reply = await supertest(app)
      .get('/tools')
      .set(await kit.credentials('GET', '/tools'))
    expect(reply.status).toBe(200)
    expect(reply.body).toEqual({ for: 'alice', by: 'travel-7', authority: 'delegated', sender: 'dpop' })
    expect(reply.headers).not.toHaveProperty('dpop-nonce')
  })

  test('Express: without credentials the answer is a problem with both challenges and no error', async () => {
    const app = express()
    app.use(agentAuth(kit.options))
    app.get('/tools', (_req, res) => void res.send('reached'))
    const reply = await (await serve(app))('/tools')
    expect(reply.status).toBe(401)
    expect(reply.headers['content-type']).toBe('application/problem+json')
    expect(reply.headers['cache-control']).toBe('no-store')
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer .*, DPoP algs="/)
    expect(reply.headers['www-authenticate']).not.toContain('error=')
    expect(codeIn(reply)).toBe('credentials_missing')
  })

  test('Express: a proof shown twice is refused the second time', async () => {
    const app = express()
    app.use(agentAuth(kit.options))
    app.get('/tools', (_req, res) => void res.send('reached'))
    const send = await serve(app)
    const headers = await kit.credentials('GET', '/tools')
    expect((await send('/tools', { headers })).status).toBe(200)
    expect(codeIn(await send('/tools', { headers }))).toBe('proof_replayed')
  })

  test('Express: HEAD is its own method, admitted and refused without a body', async () => {
    const app = express()
    app.use(agentAuth(kit.options))
    app.get('/tools', (_req, res) => void res.send('reached'))
    const send = await serve(app)
    const admitted = await send('/tools', { method: 'HEAD', headers: await kit.credentials('HEAD', '/tools') })
    expect([admitted.status, admitted.text]).toEqual([200, ''])
    const refused = await send('/tools', { method: 'HEAD', headers: await kit.credentials('GET', '/tools') })
    expect([refused.status, refused.text]).toEqual([401, ''])
    expect(refused.headers['www-authenticate']).toContain('error="invalid_dpop_proof"')
  })

  test('Express: the proof is held against the raw target, under nested routers and a mount path', async () => {
    const app = express()
    const outer = express.Router()
    const inner = express.Router()
    app.use('/v1', agentAuth(kit.options), outer)
    outer.use('/orgs/:org', inner)
    inner.get('/tools', (req, res) => void res.send(req.agentContext.actor.subject))
    const send = await serve(app)
    const good = await kit.credentials('GET', '/v1/orgs/7/tools')
    expect((await send('/v1/orgs/7/tools?page=2', { headers: good })).text).toBe('travel-7')
    for (const stripped of ['/orgs/7/tools', '/tools', '/v1']) {
      const reply = await send('/v1/orgs/7/tools', { headers: await kit.credentials('GET', stripped) })
      expect(codeIn(reply)).toBe('proof_target')
    }
  })

  test('Express: a guard inside the innermost router still sees the whole target', async () => {
    const app = express()
    const inner = express.Router()
    inner.get('/tools', agentAuth(kit.options), (_req, res) => void res.send('reached'))
    app.use('/v1', inner)
    const send = await serve(app)
    expect((await send('/v1/tools', { headers: await kit.credentials('GET', '/v1/tools') })).status).toBe(200)
    expect(codeIn(await send('/v1/tools', { headers: await kit.credentials('GET', '/tools') }))).toBe('proof_target')
  })

  test('Express: a middleware that rewrites url does not move the target', async () => {
    const app = express()
    app.use((req, _res, next) => {
      req.url = '/public'
      next()
    })
    app.use(agentAuth(kit.options))
    app.get('/public', (_req, res) => void res.send('reached'))
    const send = await serve(app)
    expect(codeIn(await send('/admin', { headers: await kit.credentials('GET', '/public') }))).toBe('proof_target')
    expect((await send('/admin', { headers: await kit.credentials('GET', '/admin') })).status).toBe(200)
  })

  test('Express: neither Host nor X-Forwarded fields name the expected origin', async () => {
    const app = express()
    app.set('trust proxy', true)
    app.use(agentAuth(kit.options))
    app.get('/tools', (_req, res) => void res.send('reached'))
    const send = await serve(app)
    const token = await kit.issuer.token({ agent: kit.agent })
    const foreign = await kit.agent.headers('GET', 'https://evil.example.test/tools', token)
    const spoofed = { host: 'evil.example.test', 'x-forwarded-host': 'evil.example.test', 'x-forwarded-proto': 'https' }
    expect(codeIn(await send('/tools', { headers: { ...foreign, ...spoofed } }))).toBe('proof_target')
    const good = await kit.agent.headers('GET', `${resource}/tools`, token)
    expect((await send('/tools', { headers: { ...good, ...spoofed } })).status).toBe(200)
  })

  test('DPOP-09: the method of the request counts, not the one that method-override has put in its place', async () => {
    const app = express()
    app.use((req, _res, next) => {
      Object.assign(req, { originalMethod: req.method, method: 'DELETE' })
      next()
    })
    app.use(agentAuth(kit.options))
    app.delete('/tools', (_req, res) => void res.send('deleted'))
    const send = await serve(app)
    const sent = async (method: string) =>
      send('/tools', { method: 'POST', headers: await kit.credentials(method, '/tools') })
    expect((await sent('POST')).text).toBe('deleted')
    expect(codeIn(await sent('DELETE'))).toBe('proof_method')
  })

  test('Express: the absolute form of the target must name the public origin', async () => {
    const app = express()
    app.use(agentAuth(kit.options))
    app.use((_req, res) => void res.send('reached'))
    const send = await serve(app)
    const headers = await kit.credentials('GET', '/tools')
    expect(codeIn(await send('https://evil.example.test/tools', { headers }))).toBe('proof_target')
    expect((await send(`${resource}/tools`, { headers: await kit.credentials('GET', '/tools') })).status).toBe(200)
  })

  test('Express: mounted twice, the guard does not take its own proof for a replay', async () => {
    const verifier = kit.verifierWith()
    const app = express()
    app.use(agentAuth(verifier))
    app.use('/v1', agentAuth(verifier))
    app.get('/v1/tools', agentAuth(verifier), (_req, res) => void res.send('reached'))
    const send = await serve(app)
    const headers = await kit.credentials('GET', '/v1/tools')
    expect((await send('/v1/tools', { headers })).text).toBe('reached')
    expect(codeIn(await send('/v1/tools', { headers }))).toBe('proof_replayed')
  })

  test('Express: one verifier on many routers has one replay memory', async () => {
    const verifier = kit.verifierWith()
    const app = express()
    for (const path of ['/a', '/b']) app.use(path, agentAuth(verifier), (_req, res) => void res.send(path))
    const send = await serve(app)
    const token = await kit.issuer.token({ agent: kit.agent })
    const claims = { jti: 'the-same' }
    const a = await kit.agent.headers('GET', `${resource}/a`, token, { claims })
    const b = await kit.agent.headers('GET', `${resource}/b`, token, { claims })
    expect((await send('/a', { headers: a })).status).toBe(200)
    expect(codeIn(await send('/b', { headers: b }))).toBe('proof_replayed')
  })

  test('Express: of two verifiers on one request both must admit, and the last one says who it was', async () => {
    const strict = kit.verifierWith({ access: { scopes: ['admin'] } })
    const app = express()
    app.use(agentAuth(kit.verifierWith()))
    app.get('/both', agentAuth(strict), (_req, res) => void res.send('reached'))
    app.get('/again', agentAuth(kit.verifierWith()), (req, res) => {
      res.json(req.agentContext === agentContextOf(req))
    })
    const send = await serve(app)
    const headers = await kit.credentials('GET', '/both')
    expect(codeIn(await send('/both', { headers }))).toBe('scope_missing')
    const admin = await kit.credentials('GET', '/both', { token: { scopes: ['admin'] } })
    expect((await send('/both', { headers: admin })).text).toBe('reached')
    expect((await send('/again', { headers: await kit.credentials('GET', '/again') })).text).toBe('true')
  })

  test('Express: with a verifier mounted again after another, property, agentContextOf and requireAccess agree', async () => {
    const first = kit.verifierWith()
    const app = express()
    app.use(agentAuth(first), agentAuth(kit.verifierWith()), agentAuth(first))
    const judged: unknown[] = []
    const note = (context: unknown) => {
      judged.push(context)
      return true
    }
    app.get('/tools', requireAccess({ where: note }), (req, res) => {
      res.json([req.agentContext === agentContextOf(req), req.agentContext === judged[0]])
    })
    const reply = await (await serve(app))('/tools', { headers: await kit.credentials('GET', '/tools') })
    expect(JSON.parse(reply.text)).toEqual([true, true])
  })
})
