import type { NextFunction, Request, Response } from 'express'
import { OptionsError } from 'onbehalf'
import { agentAuth, agentContextOf, requireAccess } from 'onbehalf/express'
import { beforeAll, describe, expect, test } from 'vitest'
import { frameworks } from '../support/express.ts'
import { createKit, type Kit } from '../support/kit.ts'
import { codeIn, serve } from '../support/servers.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

const reached = (_req: Request, res: Response) => void res.send('reached')

/** An application's own error handler; Express recognises it by its four parameters. */
function nameError(error: unknown, _req: Request, res: Response, _next: NextFunction): void {
  res.status(500).send(error instanceof Error ? error.name : 'no error')
}

describe.each(frameworks)('%s', (_name, express) => {
  test('Express: requireAccess refuses after authentication, in the route’s terms', async () => {
    const app = express()
    app.use(agentAuth(kit.options))
    app.get('/tools', requireAccess({ scopes: ['tools:read', 'tools:list'] }), reached)
    const send = await serve(app)
    const refused = await send('/tools', {
      headers: await kit.credentials('GET', '/tools', { token: { scopes: ['tools:read'] } }),
    })
    expect([refused.status, codeIn(refused)]).toEqual([403, 'scope_missing'])
    expect(refused.headers['www-authenticate']).toContain('scope="tools:read tools:list"')
    const scopes = ['tools:list', 'tools:read', 'other']
    expect(
      (await send('/tools', { headers: await kit.credentials('GET', '/tools', { token: { scopes } }) })).status,
    ).toBe(200)
  })

  test('Express: a 403 has used up its proof', async () => {
    const app = express()
    app.use(agentAuth(kit.options))
    app.get('/tools', requireAccess({ scopes: ['never'] }), reached)
    const send = await serve(app)
    const headers = await kit.credentials('GET', '/tools')
    expect(codeIn(await send('/tools', { headers }))).toBe('scope_missing')
    expect(codeIn(await send('/tools', { headers }))).toBe('proof_replayed')
  })

  test('Express: several requireAccess on one route must all hold', async () => {
    const app = express()
    app.use(agentAuth(kit.options))
    app.get('/tools', requireAccess({ scopes: ['a'] }), requireAccess({ scopes: ['b'] }), reached)
    const send = await serve(app)
    const one = await kit.credentials('GET', '/tools', { token: { scopes: ['a'] } })
    expect(codeIn(await send('/tools', { headers: one }))).toBe('scope_missing')
    const both = await kit.credentials('GET', '/tools', { token: { scopes: ['a', 'b'] } })
    expect((await send('/tools', { headers: both })).text).toBe('reached')
  })

  test('Express: a property another middleware forged is neither judged nor kept', async () => {
    const forged = { scopes: ['admin'], actor: { subject: 'forged' } }
    const forge = (req: Request, _res: Response, next: NextFunction) => {
      Object.defineProperty(req, 'agentContext', { value: forged, writable: true, configurable: true })
      next()
    }
    const app = express()
    app.use('/before', forge)
    app.use(agentAuth(kit.options))
    app.get('/before', (req, res) => void res.send(req.agentContext.actor.subject))
    app.get('/after', forge, requireAccess({ scopes: ['admin'] }), reached)
    app.get('/of', forge, (req, res) => void res.send(agentContextOf(req)?.actor.subject))
    const send = await serve(app)
    expect((await send('/before', { headers: await kit.credentials('GET', '/before') })).text).toBe('travel-7')
    expect(codeIn(await send('/after', { headers: await kit.credentials('GET', '/after') }))).toBe('scope_missing')
    expect((await send('/of', { headers: await kit.credentials('GET', '/of') })).text).toBe('travel-7')
  })

  test('Express: the property cannot be assigned over', async () => {
    const app = express()
    app.use(agentAuth(kit.options))
    app.get('/tools', (req, res) => {
      const isSet = Reflect.set(req, 'agentContext', { actor: { subject: 'forged' } })
      res.json([isSet, req.agentContext.actor.subject])
    })
    const reply = await (await serve(app))('/tools', { headers: await kit.credentials('GET', '/tools') })
    expect(JSON.parse(reply.text)).toEqual([false, 'travel-7'])
  })

  test('Express: requireAccess on a route no agentAuth guards is a 500 and the handler is not reached', async () => {
    const app = express()
    app.use((req, _res, next) => {
      Object.defineProperty(req, 'agentContext', { value: { scopes: ['admin'] } })
      next()
    })
    app.get('/tools', requireAccess({ scopes: ['admin'] }), reached)
    app.use(nameError)
    const reply = await (await serve(app))('/tools', { headers: await kit.credentials('GET', '/tools') })
    expect([reply.status, reply.text]).toEqual([500, 'OptionsError'])
  })

  test('Express: a rule that needs an issuer to be named is a 500 where several are configured', async () => {
    const partner = { ...kit.issuer.options, issuer: 'https://partner.example.test' }
    const app = express()
    app.use(agentAuth({ ...kit.options, issuer: [kit.issuer.options, partner] }))
    app.get('/tools', requireAccess({ actor: { subject: 'travel-7' } }), reached)
    app.use(nameError)
    const reply = await (await serve(app))('/tools', { headers: await kit.credentials('GET', '/tools') })
    expect([reply.status, reply.text]).toEqual([500, 'OptionsError'])
  })

  test('Express: a wrong requirement stops the process at creation', () => {
    expect(() => requireAccess({ scope: ['tools:read'] } as object)).toThrow(OptionsError)
    expect(() => requireAccess(undefined as unknown as object)).toThrow(OptionsError)
    expect(() => requireAccess({ scopes: [] })).toThrow(OptionsError)
  })

  test('Express: a requirement changed after creation changes nothing', async () => {
    const requirement = { scopes: ['admin'] }
    const app = express()
    app.use(agentAuth(kit.options))
    app.get('/tools', requireAccess(requirement), reached)
    requirement.scopes = ['tools:read']
    const headers = await kit.credentials('GET', '/tools', { token: { scopes: ['tools:read'] } })
    expect(codeIn(await (await serve(app))('/tools', { headers }))).toBe('scope_missing')
  })

  test('Express: where and details see the parsed body', async () => {
    const app = express()
    app.use(express.json())
    app.use(agentAuth(kit.options))
    const withinLimit = requireAccess<Request>({
      details: { type: 'payment', allows: (detail, _context, req) => req.body.amount <= Number(detail['limit']) },
      where: async (_context, req) => req.body.currency === 'EUR',
    })
    app.post('/payments', withinLimit, reached)
    const send = await serve(app)
    const pay = async (amount: number, currency = 'EUR') => {
      const claims = { authorization_details: [{ type: 'payment', limit: 100 }] }
      const headers = await kit.credentials('POST', '/payments', { token: { claims } })
      const body = JSON.stringify({ amount, currency })
      return send('/payments', { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body })
    }
    expect((await pay(80)).text).toBe('reached')
    const over = await pay(120)
    expect([over.status, codeIn(over)]).toEqual([403, 'details_missing'])
    expect(over.headers).not.toHaveProperty('www-authenticate')
    expect(codeIn(await pay(80, 'USD'))).toBe('access_denied')
  })

  test('Express: a rule that throws or rejects is an outage, and the process goes on', async () => {
    const app = express()
    app.use(agentAuth(kit.options))
    const fail = () => {
      throw new Error('in the rule')
    }
    app.get('/throws', requireAccess({ where: fail }), reached)
    app.get('/rejects', requireAccess({ where: async () => fail() }), reached)
    const send = await serve(app)
    for (const path of ['/throws', '/rejects']) {
      expect(codeIn(await send(path, { headers: await kit.credentials('GET', path) }))).toBe('policy_unavailable')
    }
  })

  test('Express: the floor is asked with the framework’s request', async () => {
    const app = express()
    const seen: unknown[] = []
    const where = (_context: unknown, request: unknown) => seen.push(request) > 0
    app.use(agentAuth({ ...kit.options, access: { where } }))
    app.get('/tools', (req, res) => void res.json(seen[0] === req))
    const reply = await (await serve(app))('/tools', { headers: await kit.credentials('GET', '/tools') })
    expect(reply.text).toBe('true')
  })

  test('Express: an async handler behind the guard answers and fails as usual', async () => {
    const app = express()
    app.use(agentAuth(kit.options))
    app.get('/answers', async (req, res) => {
      await Promise.resolve()
      res.send(req.agentContext.actor.subject)
    })
    app.get('/fails', (_req, _res, next) => void Promise.reject(new RangeError('in the handler')).catch(next))
    app.use(nameError)
    const send = await serve(app)
    expect((await send('/answers', { headers: await kit.credentials('GET', '/answers') })).text).toBe('travel-7')
    expect((await send('/fails', { headers: await kit.credentials('GET', '/fails') })).text).toBe('RangeError')
  })
})
