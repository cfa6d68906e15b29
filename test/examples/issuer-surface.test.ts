import { expect, test } from 'vitest'
import { ask, outcome, send, sender } from './issuer-requests.ts'
import { setUp } from './issuer-setup.ts'

test('RFC 8414 §2: the metadata offer what is given, and nothing else', async () => {
  const { issuer } = await setUp()
  for (const name of ['openid-configuration', 'oauth-authorization-server']) {
    const { body } = await send(issuer, `/.well-known/${name}`, 'GET', undefined, { host: 'other.example.test' })
    expect(body).toMatchObject({
      issuer,
      token_endpoint: `${issuer}/token`,
      authorization_endpoint: `${issuer}/auth`,
      jwks_uri: `${issuer}/jwks`,
      grant_types_supported: [
        'authorization_code',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:device_code',
        'urn:ietf:params:oauth:grant-type:token-exchange',
      ],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['private_key_jwt', 'self_signed_tls_client_auth'],
      authorization_response_iss_parameter_supported: true,
      claims_parameter_supported: false,
      request_uri_parameter_supported: false,
    })
    for (const member of ['userinfo_endpoint', 'end_session_endpoint', 'request_parameter_supported']) {
      expect(body).not.toHaveProperty(member)
    }
    expect(JSON.stringify(body)).not.toContain('other.example.test')
  }
})

const absent: readonly [method: string, path: string][] = [
  ['GET', '/me'],
  ['POST', '/me'],
  ['GET', '/session/end'],
  ['POST', '/auth'],
  ['GET', '/reg'],
  ['POST', '/backchannel'],
  ['POST', '/challenge'],
  ['GET', '/interaction/x/abort'],
]

test.each(absent)('Examples: the issuer has no %s %s', async (method, path) => {
  const { issuer } = await setUp()
  const { status } = await send(issuer, path, method, undefined, {})
  expect([400, 404, 405]).toContain(status)
})

test('RFC 8707 §2: no token without a resource', async () => {
  const setup = await setUp()
  const agent = await sender(setup, 'agent-a')
  const form = { grant_type: 'client_credentials', scope: 'trip:read' }
  expect(outcome(await ask(setup, agent, form))).toBe('400 invalid_target')
  const several = { ...form, resource: ['https://trips.example.test', 'https://booking.example.test'] }
  expect(outcome(await ask(setup, agent, several))).toBe('400 invalid_target')
})

test('RFC 6749 §10.3: the page of another site reads no answer with a token', async () => {
  const setup = await setUp()
  const agent = await sender(setup, 'agent-a')
  const form = { grant_type: 'client_credentials', resource: 'https://trips.example.test', scope: 'trip:read' }
  expect(outcome(await ask(setup, agent, form))).toBe('200')
  const answer = await ask(setup, agent, form, { headers: { origin: 'https://evil.example.test' } })
  expect(outcome(answer)).toBe('400 invalid_request')
  expect(answer.headers.get('access-control-allow-origin')).toBeNull()
})

test('Examples: an unknown grant type, and one that is known but not of the client, have their own errors', async () => {
  const setup = await setUp()
  const booker = await sender(setup, 'booker')
  expect(outcome(await ask(setup, booker, { grant_type: 'password', username: 'alice', password: 'x' }))).toBe(
    '400 unsupported_grant_type',
  )
  expect(outcome(await ask(setup, booker, { grant_type: 'authorization_code', code: 'x' }))).toBe(
    '400 unauthorized_client',
  )
})
