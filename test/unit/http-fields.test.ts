import express, { type RequestHandler } from 'express'
import { agentAuth } from 'onbehalf/express'
import { beforeAll, describe, expect, test } from 'vitest'
import { createKit, type Kit, url } from '../support/kit.ts'
import { fieldsNamed, listen, sendRaw } from '../support/servers.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit()
})

/** The given handlers, then the guard, then a handler that answers who called. */
function appWith(...before: RequestHandler[]) {
  const app = express()
  for (const handler of before) app.use(handler)
  app.use(agentAuth({ ...kit.options, dpop: { nonce } }))
  app.use((request, response) => void response.json(request.agentContext.actor.subject))
  return app
}

const nonce = { secret: 'fields-secret-of-32-bytes-length' }

async function send(port: number, fields: readonly (readonly [string, string])[], target = '/tools') {
  const lines = fields.map(([name, value]) => `${name}: ${value}`)
  return sendRaw(port, [`GET ${target} HTTP/1.1`, 'Host: api.example.test', ...lines])
}

async function goodFields(port: number, authorization = 'Authorization', dpop = 'DPoP') {
  const token = await kit.token()
  const asked = await send(port, [['Authorization', `DPoP ${token}`]])
  const proof = await kit.agent.proof({ method: 'GET', url, token, nonce: fieldsNamed(asked, 'dpop-nonce')[0] })
  return [
    [authorization, `DPoP ${token}`],
    [dpop, proof],
  ] as const
}

describe('field names', () => {
  test.each([
    ['authorization', 'dpop'],
    ['AUTHORIZATION', 'DPOP'],
    ['Authorization', 'DPoP'],
    ['aUTHORIZATION', 'dPoP'],
  ])('DPOP-34: %s and %s are found', async (authorization, dpop) => {
    const port = await listen(appWith())
    const response = await send(port, await goodFields(port, authorization, dpop))
    expect(response).toMatchObject({ status: 200, body: '"travel-7"' })
  })

  test('DPOP-34: two fields in two spellings are two', async () => {
    const port = await listen(appWith())
    const fields = await goodFields(port)
    const response = await send(port, [...fields, ['dpop', fields[1][1]]])
    expect(response.status).toBe(401)
    expect(JSON.parse(response.body)).toMatchObject({ code: 'proof_malformed' })
  })

  test('DPOP-34: the value keeps its case', async () => {
    const port = await listen(appWith())
    const [authorization, [name, proof]] = await goodFields(port)
    const response = await send(port, [authorization, [name, proof.toLowerCase()]])
    expect(JSON.parse(response.body)).toMatchObject({ code: 'proof_malformed' })
  })
})

describe('a form body', () => {
  const form = (token: string, headers: Record<string, string> = {}) => ({
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams({ access_token: token }).toString(),
  })

  test('PRES-06: a token in it is not read, parsed or not', async () => {
    for (const before of [[], [express.urlencoded({ extended: false })]]) {
      const port = await listen(appWith(...before))
      const token = await kit.token()
      const proof = await kit.agent.proof({ method: 'POST', url, token })
      const response = await fetch(`http://127.0.0.1:${port}/tools`, form(token, { dpop: proof }))
      expect(response.status).toBe(401)
      expect(await response.json()).toMatchObject({ code: 'credentials_missing' })
    }
  })

  test('PRES-06: beside a header it is not looked at', async () => {
    const port = await listen(appWith(express.urlencoded({ extended: false })))
    const token = await kit.token()
    const headers = { authorization: `DPoP ${token}` }
    const asked = await fetch(`http://127.0.0.1:${port}/tools`, form('other', headers))
    const fresh = asked.headers.get('dpop-nonce') ?? undefined
    const dpop = await kit.agent.proof({ method: 'POST', url, token, nonce: fresh })
    const response = await fetch(`http://127.0.0.1:${port}/tools`, form('other', { ...headers, dpop }))
    expect([response.status, await response.json()]).toEqual([200, 'travel-7'])
  })
})

describe('what a script may read', () => {
  const expose: RequestHandler = (_, response, next) => {
    response.setHeader('Access-Control-Expose-Headers', 'X-Total, www-authenticate')
    next()
  }

  test('PRES-15: a refusal exposes challenge, nonce and Retry-After', async () => {
    const port = await listen(appWith())
    const response = await send(port, [])
    expect(fieldsNamed(response, 'access-control-expose-headers')).toEqual([
      'WWW-Authenticate, DPoP-Nonce, Retry-After',
    ])
  })

  test('PRES-15: appended to what cors() has set, each name once', async () => {
    const port = await listen(appWith(expose))
    const [names = ''] = fieldsNamed(await send(port, []), 'access-control-expose-headers')
    expect(names.split(', ')).toEqual(['X-Total', 'www-authenticate', 'DPoP-Nonce', 'Retry-After'])
  })

  test('PRES-15: an admitted answer with a nonce exposes it', async () => {
    const port = await listen(appWith(expose))
    const token = await kit.token()
    const asked = await send(port, [['Authorization', `DPoP ${token}`]])
    const [aging] = fieldsNamed(asked, 'dpop-nonce')
    kit.clock.advance(200)
    const proof = await kit.agent.proof({ method: 'GET', url, token, nonce: aging })
    const response = await send(port, [
      ['Authorization', `DPoP ${token}`],
      ['DPoP', proof],
    ])
    expect(response.status).toBe(200)
    expect(fieldsNamed(response, 'dpop-nonce')).toHaveLength(1)
    expect(fieldsNamed(response, 'access-control-expose-headers')[0]).toContain('DPoP-Nonce')
  })
})
