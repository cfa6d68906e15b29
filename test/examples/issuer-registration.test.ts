import { describe, expect, test } from 'vitest'
import { createSigningKey, type SigningKey } from '../../examples/agents/signing-key.ts'
import type { Invitation } from '../../examples/issuer/invitations.ts'
import { type Answer, ask, outcome, post, type Sender, send } from './issuer-requests.ts'
import { apis, keyMetadata, registered, type Setup, setUp } from './issuer-setup.ts'

const invitation: Invitation = {
  owner: 'Travel team',
  client_profile: 'ai_agent',
  scope: 'trip:read trip:book',
  may_reach: [apis.trips],
}

function metadataOf(key: SigningKey): Record<string, unknown> {
  return {
    client_name: 'New agent',
    owner: 'Travel team',
    scope: 'trip:read',
    grant_types: ['client_credentials'],
    ...keyMetadata(key),
  }
}

function register({ issuer }: Setup, token: string | undefined, metadata: object): Promise<Answer> {
  return post(issuer, '/reg', JSON.stringify(metadata), {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  })
}

type Change = (
  metadata: Record<string, unknown>,
  setup: Setup,
) => Record<string, unknown> | Promise<Record<string, unknown>>
const bad = '400 invalid_client_metadata'

const kinds: readonly [title: string, expected: string, change: Change][] = [
  ['the good one', '201', () => ({})],
  ['all that was agreed on', '201', () => ({ scope: invitation.scope })],
  ['no owner', bad, () => ({ owner: undefined })],
  ['another owner than was invited', bad, () => ({ owner: 'Other team' })],
  ['no key', bad, () => ({ jwks: undefined })],
  ['an empty key set', bad, () => ({ jwks: { keys: [] } })],
  ['five keys', bad, ({ jwks }) => ({ jwks: { keys: Array(5).fill((jwks as { keys: object[] }).keys[0]) } })],
  ['a private key', bad, ({ jwks }) => ({ jwks: { keys: [{ ...(jwks as { keys: object[] }).keys[0], d: 'AAAA' }] } })],
  ['a symmetric key', bad, () => ({ jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } })],
  ['an RSA key', bad, () => ({ jwks: { keys: [{ kty: 'RSA', n: 'AAAA', e: 'AQAB' }] } })],
  ['keys elsewhere', bad, () => ({ jwks: undefined, jwks_uri: 'https://keys.example.test/jwks' })],
  ['keys here and elsewhere', bad, () => ({ jwks_uri: 'https://keys.example.test/jwks' })],
  ['redirect URIs elsewhere', bad, (_, { issuer }) => ({ sector_identifier_uri: issuer.replace('http', 'https') })],
  ['a secret', bad, () => ({ client_secret: 'secret' })],
  ['authentication by a secret', bad, () => ({ token_endpoint_auth_method: 'client_secret_basic' })],
  ['authentication by a secret in an assertion', bad, () => ({ token_endpoint_auth_method: 'client_secret_jwt' })],
  ['no authentication', bad, () => ({ token_endpoint_auth_method: 'none' })],
  ['authentication left out, which means a secret', bad, () => ({ token_endpoint_auth_method: undefined })],
  ['refresh tokens', bad, () => ({ grant_types: ['client_credentials', 'refresh_token'] })],
  [
    'the implicit grant',
    bad,
    () => ({ grant_types: ['implicit'], response_types: ['token'], redirect_uris: ['https://a.example.test'] }),
  ],
  ['the grant of passwords', bad, () => ({ grant_types: ['password'] })],
  ['tokens that are not bound', bad, () => ({ dpop_bound_access_tokens: false })],
  ['binding left out', bad, () => ({ dpop_bound_access_tokens: undefined })],
  ['a scope that was not agreed on', bad, () => ({ scope: 'trip:read pay' })],
  ['a name with line breaks', bad, () => ({ client_name: 'New\nagent' })],
  ['a name of many pages', bad, () => ({ client_name: 'a'.repeat(257) })],
  ['codes by form', bad, () => ({ response_modes: ['form_post'] })],
  [
    'a redirect URI without TLS',
    '400 invalid_redirect_uri',
    () => ({ grant_types: ['authorization_code'], response_types: ['code'], redirect_uris: ['http://a.example.test'] }),
  ],
]

