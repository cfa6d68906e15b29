import type { IssuerOptions } from 'onbehalf'
import { createTestCertificate } from 'onbehalf/testing'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { asked, call, clientFlow, codeFlow, deviceFlow, open, refusal, unboundFlow } from './oidc-client.ts'
import { type Api, client, introspector, type RunningProvider, startApi, startProvider } from './oidc-setup.ts'

/** Its tokens are opaque and live as long as its defaults say. */
let stock: RunningProvider
/** Its opaque tokens live five minutes, and those of clients name their subject. */
let short: RunningProvider
let jwt: RunningProvider
let api: Api

beforeAll(async () => {
  // It says at length that its defaults are for development.
  for (const name of ['info', 'warn'] as const) vi.spyOn(console, name).mockImplementation(() => {})
  const certificate = await createTestCertificate({ commonName: 'localhost', hosts: ['127.0.0.1'] })
  const opaque = { accessTokenFormat: 'opaque', accessTokenTTL: 300 } as const
  ;[stock, short, jwt, api] = await Promise.all([
    startProvider(certificate, { resourceServer: { accessTokenFormat: 'opaque' } }),
    startProvider(certificate, {
      resourceServer: opaque,
      extraTokenClaims: (_, { kind, clientId }) => (kind === 'ClientCredentials' ? { sub: clientId } : {}),
    }),
    startProvider(certificate, { resourceServer: { accessTokenTTL: 300 } }),
    startApi(),
  ])
})
afterAll(() => {
  for (const started of [stock, short, jwt, api]) started.close()
  vi.restoreAllMocks()
})

const introspection = { client: introspector }
const asking = (issuer: string, more: Partial<IssuerOptions> = {}) => api.trust({ issuer, introspection, ...more })

describe.each([
  { name: 'RFC 7636 §4.5: an authorization code with PKCE', flow: codeFlow },
  { name: 'RFC 8628 §3.4: a device code', flow: deviceFlow },
])('$name', ({ flow }) => {
  test('Options: an opaque token that is bound needs introspection, and no other option', async () => {
    const session = await open(api, short.issuer)
    const { access_token: token } = await flow(session)
    expect(token).not.toContain('.')
    asking(short.issuer)
    // The second one is answered from the cache.
    for (let round = 0; round < 2; round++) {
      expect(await call(session, token, session.DPoP)).toMatchObject({
        status: 200,
        body: { subject: 'alice', client: client.id, scopes: ['tools:read'], method: 'dpop' },
      })
    }
    api.trust({ issuer: short.issuer })
    expect(await call(session, token, session.DPoP)).toMatchObject({ status: 401, body: { code: 'token_malformed' } })
  })

  test('Options: with the defaults of the provider it needs maxTokenSeconds as well', async () => {
    const session = await open(api, stock.issuer)
    const { access_token: token } = await flow(session)
    asking(stock.issuer)
    expect(await call(session, token, session.DPoP)).toEqual(refusal('token_lifetime', 'issuer.maxTokenSeconds'))
    asking(stock.issuer, { maxTokenSeconds: 3_600 })
    expect(await call(session, token, session.DPoP)).toMatchObject({ status: 200, body: { subject: 'alice' } })
  })

  test('RFC 9449 §6.2: the binding in the answer is enforced', async () => {
    asking(short.issuer, { dangerously: { allowUnbound: true } })
    const session = await open(api, short.issuer)
    const { access_token: token } = await flow(session)
    expect(await call(session, token)).toEqual(refusal('binding_scheme'))
    const thief = await open(api, short.issuer)
    expect(await call(session, token, thief.DPoP)).toEqual(refusal('binding_mismatch'))
  })
})

test("RFC 7662 §2.2: a client's own token is unusable where the answer lacks sub, as by default", async () => {
  const session = await open(api, stock.issuer)
  const { access_token: token } = await clientFlow(session)
  asking(stock.issuer, { maxTokenSeconds: 3_600 })
  expect(await call(session, token, session.DPoP)).toMatchObject({
    status: 503,
    body: { code: 'introspection_unavailable' },
  })
})

