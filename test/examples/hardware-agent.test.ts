import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  EmbeddedJWK,
  importJWK,
  type JWTPayload,
  jwtVerify,
} from 'jose'
import { dpopFetch } from 'onbehalf/client'
import { createTestClock, createTestIssuer, type TestIssuer } from 'onbehalf/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { createHardwareAgent, type HardwareAgent } from '../../examples/hardware-agent/hardware-agent.ts'
import type { HardwareKey, OpenKey } from '../../examples/hardware-agent/hardware-key.ts'
import { runHardwareAgent } from '../../examples/hardware-agent/run.ts'
import { createApi } from '../support/express.ts'
import { listen } from '../support/servers.ts'
import { describeWithToken, routes } from './soft-token.ts'

const id = 'travel-7'
const tokenNonce = 'nonce-of-the-token-endpoint'

/** An authorization server around the test kit: one client, with the public key of the token. */
interface Home {
  readonly issuer: TestIssuer
  /** What jose made of the client assertions. */
  readonly assertions: JWTPayload[]
  readonly forms: URLSearchParams[]
}

async function startHome(key: HardwareKey, resource: string): Promise<Home> {
  const home = { assertions: [] as JWTPayload[], forms: [] as URLSearchParams[] }
  const port = await listen((request, response) => {
    answer(request).then(
      (body) => send(response, body),
      (error: unknown) => send(response, { error: String(error) }, 400),
    )
  })
  // The agent and the API live by the clock of the machine.
  const origin = `http://127.0.0.1:${port}`
  const issuer = await createTestIssuer({ resource, issuer: origin, clock: createTestClock(Date.now()) })

  async function answer(request: IncomingMessage): Promise<object> {
    if (request.method === 'GET') return { issuer: origin, token_endpoint: `${origin}/token` }
    const form = new URLSearchParams(await text(request))
    home.forms.push(form)
    const publicKey = await importJWK(key.publicJwk, 'ES256')
    const asked = { issuer: id, subject: id, audience: origin, maxTokenAge: 30, requiredClaims: ['exp', 'jti'] }
    const { payload } = await jwtVerify(form.get('client_assertion') ?? '', publicKey, asked)
    if (home.assertions.some(({ jti }) => jti === payload.jti)) throw new Error('the assertion was used before')
    home.assertions.push(payload)
    const proof = await jwtVerify(String(request.headers['dpop']), EmbeddedJWK, { typ: 'dpop+jwt', maxTokenAge: 30 })
    if (proof.payload['nonce'] !== tokenNonce) return { error: 'use_dpop_nonce' }
    const agent = await issuer.agent(id, key)
    expect(await calculateJwkThumbprint(proof.protectedHeader.jwk ?? {})).toBe(agent.jkt)
    const human = form.has('subject_token') ? 'alice' : undefined
    const token = await issuer.token({ agent, human, scopes: (form.get('scope') ?? '').split(' ') })
    return { access_token: token, token_type: 'DPoP', expires_in: 300, scope: form.get('scope') }
  }

  return { issuer, ...home }
}

function send(response: ServerResponse, body: object, status = 'error' in body ? 400 : 200): void {
  response.writeHead(status, { 'content-type': 'application/json', 'dpop-nonce': tokenNonce }).end(JSON.stringify(body))
}

/** The API asks for its own nonces; it learns of the issuer before its first request. */
async function startApi(key: HardwareKey) {
  const proofs: string[] = []
  let app: ReturnType<typeof createApi> | undefined
  const port = await listen((request, response) => {
    proofs.push(String(request.headers['dpop']))
    app?.(request, response)
  })
  const resource = `http://127.0.0.1:${port}`
  const home = await startHome(key, resource)
  const nonce = { secret: 'a secret of more than thirty-two bytes' }
  app = createApi({ issuer: home.issuer.options, resource, dpop: { nonce } })
  return { ...home, resource, proofs }
}

