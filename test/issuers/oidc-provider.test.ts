import type { IssuerOptions } from 'onbehalf'
import { createTestCertificate, type TestCertificate } from 'onbehalf/testing'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { mtlsRequest } from '../../examples/agents/mtls-request.ts'
import {
  asked,
  call,
  clientFlow,
  codeFlow,
  deviceFlow,
  flows,
  open,
  refusal,
  type Tokens,
  unboundFlow,
} from './oidc-client.ts'
import { type Api, auditor, client, type RunningProvider, startApi, startProvider } from './oidc-setup.ts'

let stock: RunningProvider
/** Set to `accessTokenTTL: 300`, and to nothing else. */
let short: RunningProvider
let api: Api
let secureApi: Api
let server: TestCertificate
let own: TestCertificate
let other: TestCertificate

beforeAll(async () => {
  // It says at length that its defaults are for development.
  for (const name of ['info', 'warn'] as const) vi.spyOn(console, name).mockImplementation(() => {})
  ;[server, own, other] = await Promise.all([
    createTestCertificate({ commonName: 'localhost', hosts: ['127.0.0.1'] }),
    createTestCertificate({ commonName: auditor.id }),
    createTestCertificate({ commonName: 'someone-else' }),
  ])
  ;[stock, short, api, secureApi] = await Promise.all([
    startProvider(server),
    startProvider(server, { resourceServer: { accessTokenTTL: 300 } }),
    startApi(),
    startApi(server),
  ])
})
afterAll(() => {
  for (const started of [stock, short, api, secureApi]) started.close()
  vi.restoreAllMocks()
})

describe.each(flows)('$name', ({ flow, subject, life }) => {
  test('Options: a bound token of five minutes needs none', async () => {
    api.trust({ issuer: short.issuer })
    const session = await open(api, short.issuer)
    const { access_token: token } = await flow(session)
    expect(await call(session, token, session.DPoP)).toEqual({
      status: 200,
      body: {
        subject,
        isActor: true,
        authority: 'undetermined',
        client: client.id,
        scopes: ['tools:read'],
        method: 'dpop',
        warnings: [],
      },
      hint: undefined,
    })
  })

  test('Options: a token that lives as long as the defaults of the provider say needs maxTokenSeconds', async () => {
    const session = await open(api, stock.issuer)
    const { access_token: token } = await flow(session)
    for (const maxTokenSeconds of [undefined, life - 1]) {
      api.trust({ issuer: stock.issuer, maxTokenSeconds })
      const answer = await call(session, token, session.DPoP)
      expect(answer).toEqual(refusal('token_lifetime', 'issuer.maxTokenSeconds'))
    }
    api.trust({ issuer: stock.issuer, maxTokenSeconds: life })
    expect(await call(session, token, session.DPoP)).toMatchObject({ status: 200, body: { subject, method: 'dpop' } })
  })

  test('RFC 9449 §7.1, §7.2: it passes neither as a bearer token nor with a proof of another key', async () => {
    api.trust({ issuer: short.issuer, dangerously: { allowUnbound: true } })
    const session = await open(api, short.issuer)
    const { access_token: token } = await flow(session)
    expect(await call(session, token)).toEqual(refusal('binding_scheme'))
    const thief = await open(api, short.issuer)
    expect(await call(session, token, thief.DPoP)).toEqual(refusal('binding_mismatch'))
  })
})

test('Options: agentClients says that a client is an agent, since the tokens do not', async () => {
  const session = await open(api, short.issuer)
  const [forItself, forAlice] = [await clientFlow(session), await deviceFlow(session)]
  const seen = async ({ access_token: token }: Tokens) => (await call(session, token, session.DPoP)).body

  api.trust({ issuer: short.issuer, agentClients: [{ client: client.id, actsFor: 'users' }] })
  expect(await seen(forAlice)).toMatchObject({ subject: 'alice', authority: 'delegated', isActor: false })
  api.trust({ issuer: short.issuer, agentClients: [client.id] })
  expect(await seen(forItself)).toMatchObject({ subject: client.id, authority: 'independent', isActor: true })
  expect(await seen(forAlice)).toMatchObject({ authority: 'undetermined' })
})