test.each(kinds)('RFC 7591 §3.2.2: %s: %s', async (_title, expected, change) => {
  const setup = await setUp()
  const metadata = metadataOf(await createSigningKey())
  const changed = { ...metadata, ...(await change(metadata, setup)) }
  const answer = await register(setup, await setup.running.invite(invitation), changed)
  expect(outcome(answer)).toBe(expected)
  if (expected === '201') expect(answer.body).not.toHaveProperty('client_secret')
})

test('RFC 7591 §2: rights come from the invitation, and what the registration says of them is ignored', async () => {
  const setup = await setUp()
  const claimed = {
    client_profile: 'web_app',
    may_reach: [apis.payments],
    may_exchange: [apis.booking],
    may_introspect: [apis.booking],
    may_follow: ['agent-a'],
    names_actor: 'booker',
    client_id: 'agent-a',
  }
  const { status, body } = await register(setup, await setup.running.invite(invitation), {
    ...metadataOf(await createSigningKey()),
    ...claimed,
  })
  expect(status).toBe(201)
  expect(body).toMatchObject({ client_profile: 'ai_agent', may_reach: [apis.trips], owner: 'Travel team' })
  for (const member of ['may_exchange', 'may_introspect', 'may_follow', 'names_actor'])
    expect(body).not.toHaveProperty(member)
  expect(body['client_id']).not.toBe('agent-a')
})

describe('every client has keys of its own', () => {
  const clientWith = (id: string, key: SigningKey) => ({
    client_id: id,
    ...registered.booker,
    ...keyMetadata(key),
  })

  test('RFC 7591 §3.2.2: a registration with the key of another client, also in another spelling; the invitation stays good', async () => {
    const setup = await setUp()
    const taken = setup.keyOf('booker')
    const { x = '' } = taken.publicJwk
    // The last character carries bits that mean nothing.
    const spelt = `${x.slice(0, -1)}${nextSpelling(x.slice(-1))}`
    const token = await setup.running.invite(invitation)
    for (const publicJwk of [taken.publicJwk, { ...taken.publicJwk, x: spelt, kid: 'mine' }]) {
      expect(outcome(await register(setup, token, metadataOf({ ...taken, publicJwk })))).toBe(bad)
    }
    expect(outcome(await register(setup, token, metadataOf(await createSigningKey())))).toBe('201')
  })

  test('RFC 7591 §3.2.2: of two registrations with one key at the same time, one is admitted', async () => {
    const setup = await setUp()
    const key = await createSigningKey()
    const tokens = [await setup.running.invite(invitation), await setup.running.invite(invitation)]
    const answers = await Promise.all(tokens.map((token) => register(setup, token, metadataOf(key))))
    expect(answers.map(outcome).sort()).toEqual(['201', bad])
  })

  test('RFC 7592 §2.2: an update to the key of another client; to a new one of its own, and back', async () => {
    const setup = await setUp()
    const key = await createSigningKey()
    const { body } = await register(setup, await setup.running.invite(invitation), metadataOf(key))
    const { registration_client_uri: uri, client_id } = body
    let token = body['registration_access_token']
    const update = async (changed: SigningKey) => {
      const metadata = JSON.stringify({ ...metadataOf(changed), client_id })
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
      const answer = await send(setup.issuer, new URL(String(uri)).pathname, 'PUT', metadata, headers)
      token = answer.body['registration_access_token'] ?? token
      return outcome(answer)
    }
    expect(await update(setup.keyOf('booker'))).toBe(bad)
    expect([await update(key), await update(await createSigningKey())]).toEqual(['200', '200'])
  })

  test('Examples: the operator is told, and the client that was there stays', async () => {
    const { running, keyOf } = await setUp()
    await expect(running.addClient(clientWith('second', keyOf('tool')))).rejects.toThrow()
    await expect(running.addClient(clientWith('booker', keyOf('tool')))).rejects.toThrow()
    await running.addClient(clientWith('booker', keyOf('booker')))
    // Its key is free once a client is gone.
    await running.revokeAgent('tool')
    await running.addClient(clientWith('second', keyOf('tool')))
  })
})

/** Of the last character of 32 bytes in base64url: the same four bits, and others that mean nothing. */
function nextSpelling(last: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet[alphabet.indexOf(last) ^ 1] ?? ''
}