test("RFC 7662 §2.2: a client's own token is taken where extraTokenClaims adds sub", async () => {
  const session = await open(api, short.issuer)
  const { access_token: token } = await clientFlow(session)
  asking(short.issuer)
  expect(await call(session, token, session.DPoP)).toMatchObject({ status: 200, body: { subject: client.id } })
})

test('Options: an opaque token that no proof was sent for needs allowUnbound', async () => {
  const session = await open(api, short.issuer)
  const { access_token: token } = await unboundFlow(session)
  asking(short.issuer)
  expect(await call(session, token)).toEqual(refusal('binding_missing', 'issuer.dangerously.allowUnbound'))
  asking(short.issuer, { dangerously: { allowUnbound: true } })
  expect(await call(session, token)).toMatchObject({ status: 200, body: { method: 'none' } })
})

test('RFC 7662 §2.2: a token that was revoked at the provider is token_revoked', async () => {
  asking(short.issuer)
  const session = await open(api, short.issuer)
  const { access_token: token } = await deviceFlow(session)
  await openid.tokenRevocation(session.config, token)
  expect(await call(session, token, session.DPoP)).toMatchObject(refusal('token_revoked'))
})

test('RFC 7662 §2.2: what the provider does not know is token_revoked', async () => {
  asking(short.issuer)
  const session = await open(api, short.issuer)
  expect(await call(session, 'made-up', session.DPoP)).toMatchObject(refusal('token_revoked'))
})

test('RFC 7662 §2.2: an opaque token for another resource is token_audience', async () => {
  asking(short.issuer)
  const session = await open(api, short.issuer)
  const { config, DPoP } = session
  const elsewhere = { ...asked(api), resource: 'https://other.example.test' }
  const { access_token: token } = await openid.clientCredentialsGrant(config, elsewhere, { DPoP })
  expect(await call(session, token, DPoP)).toEqual(refusal('token_audience', 'audience'))
})

/** The answer is incomplete: without a resource the provider names no aud. */
const unusable = { status: 503, body: { code: 'introspection_unavailable' } }

test('RFC 7662 §2.2: an opaque token for no resource is refused', async () => {
  asking(short.issuer, { maxTokenSeconds: 3_600 })
  const session = await open(api, short.issuer)
  const { config, DPoP } = session
  const { access_token: token } = await openid.clientCredentialsGrant(config, {}, { DPoP })
  expect(await call(session, token, DPoP)).toMatchObject(unusable)
})

test('RFC 6749 §1.5: a refresh token is refused, though the provider says that it is active', async () => {
  const session = await open(api, short.issuer)
  const { refresh_token: token = '' } = await codeFlow(session)
  const allowUnbound = true as const
  asking(short.issuer, { dangerously: { allowUnbound }, maxTokenSeconds: 31_536_000 })
  expect(await call(session, token, session.DPoP)).toMatchObject(unusable)
  expect(await call(session, token)).toMatchObject(unusable)
  const allowMissingAudience = { clients: [client.id] }
  asking(short.issuer, { dangerously: { allowUnbound, allowMissingAudience }, maxTokenSeconds: 86_400 })
  expect(await call(session, token)).toEqual(refusal('token_lifetime', 'issuer.maxTokenSeconds'))
})

test('Options: JWTs of the same issuer are judged as without introspection', async () => {
  asking(jwt.issuer)
  const session = await open(api, jwt.issuer)
  const { access_token: token, id_token: idToken = '' } = await codeFlow(session)
  expect(await call(session, token, session.DPoP)).toMatchObject({ status: 200, body: { subject: 'alice' } })
  expect(await call(session, idToken, session.DPoP)).toMatchObject(refusal('token_type', 'issuer.dialect'))
})