describeWithToken('an agent with a key in a PKCS #11 token', (token) => {
  describe.each(routes)('by %s', (route) => {
    let key: OpenKey
    let api: Awaited<ReturnType<typeof startApi>>
    let agent: HardwareAgent

    beforeEach(async () => {
      key = await token.open('01', route)
      api = await startApi(key)
      agent = await createHardwareAgent({ id, issuer: api.issuer.issuer, key })
    })

    test('RFC 7523 §3: jose verifies its assertions, each of which is used once', async () => {
      const { accessToken, expiresIn } = await agent.ownToken({ resource: api.resource, scope: 'tools:read' })
      expect(expiresIn).toBe(300)
      expect(api.assertions).toHaveLength(2)
      for (const { iat = 0, exp = 0 } of api.assertions) expect(exp - iat).toBeLessThanOrEqual(60)
      expect(api.forms.map((form) => form.get('resource'))).toEqual([api.resource, api.resource])
      expect(decodeJwt(accessToken)['cnf']).toEqual({ jkt: await calculateJwkThumbprint(key.publicJwk) })
    })

    test('RFC 9449 §9: an API admits its proofs, after the nonce that it asked for', async () => {
      const granted = await agent.tokenOnBehalf('subject-token', 'actor-token', { resource: api.resource })
      const response = await agent.fetchOf(api.resource, granted)(`${api.resource}/tools?q=1`)
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({ who: 'agent travel-7 for human alice' })
      expect(api.proofs.map((proof) => typeof decodeJwt(proof)['nonce'])).toEqual(['undefined', 'string'])
      for (const proof of api.proofs) expect(decodeProtectedHeader(proof)['jwk']).toEqual(key.publicJwk)
    })

    test('RFC 9449 §6: a proof by another key of the same token is refused', async () => {
      const { accessToken } = await agent.ownToken({ resource: api.resource })
      const other = await token.open('02', route)
      const response = await dpopFetch({ key: other, token: () => accessToken })(api.resource)
      expect(response.status).toBe(401)
      expect(await response.json()).toMatchObject({ code: 'binding_mismatch' })
    })

    test('RFC 7523 §3: an assertion by another key of the same token gets no token', async () => {
      const other = await token.open('02', route)
      const stranger = await createHardwareAgent({ id, issuer: api.issuer.issuer, key: other })
      await expect(stranger.ownToken({ resource: api.resource })).rejects.toThrow()
    })

    test('Example: the token goes to its API alone', async () => {
      const granted = await agent.ownToken({ resource: api.resource })
      const seen: IncomingMessage[] = []
      const port = await listen((request, response) => {
        seen.push(request)
        response.end()
      })
      await agent.fetchOf(api.resource, granted)(`http://127.0.0.1:${port}/`)
      expect(seen.map(({ headers }) => [headers.authorization, headers['dpop']])).toEqual([[undefined, undefined]])
    })

    test('RFC 9449 §4.2: the test kit signs with it', async () => {
      const kitAgent = await api.issuer.agent(id, key)
      const proof = await kitAgent.proof({ method: 'GET', url: api.resource })
      const { protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { currentDate: new Date(api.issuer.clock.now()) })
      expect(protectedHeader).toMatchObject({ alg: 'ES256', jwk: key.publicJwk })
    })
  })

  describe('the program', () => {
    async function run(more: Record<string, string>): Promise<{ exitCode: number; lines: string[]; left: object }> {
      const { module, tokenLabel, pin } = token.settings()
      const environment = { PKCS11_MODULE: module, TOKEN_LABEL: tokenLabel, TOKEN_PIN: pin, ...more }
      const lines: string[] = []
      return { exitCode: await runHardwareAgent(environment, (line) => lines.push(line)), lines, left: environment }
    }

    test('Example: without an issuer it makes the key and prints its public half', async () => {
      const { exitCode, lines, left } = await run({ KEY_ID: '03' })
      const { publicJwk } = await token.open('03')
      expect(exitCode).toBe(0)
      expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ ...publicJwk, alg: 'ES256', use: 'sig' })
      expect(left).not.toHaveProperty('TOKEN_PIN')
    })

    test('Example: it gets a token and calls the API', async () => {
      const { issuer, resource } = await startApi(await token.open('04'))
      const call = { ISSUER: issuer.issuer, CLIENT_ID: id, RESOURCE: resource, SCOPE: 'tools:read' }
      const { exitCode, lines } = await run({ KEY_ID: '04', ...call, API_URL: `${resource}/tools` })
      expect(lines.at(-1)).toContain('{"who":"agent travel-7"}')
      expect(exitCode).toBe(0)
      expect((await run({ KEY_ID: '04', ...call, API_URL: `${resource}/admin` })).exitCode).toBe(1)
    })

    test.each<[string, string, Record<string, string>]>([
      ['a token that is not there', 'token_missing', { TOKEN_LABEL: 'other' }],
      ['a module that is not there', 'module_missing', { PKCS11_MODULE: '/no/such/module.so' }],
      ['no PIN', 'TOKEN_PIN', { TOKEN_PIN: '' }],
      ['a call without a client id', 'CLIENT_ID', { ISSUER: 'http://127.0.0.1:1', RESOURCE: 'http://127.0.0.1:2' }],
    ])('Example: %s ends it with 1, and it says which', async (_, word, more) => {
      const { exitCode, lines } = await run(more)
      expect(exitCode).toBe(1)
      expect(lines.at(-1)?.split(/[ :]/)[0]).toBe(word)
    })
  })
})
