import type { IssuerOptions, RefusalCode } from 'onbehalf'
import { createTestCertificate, type TestCertificate } from 'onbehalf/testing'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { mtlsRequest } from '../../examples/agents/mtls-request.ts'
import { type Api, auditor, browse, callback, client, deviceGrant, startApi, startProvider } from './oidc-setup.ts'

let stock: Awaited<ReturnType<typeof startProvider>>
/** Set to `accessTokenTTL: 300`, and to nothing else. */
let short: typeof stock
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
    startProvider(server, { accessTokenTTL: 300 }),
    startApi(),
    startApi(server),
  ])
})
afterAll(() => {
  for (const started of [stock, short, api, secureApi]) started.close()
  vi.restoreAllMocks()
})

interface Session {
  readonly config: openid.Configuration
  readonly DPoP: openid.DPoPHandle
}

async function open(issuer: string): Promise<Session> {
  const execute = [openid.allowInsecureRequests]
  const config = await openid.discovery(new URL(issuer), client.id, client.secret, undefined, { execute })
  return { config, DPoP: openid.getDPoPHandle(config, await openid.randomDPoPKeyPair()) }
}

type Tokens = Awaited<ReturnType<typeof openid.clientCredentialsGrant>>

const asked = () => ({ scope: 'tools:read', resource: api.resource })

/** Each with the seconds that its tokens live unless the settings of the provider say otherwise. */
const flows = [
  { name: 'RFC 6749 §4.4: client credentials', flow: clientFlow, subject: client.id, life: 600 },
  { name: 'RFC 7636 §4.5: an authorization code with PKCE', flow: codeFlow, subject: 'alice', life: 3_600 },
  { name: 'RFC 8628 §3.4: a device code', flow: deviceFlow, subject: 'alice', life: 3_600 },
] as const

async function clientFlow({ config, DPoP }: Session): Promise<Tokens> {
  return openid.clientCredentialsGrant(config, asked(), { DPoP })
}

async function codeFlow({ config, DPoP }: Session): Promise<Tokens> {
  const pkceCodeVerifier = openid.randomPKCECodeVerifier()
  const url = openid.buildAuthorizationUrl(config, {
    ...asked(),
    scope: 'openid offline_access tools:read',
    // OpenID Connect Core §11: a refresh token takes consent.
    prompt: 'consent',
    redirect_uri: callback,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  const answer = await browse(url)
  if (answer === undefined) throw new Error('The browser was not sent back.')
  return openid.authorizationCodeGrant(config, answer, { pkceCodeVerifier, idTokenExpected: true }, asked(), { DPoP })
}

async function deviceFlow({ config, DPoP }: Session): Promise<Tokens> {
  const { device_code: code, verification_uri_complete: uri = '' } = await openid.initiateDeviceAuthorization(
    config,
    asked(),
  )
  expect(await browse(new URL(uri))).toBeUndefined()
  return openid.genericGrantRequest(config, deviceGrant, { device_code: code, ...asked() }, { DPoP })
}

/** What the same client gets when it sends no proof. */
async function unboundFlow({ config }: Session): Promise<Tokens> {
  return openid.clientCredentialsGrant(config, asked())
}

/** Under the scheme DPoP where there is a key to prove, else Bearer. */
async function call({ config }: Session, token: string, DPoP?: openid.DPoPHandle) {
  const options = DPoP === undefined ? {} : { DPoP }
  const url = new URL(`${api.resource}/tools`)
  const response = await openid
    .fetchProtectedResource(config, token, url, 'GET', undefined, undefined, options)
    .catch((error: unknown) => {
      if (error instanceof openid.WWWAuthenticateChallengeError) return error.response
      throw error
    })
  return { status: response.status, body: (await response.json()) as Record<string, unknown>, hint: api.hint() }
}

function refusal(code: RefusalCode, hint?: string) {
  return { status: 401, body: expect.objectContaining({ code }) as object, hint }
}

describe.each(flows)('$name', ({ flow, subject, life }) => {
  test('RFC 9449 §7.1: a bound token of five minutes needs no option', async () => {
    api.trust({ issuer: short.issuer })
    const session = await open(short.issuer)
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
    const session = await open(stock.issuer)
    const { access_token: token } = await flow(session)
    for (const maxTokenSeconds of [undefined, life - 1]) {
      api.trust({ issuer: stock.issuer, maxTokenSeconds })
      const answer = await call(session, token, session.DPoP)
      expect(answer).toEqual(refusal('token_lifetime', 'issuer.maxTokenSeconds'))
    }
    api.trust({ issuer: stock.issuer, maxTokenSeconds: life })
    expect(await call(session, token, session.DPoP)).toMatchObject({ status: 200, body: { subject, method: 'dpop' } })
  })

  test('PRES-09: it does not pass without its proof', async () => {
    api.trust({ issuer: short.issuer, dangerously: { allowUnbound: true } })
    const session = await open(short.issuer)
    const { access_token: token } = await flow(session)
    expect(await call(session, token)).toEqual(refusal('binding_scheme'))
    const thief = await open(short.issuer)
    expect(await call(session, token, thief.DPoP)).toEqual(refusal('binding_mismatch'))
  })
})

test('Options: agentClients says that a client is an agent, since the tokens do not', async () => {
  const session = await open(short.issuer)
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
    const { config } = await open(issuer)
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...asked(), resource: secureApi.resource })
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
  const session = await open(short.issuer)
  const { access_token: token } = await unboundFlow(session)
  api.trust({ issuer: short.issuer })
  expect(await call(session, token)).toEqual(refusal('binding_missing', 'issuer.dangerously.allowUnbound'))
  api.trust({ issuer: short.issuer, dangerously: { allowUnbound: true } })
  expect(await call(session, token)).toMatchObject({ status: 200, body: { method: 'none' } })
})

test('RFC 8707 §2: a token for another resource is token_audience', async () => {
  api.trust({ issuer: short.issuer })
  const session = await open(short.issuer)
  const { config, DPoP } = session
  const elsewhere = { ...asked(), resource: 'https://other.example.test' }
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
  const session = await open(short.issuer)
  const { id_token: token = '' } = await codeFlow(session)
  for (const trust of [{ issuer: short.issuer }, everything(short.issuer)]) {
    api.trust(trust)
    for (const DPoP of [session.DPoP, undefined]) {
      expect(await call(session, token, DPoP)).toMatchObject(refusal('token_type'))
    }
  }
})

test('RFC 6749 §1.5: a refresh token is refused, with every relaxation', async () => {
  const session = await open(short.issuer)
  const { refresh_token: token = '' } = await codeFlow(session)
  for (const trust of [{ issuer: short.issuer }, everything(short.issuer)]) {
    api.trust(trust)
    for (const DPoP of [session.DPoP, undefined]) {
      expect(await call(session, token, DPoP)).toMatchObject(refusal('token_malformed'))
    }
  }
})

test('RFC 6749 §1.4: an opaque access token, as clients get without a resource, is token_malformed', async () => {
  api.trust(everything(short.issuer))
  const session = await open(short.issuer)
  const { config, DPoP } = session
  const { access_token: token } = await openid.clientCredentialsGrant(config, {}, { DPoP })
  expect(token).not.toContain('.')
  expect(await call(session, token, DPoP)).toMatchObject(refusal('token_malformed'))
})
