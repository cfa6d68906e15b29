import { request as httpsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import { createTestCertificate } from 'onbehalf/testing'
import * as openid from 'openid-client'
import { describe, expect, test } from 'vitest'
import { createSigningKey } from '../../examples/agents/signing-key.ts'
import { tokenExchangeGrant } from '../../examples/issuer/token-exchange.ts'
import {
  apis,
  type ClientName,
  callback,
  certificateMetadata,
  keyMetadata,
  registered,
  type Setup,
  setUp,
} from './issuer-setup.ts'

/** openid-client as an application has it: nothing of the issuer is known but its identifier. */
interface Session {
  readonly config: openid.Configuration
  readonly DPoP: openid.DPoPHandle
}

const execute = [openid.allowInsecureRequests]

async function open(setup: Setup, id: ClientName): Promise<Session> {
  const key = { key: setup.keyOf(id).privateKey }
  const config = await openid.discovery(new URL(setup.issuer), id, {}, openid.PrivateKeyJwt(key), { execute })
  return { config, DPoP: openid.getDPoPHandle(config, await openid.randomDPoPKeyPair()) }
}

type Tokens = Awaited<ReturnType<typeof openid.clientCredentialsGrant>>

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const trips = { resource: apis.trips, scope: 'trip:read' }

async function byCode(setup: Setup, usePar: boolean): Promise<Tokens> {
  const { config, DPoP } = await open(setup, 'portal')
  const pkceCodeVerifier = openid.randomPKCECodeVerifier()
  const expectedState = openid.randomState()
  const parameters = {
    ...trips,
    scope: 'openid trip:read trip:book',
    redirect_uri: callback,
    state: expectedState,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  }
  const url = usePar
    ? await openid.buildAuthorizationUrlWithPAR(config, parameters, { DPoP })
    : openid.buildAuthorizationUrl(config, parameters)
  const { leftTo } = await setup.alice.visit(url.href)
  if (leftTo === undefined) throw new Error('The person was not sent back.')
  const checks = { pkceCodeVerifier, expectedState, idTokenExpected: true }
  return openid.authorizationCodeGrant(config, leftTo, checks, trips, { DPoP })
}

async function byDevice(setup: Setup, session?: Session): Promise<Tokens> {
  const { config, DPoP } = session ?? (await open(setup, 'agent-a'))
  const device = await openid.initiateDeviceAuthorization(config, { ...trips, scope: 'trip:read trip:book pay' })
  await setup.alice.allowDevice(device.verification_uri, device.user_code)
  return openid.pollDeviceAuthorizationGrant(config, { ...device, interval: 0 }, trips, { DPoP })
}

async function byItself(setup: Setup): Promise<Tokens> {
  const { config, DPoP } = await open(setup, 'agent-a')
  return openid.clientCredentialsGrant(config, trips, { DPoP })
}

async function byExchange(setup: Setup): Promise<Tokens> {
  const session = await open(setup, 'agent-a')
  const { config, DPoP } = session
  const subject = await byDevice(setup, session)
  const actor = await openid.clientCredentialsGrant(config, { resource: setup.issuer, scope: 'agent:act' }, { DPoP })
  return openid.genericGrantRequest(
    config,
    tokenExchangeGrant,
    {
      subject_token: subject.access_token,
      subject_token_type: accessTokenType,
      actor_token: actor.access_token,
      actor_token_type: accessTokenType,
      resource: apis.booking,
    },
    { DPoP },
  )
}

/** Each connection with the certificate: what `fetch` of Node 20 cannot do. */
async function byCertificate(setup: Setup): Promise<Tokens> {
  const client = await createTestCertificate({ commonName: 'auditor' })
  const metadata = { client_id: 'auditor', ...registered.auditor, ...certificateMetadata(client) }
  await setup.running.addClient(metadata as never)
  const identity = { key: client.key, cert: client.certificate, rejectUnauthorized: false }
  const config = await openid.discovery(
    new URL(setup.issuer),
    'auditor',
    { use_mtls_endpoint_aliases: true },
    openid.TlsClientAuth(),
    { execute },
  )
  config[openid.customFetch] = async (url, { method, headers, body }) => {
    const request = httpsRequest(url, { ...identity, method, headers })
    const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      request.once('response', resolve).once('error', reject)
      request.end(body === null || body === undefined ? undefined : String(body))
    })
    return new Response(await text(response), {
      status: response.statusCode ?? 0,
      headers: { 'content-type': String(response.headers['content-type']) },
    })
  }
  return openid.clientCredentialsGrant(config, trips)
}

const flows: readonly [title: string, flow: (setup: Setup) => Promise<Tokens>, expected: object][] = [
  [
    'RFC 6749 §4.1: authorization code with PKCE and DPoP',
    (setup) => byCode(setup, false),
    { token_type: 'dpop', scope: 'trip:read trip:book' },
  ],
  ['RFC 9126 §2: the same with a pushed request', (setup) => byCode(setup, true), { token_type: 'dpop' }],
  ['RFC 8628 §3.4: device code', (setup) => byDevice(setup), { token_type: 'dpop', scope: 'trip:read trip:book pay' }],
  ['RFC 6749 §4.4: client credentials', byItself, { token_type: 'dpop', scope: 'trip:read' }],
  [
    'RFC 8693 §2: token exchange',
    byExchange,
    { token_type: 'dpop', scope: 'trip:book pay', issued_token_type: accessTokenType },
  ],
  ['RFC 8705 §2.2: client credentials with a certificate', byCertificate, { token_type: 'bearer', scope: 'trip:read' }],
]

describe('openid-client, unchanged', () => {
  test.each(flows)('%s', async (_title, flow, expected) => {
    const tokens = await flow(await setUp())
    expect(tokens).toMatchObject(expected)
    expect(tokens.expires_in).toBeLessThanOrEqual(300)
    expect(tokens).not.toHaveProperty('refresh_token')
  })

  test('RFC 7662 §2, RFC 7009 §2: introspection and revocation', async () => {
    const setup = await setUp()
    const session = await open(setup, 'agent-a')
    const { access_token: token } = await byDevice(setup, session)
    expect(await openid.tokenIntrospection(session.config, token)).toMatchObject({ active: true, sub: 'alice' })
    await openid.tokenRevocation(session.config, token)
    expect(await openid.tokenIntrospection(session.config, token)).toEqual({ active: false })
  })

  test('RFC 7591 §3: registration', async () => {
    const setup = await setUp()
    const initialAccessToken = await setup.running.invite({
      owner: 'Travel team',
      client_profile: 'ai_agent',
      scope: 'trip:read',
      may_reach: [apis.trips],
    })
    const key = await createSigningKey()
    const { token_endpoint_auth_method, dpop_bound_access_tokens, jwks } = keyMetadata(key)
    const config = await openid.dynamicClientRegistration(
      new URL(setup.issuer),
      {
        client_name: 'New agent',
        owner: 'Travel team',
        grant_types: ['client_credentials'],
        response_types: [],
        ...{ token_endpoint_auth_method, dpop_bound_access_tokens },
        jwks: jwks as unknown as openid.JsonObject,
      } as Partial<openid.ClientMetadata>,
      openid.PrivateKeyJwt({ key: key.privateKey }),
      { execute, initialAccessToken },
    )
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair())
    expect(await openid.clientCredentialsGrant(config, trips, { DPoP })).toMatchObject({ token_type: 'dpop' })
  })
})
