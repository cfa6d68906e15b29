import express, { type Express } from 'express'
import request from 'supertest'
import { describe, expect, test } from 'vitest'
import { agentAuth, requireAccess } from '../../adapters/express.ts'
import type { RequestView } from '../../src/index.ts'
import { createApi } from '../support/express.ts'
import { listen, sendRaw } from '../support/servers.ts'
import { coldAndWarm, type Stage } from './stage.ts'

async function headersOf(stage: Stage, token: string): Promise<Record<string, string>> {
  const view = await stage.request({ token })
  return { Authorization: view.header('authorization')[0] ?? '', DPoP: view.header('dpop')[0] ?? '' }
}

/** Status and code of a GET of /tools. */
async function get(app: Express, headers: Record<string, string>, path = '/tools'): Promise<[number, unknown]> {
  const response = await request(app).get(path).set(headers)
  return [response.status, (response.body as { code?: unknown }).code]
}

describe('optional mode', () => {
  coldAndWarm('P17: only absent credentials are let in', async (stage) => {
    const app = createApi(stage.verifier, { optional: true })
    const token = await stage.token()
    await stage.warmUp({ token })
    const good = await headersOf(stage, token)
    expect(await get(app, {})).toEqual([200, undefined])
    expect(await get(app, good)).toEqual([200, undefined])
    expect(await get(app, good)).toEqual([401, 'proof_replayed'])
    expect(await get(app, { ...good, DPoP: 'x' })).toEqual([401, 'proof_malformed'])
    expect(await get(app, { Authorization: good['Authorization'] ?? '' })).toEqual([401, 'proof_missing'])
    expect(await get(app, { DPoP: good['DPoP'] ?? '' })).toEqual([401, 'credentials_missing'])
    expect(await get(app, { Authorization: '' })).toEqual([401, 'credentials_missing'])
    expect(await get(app, { Authorization: 'Basic eDp5' })).toEqual([401, 'credentials_missing'])
    expect(await get(app, { Authorization: 'Bearer' })).toEqual([400, 'request_malformed'])
    expect(await get(app, { DPoP: '' })).toEqual([401, 'credentials_missing'])
  })

  coldAndWarm('P17: a route that asks for something refuses who came without credentials', async (stage) => {
    await stage.warmUp({})
    expect(await get(createApi(stage.verifier, { optional: true }), {}, '/admin')).toEqual([401, 'credentials_missing'])
  })

  test('P17: a route no agentAuth guards is a 500, whatever the request carries', async () => {
    const app = express()
    app.use((incoming, _response, next) => {
      Object.defineProperty(incoming, 'agentContext', { value: { scopes: ['admin'] } })
      next()
    })
    app.get('/admin', requireAccess({ scopes: ['admin'] }), (_request, response) => void response.send('in'))
    app.use(((_error, _request, response, _next) => void response.status(500).end()) as express.ErrorRequestHandler)
    expect((await request(app).get('/admin')).status).toBe(500)
  })
})