describe('invitations', () => {
  const noToken: readonly [title: string, token: (setup: Setup) => Promise<string | undefined>][] = [
    ['none', async () => undefined],
    ['one that was made up', async () => 'a'.repeat(43)],
    ['an access token', (setup) => setup.tokenOfAlice()],
  ]
  test.each(noToken)('RFC 7591 §3: %s', async (_title, token) => {
    const setup = await setUp()
    const answer = await register(setup, await token(setup), metadataOf(await createSigningKey()))
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(['invalid_token', 'invalid_request']).toContain(answer.error)
  })

  test('RFC 7591 §3: one is good once, also at the same time, and a failure gives it back', async () => {
    const setup = await setUp()
    const metadata = metadataOf(await createSigningKey())
    const token = await setup.running.invite(invitation)
    expect(outcome(await register(setup, token, { ...metadata, owner: 'Other team' }))).toBe(bad)
    const answers = await Promise.all([1, 2, 3, 4].map(() => register(setup, token, metadata)))
    expect(answers.map(outcome).sort()).toEqual(['201', ...Array(3).fill('401 invalid_token')])
    expect(outcome(await register(setup, token, metadata))).toBe('401 invalid_token')
  })
})

interface Registered {
  readonly sender: Sender
  readonly path: string
  readonly headers: Record<string, string>
  readonly metadata: Record<string, unknown>
}

async function registerWell(setup: Setup): Promise<Registered> {
  const key = await createSigningKey()
  const metadata = metadataOf(key)
  const { body } = await register(setup, await setup.running.invite(invitation), metadata)
  const id = String(body['client_id'])
  return {
    sender: { id, clientKey: key, proofKey: await createSigningKey() },
    path: `/reg/${id}`,
    headers: { authorization: `Bearer ${body['registration_access_token']}`, 'content-type': 'application/json' },
    metadata: { ...metadata, client_id: id },
  }
}

const updates: readonly [title: string, expected: string, changes: object][] = [
  ['the good one', '200', { client_name: 'Newer agent' }],
  ['another owner', bad, { owner: 'Other team' }],
  ['a wider scope', bad, { scope: 'trip:read pay' }],
  ['a secret', '400 invalid_request', { client_secret: 'secret' }],
  ['refresh tokens', bad, { grant_types: ['refresh_token'] }],
  ['tokens that are not bound', bad, { dpop_bound_access_tokens: false }],
  ['no key', bad, { jwks: undefined }],
  ['another client', '400 invalid_request', { client_id: 'agent-a' }],
]

test.each(updates)('RFC 7592 §2.2: %s: %s', async (_title, expected, changes) => {
  const setup = await setUp()
  const { path, headers, metadata } = await registerWell(setup)
  const rights = { may_reach: [apis.payments], may_follow: ['agent-a'], client_profile: 'service' }
  const answer = await send(setup.issuer, path, 'PUT', JSON.stringify({ ...metadata, ...rights, ...changes }), headers)
  expect(outcome(answer)).toBe(expected)
  if (expected === '200') expect(answer.body).toMatchObject({ client_profile: 'ai_agent', may_reach: [apis.trips] })
})

test('RFC 7592 §2: the token of one registration manages no other', async () => {
  const setup = await setUp()
  const [one, other] = [await registerWell(setup), await registerWell(setup)]
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const body = method === 'PUT' ? JSON.stringify(one.metadata) : undefined
    const { headers } = await registerWell(setup)
    expect(outcome(await send(setup.issuer, one.path, method, body, headers))).toBe('401 invalid_token')
  }
  expect(outcome(await send(setup.issuer, '/reg/agent-a', 'GET', undefined, other.headers))).toBe('401 invalid_token')
  expect(outcome(await send(setup.issuer, one.path, 'GET', undefined, one.headers))).toBe('200')
})

test('RFC 7592 §2.3: a client that is deleted has no tokens any more, and resource servers hear of it', async () => {
  const setup = await setUp()
  const { sender, path, headers } = await registerWell(setup)
  const form = { grant_type: 'client_credentials', resource: apis.trips, scope: 'trip:read' }
  expect(outcome(await ask(setup, sender, form))).toBe('200')
  expect(outcome(await send(setup.issuer, path, 'DELETE', undefined, headers))).toBe('204')
  expect(setup.revocations).toEqual([
    { issuer: setup.issuer, token: expect.any(String) },
    { issuer: setup.issuer, party: sender.id, issuedBefore: expect.any(Number) },
    { issuer: setup.issuer, client: sender.id, issuedBefore: expect.any(Number) },
  ])
  expect(outcome(await ask(setup, sender, form))).toBe('401 invalid_client')
  expect(outcome(await send(setup.issuer, path, 'GET', undefined, headers))).toBe('401 invalid_token')
})
