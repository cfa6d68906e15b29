import type { OutgoingHttpHeaders } from 'node:http'
import type { Express } from 'express'
import { type AuditEvent, OptionsError } from 'onbehalf'
import { agentAuth, agentContextOf, requireAccess } from 'onbehalf/express'
import { beforeAll, describe, expect, test } from 'vitest'
import { frameworks } from '../support/express.ts'
import { createKit, type Kit } from '../support/kit.ts'
import { codeIn, serve } from '../support/servers.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

describe.each(frameworks)('%s', (_name, express) => {
  function optionalApp(): Express {
    const app = express()
    app.use(agentAuth(kit.options, { optional: true }))
    return app
  }

  test('Express: optional admits a request without credentials, whose context is absent', async () => {
    const app = optionalApp()
    app.get('/tools', (req, res) => void res.json(agentContextOf(req) === undefined))
    const reply = await (await serve(app))('/tools')
    expect([reply.status, reply.text]).toEqual([200, 'true'])
  })

  test('Express: optional, and reading the context of an anonymous request throws', async () => {
    const app = optionalApp()
    app.get('/tools', (req, res) => {
      expect(() => req.agentContext).toThrow(Error)
      res.send('checked')
    })
    expect((await (await serve(app))('/tools')).text).toBe('checked')
  })

  test('Express: optional gives a request with credentials its context', async () => {
    const app = optionalApp()
    app.get('/tools', (req, res) => void res.json(agentContextOf(req) === req.agentContext))
    const reply = await (await serve(app))('/tools', { headers: await kit.credentials('GET', '/tools') })
    expect(reply.text).toBe('true')
  })

  test('P17: optional lets nothing pass that carries an Authorization or a DPoP field line', async () => {
    const app = optionalApp()
    app.get('/tools', (_req, res) => void res.send('reached'))
    const send = await serve(app)
    const { authorization = '', dpop = '' } = await kit.credentials('GET', '/tools')
    const attempts: Record<string, string | readonly string[]>[] = [
      { authorization: 'Basic YTpi' },
      { authorization: '' },
      { authorization: 'DPoP garbage' },
      { authorization },
      { dpop },
      { dpop: '' },
      { authorization: [authorization, authorization], dpop },
    ]
    for (const headers of attempts) {
      const reply = await send('/tools', { headers: headers as OutgoingHttpHeaders })
      expect([headers, reply.status >= 400]).toEqual([headers, true])
    }
  })

  test('Express: requireAccess answers an anonymous request with 401 and the scopes the route takes', async () => {
    const app = optionalApp()
    app.get('/tools', requireAccess({ scopes: ['tools:read'] }), (_req, res) => void res.send('reached'))
    const reply = await (await serve(app))('/tools')
    expect([reply.status, codeIn(reply)]).toEqual([401, 'credentials_missing'])
    expect(reply.headers['www-authenticate']).toContain('scope="tools:read"')
    expect(reply.headers['www-authenticate']).not.toContain('error=')
  })

  test('AUD-06: the 401 of requireAccess to an anonymous request is recorded', async () => {
    const events: AuditEvent[] = []
    const audit = { write: (event: AuditEvent) => void events.push(event) }
    const app = express()
    app.use(agentAuth({ ...kit.options, audit }, { optional: true }))
    app.get('/tools', requireAccess({ scopes: ['tools:read'] }), (_req, res) => void res.send('reached'))
    expect((await (await serve(app))('/tools')).status).toBe(401)
    const refused = events.filter(({ decision }) => decision === 'refused')
    expect(refused).toMatchObject([{ code: 'credentials_missing', request: { method: 'GET' }, tokenId: null }])
  })

  test('P17: a guard that is not optional refuses what an optional one of the same verifier let in', async () => {
    const verifier = kit.verifierWith()
    const app = express()
    app.use(agentAuth(verifier, { optional: true }))
    app.get('/private', agentAuth(verifier), (_req, res) => void res.send('reached'))
    const send = await serve(app)
    const reply = await send('/private')
    expect([reply.status, codeIn(reply)]).toEqual([401, 'credentials_missing'])
    expect((await send('/private', { headers: await kit.credentials('GET', '/private') })).text).toBe('reached')
  })

  test('Express: an optional guard after a strict one changes nothing', async () => {
    const verifier = kit.verifierWith()
    const app = express()
    app.use(agentAuth(verifier), agentAuth(verifier, { optional: true }))
    app.get('/tools', (_req, res) => void res.send('reached'))
    const send = await serve(app)
    expect((await send('/tools')).status).toBe(401)
    expect((await send('/tools', { headers: await kit.credentials('GET', '/tools') })).status).toBe(200)
  })
})

test('Express: optional beside a floor is an OptionsError', () => {
  const options = { ...kit.options, access: { scopes: ['tools:read'] } }
  expect(() => agentAuth(options, { optional: true })).toThrow(OptionsError)
  expect(() => agentAuth(kit.verifierWith(options), { optional: true })).toThrow(OptionsError)
  expect(() => agentAuth(options, { optional: false })).not.toThrow()
})

test('Express: wrong settings are an OptionsError', () => {
  for (const settings of [{ optional: 'yes' }, { onRefusal: true }, { optinal: true }, null, 1]) {
    expect(() => agentAuth(kit.options, settings as object)).toThrow(OptionsError)
  }
})