describe('through Express', () => {
  coldAndWarm('P16: scheme DPoP without a good proof never reaches the handler', async (stage) => {
    const app = createApi(stage.verifier)
    const token = await stage.token()
    await stage.warmUp({ token })
    const Authorization = `DPoP ${token}`
    expect(await get(app, { Authorization })).toEqual([401, 'proof_missing'])
    for (const DPoP of ['x', 'a.b.c', token, '{}', 'null']) {
      expect(await get(app, { Authorization, DPoP })).toEqual([401, 'proof_malformed'])
    }
  })

  coldAndWarm('P33: a token in query or body counts for nothing and is not echoed', async (stage) => {
    const token = await stage.token()
    await stage.warmUp({ token })
    const app = express()
    app.use(express.json(), express.urlencoded({ extended: false }))
    app.use(agentAuth(stage.verifier))
    const DPoP = (await headersOf(stage, token))['DPoP'] ?? ''
    const attempts = [
      request(app).get('/tools').query({ access_token: token }).set({ DPoP }),
      request(app).post('/tools').send({ access_token: token }).set({ DPoP }),
      request(app).post('/tools').type('form').send({ access_token: token }).set({ DPoP }),
      request(app).get('/tools').set('Cookie', `access_token=${token}`).set({ DPoP }),
    ]
    for (const attempt of attempts) {
      const response = await attempt
      expect([response.status, response.body.code]).toEqual([401, 'credentials_missing'])
      expect(JSON.stringify([response.headers, response.text])).not.toContain(token)
    }
  })

  coldAndWarm('P§1.4: a business field called access_token is nobody’s credential', async (stage) => {
    const token = await stage.token()
    await stage.warmUp({ token })
    const headers = await headersOf(stage, token)
    expect(await get(createApi(stage.verifier), headers, '/tools?access_token=7')).toEqual([200, undefined])
  })

  coldAndWarm('P39: expired and without scope is 401 at a route as well', async (stage) => {
    const token = await stage.token({ scopes: ['read'] })
    await stage.warmUp({ token })
    const app = createApi(stage.verifier)
    const view = await stage.request({ token, url: 'https://api.example.test/admin' })
    const headers = (sent: RequestView) => ({
      Authorization: sent.header('authorization')[0] ?? '',
      DPoP: sent.header('dpop')[0] ?? '',
    })
    expect(await get(app, headers(view), '/admin')).toEqual([403, 'scope_missing'])
    stage.issuer.clock.advance(306)
    const late = await stage.request({ token, url: 'https://api.example.test/admin' })
    expect(await get(app, headers(late), '/admin')).toEqual([401, 'token_expired'])
  })

  coldAndWarm('P§4.11: repeated or joined credentials are refused, never a 500', async (stage) => {
    const token = await stage.token()
    await stage.warmUp({ token })
    const port = await listen(createApi(stage.verifier))
    const { Authorization = '', DPoP = '' } = await headersOf(stage, token)
    const send = async (...fields: string[]) => {
      const response = await sendRaw(port, ['GET /tools HTTP/1.1', 'Host: x', ...fields])
      return [response.status, (JSON.parse(response.body) as { code?: string }).code]
    }
    const auth = `Authorization: ${Authorization}`
    expect(await send(auth, `DPoP: ${DPoP}`, `DPoP: ${DPoP}`)).toEqual([401, 'proof_malformed'])
    expect(await send(auth, `DPoP: ${DPoP}, ${DPoP}`)).toEqual([401, 'proof_malformed'])
    expect(await send(auth, `dpop: ${DPoP}`, 'DPOP: x')).toEqual([401, 'proof_malformed'])
    expect(await send(auth, auth, `DPoP: ${DPoP}`)).toEqual([400, 'request_malformed'])
    expect(await send(auth, 'authorization: Basic eDp5', `DPoP: ${DPoP}`)).toEqual([400, 'request_malformed'])
    expect(await send(`${auth}, ${Authorization}`, `DPoP: ${DPoP}`)).toEqual([400, 'request_malformed'])
    expect(await send(auth, `DPoP: ${DPoP}`)).toEqual([200, undefined])
  })

  coldAndWarm('P§1.17: no claim that is missing or odd ends as a 500', async (stage) => {
    const app = createApi(stage.verifier)
    await stage.warmUp({})
    for (const claim of ['iss', 'sub', 'aud', 'client_id', 'iat', 'exp', 'jti', 'cnf', 'act', 'scope']) {
      for (const value of [undefined, null, [], {}, '', -1, true]) {
        const [status] = await get(app, await headersOf(stage, await stage.token({ claims: { [claim]: value } })))
        const isFine = (value === undefined && ['act', 'scope'].includes(claim)) || (claim === 'scope' && value === '')
        expect(status).toBe(isFine ? 200 : 401)
      }
    }
  })
})