describe('mutual TLS', () => {
  const identity = (certificate: TestCertificate | undefined) => ({
    ca: [server.certificate],
    ...(certificate && { key: certificate.key, cert: certificate.certificate }),
  })

  async function certificateFlow(issuer: string): Promise<string> {
    const { config } = await open(secureApi, issuer)
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...asked(secureApi) })
    const basic = Buffer.from(`${auditor.id}:${encodeURIComponent(auditor.secret)}`).toString('base64')
    const answer = await mtlsRequest(identity(own), {
      method: 'POST',
      url: config.serverMetadata().mtls_endpoint_aliases?.token_endpoint ?? '',
      headers: { authorization: `Basic ${basic}` },
      body,
    })
    return (answer.body as { access_token: string }).access_token
  }

  async function present(token: string, certificate: TestCertificate | undefined) {
    const headers = { authorization: `Bearer ${token}` }
    const { status, body } = await mtlsRequest(identity(certificate), {
      method: 'GET',
      url: `${secureApi.resource}/tools`,
      headers,
    })
    return { status, body, hint: secureApi.hint() }
  }

  test('RFC 8705 §3: a bound token of five minutes needs no option, and its certificate', async () => {
    secureApi.trust({ issuer: short.issuer })
    const token = await certificateFlow(short.issuer)
    expect(await present(token, own)).toMatchObject({
      status: 200,
      body: { subject: auditor.id, method: 'mtls', warnings: [] },
    })
    expect(await present(token, other)).toEqual(refusal('binding_mismatch'))
    expect(await present(token, undefined)).toEqual(refusal('certificate_missing'))
  })

  test('Options: with the defaults of the provider it needs maxTokenSeconds', async () => {
    const token = await certificateFlow(stock.issuer)
    secureApi.trust({ issuer: stock.issuer })
    expect(await present(token, own)).toEqual(refusal('token_lifetime', 'issuer.maxTokenSeconds'))
    secureApi.trust({ issuer: stock.issuer, maxTokenSeconds: 600 })
    expect(await present(token, own)).toMatchObject({ status: 200, body: { method: 'mtls' } })
  })
})

test('Options: a token that no proof was sent for needs allowUnbound', async () => {
  const session = await open(api, short.issuer)
  const { access_token: token } = await unboundFlow(session)
  api.trust({ issuer: short.issuer })
  expect(await call(session, token)).toEqual(refusal('binding_missing', 'issuer.dangerously.allowUnbound'))
  api.trust({ issuer: short.issuer, dangerously: { allowUnbound: true } })
  expect(await call(session, token)).toMatchObject({ status: 200, body: { method: 'none' } })
})

test('RFC 9068 §4: a token for another resource is token_audience', async () => {
  api.trust({ issuer: short.issuer })
  const session = await open(api, short.issuer)
  const { config, DPoP } = session
  const elsewhere = { ...asked(api), resource: 'https://other.example.test' }
  const { access_token: token } = await openid.clientCredentialsGrant(config, elsewhere, { DPoP })
  expect(await call(session, token, DPoP)).toEqual(refusal('token_audience', 'audience'))
})

/** All that the options of an issuer can relax for tokens as these. */
const everything = (issuer: string): IssuerOptions => ({
  issuer,
  maxTokenSeconds: 31_536_000,
  audience: [api.resource, client.id],
  optionalClaims: ['client_id', 'jti', 'iat'],
  dangerously: { allowUnbound: true, allowMissingAudience: { clients: [client.id] } },
})

test('RFC 9068 §4: an ID token is token_type, with every relaxation', async () => {
  const session = await open(api, short.issuer)
  const { id_token: token = '' } = await codeFlow(session)
  for (const trust of [{ issuer: short.issuer }, everything(short.issuer)]) {
    api.trust(trust)
    for (const DPoP of [session.DPoP, undefined]) {
      expect(await call(session, token, DPoP)).toMatchObject(refusal('token_type', 'issuer.dialect'))
    }
  }
})

test('RFC 6749 §1.5: a refresh token is refused, with every relaxation', async () => {
  const session = await open(api, short.issuer)
  const { refresh_token: token = '' } = await codeFlow(session)
  for (const trust of [{ issuer: short.issuer }, everything(short.issuer)]) {
    api.trust(trust)
    for (const DPoP of [session.DPoP, undefined]) {
      expect(await call(session, token, DPoP)).toMatchObject({ status: 401, body: { code: 'token_malformed' } })
    }
  }
})

test('Options: an opaque access token, as clients get without a resource, is token_malformed', async () => {
  api.trust(everything(short.issuer))
  const session = await open(api, short.issuer)
  const { config, DPoP } = session
  const { access_token: token } = await openid.clientCredentialsGrant(config, {}, { DPoP })
  expect(token).not.toContain('.')
  expect(await call(session, token, DPoP)).toMatchObject({ status: 401, body: { code: 'token_malformed' } })
})
