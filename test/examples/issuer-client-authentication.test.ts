import { createHash, randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createProof } from '../../examples/agents/dpop-proof.ts'
import {
  type AssertionChanges,
  ask,
  assertion,
  clientCredentialsForm,
  nonceOf,
  outcome,
  type Parts,
  proof,
  type Sender,
  sender,
} from './issuer-requests.ts'
import { apis, type Setup, setUp } from './issuer-setup.ts'

afterEach(() => void vi.useRealTimers())

interface Row {
  readonly title: string
  readonly parts: (setup: Setup, agent: Sender, booker: Sender) => Promise<Parts> | Parts
  readonly outcome: string
}

const changed = (title: string, changes: (setup: Setup, booker: Sender) => AssertionChanges, outcome: string): Row => ({
  title,
  parts: async (setup, agent, booker) => ({
    assertion: await assertion(setup.issuer, agent, changes(setup, booker)),
  }),
  outcome,
})

const assertions: readonly Row[] = [
  changed('RFC 7523 §3: the good one', () => ({}), '200'),
  changed(
    'RFC 7523 §3 (3): for another authorization server',
    () => ({ aud: 'https://other.example.test' }),
    '401 invalid_client',
  ),
  changed('RFC 7523 §3 (3): for the endpoint', ({ issuer }) => ({ aud: `${issuer}/token` }), '401 invalid_client'),
  changed(
    'RFC 7523 §3 (3): for this and another server',
    ({ issuer }) => ({ aud: [issuer, 'https://other.example.test'] }),
    '401 invalid_client',
  ),
  changed(
    'RFC 7523 §3 (9): signed by the key of another client',
    (_, { clientKey }) => ({ key: clientKey }),
    '401 invalid_client',
  ),
  changed('RFC 7523 §3 (1): another client is its issuer', (_, { id }) => ({ iss: id }), '401 invalid_client'),
  changed('RFC 7523 §3 (2): another client is its subject', (_, { id }) => ({ sub: id }), '401 invalid_client'),
  changed('RFC 7523 §3 (4): expired', () => ({ expiresIn: -60 }), '401 invalid_client'),
  changed('RFC 7523 §3 (4): expires unreasonably late', () => ({ expiresIn: 3_600 }), '401 invalid_client'),
  changed('RFC 7523 §3 (7): without jti', () => ({ jti: undefined }), '401 invalid_client'),
  {
    title: 'RFC 7523 §3 (9): not signed',
    parts: async ({ issuer }, agent) => {
      const [, claims = ''] = (await assertion(issuer, agent)).split('.')
      return { assertion: `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.` }
    },
    outcome: '401 invalid_client',
  },
  {
    title: 'RFC 7523 §3 (3): for a host that the request names',
    parts: async (setup, agent) => ({
      assertion: await assertion(setup.issuer, agent, { aud: 'http://other.example.test/token' }),
      proof: await proof(setup, agent, 'http://other.example.test/token'),
      headers: { host: 'other.example.test' },
    }),
    outcome: '401 invalid_client',
  },
  {
    title: 'RFC 6749 §2.3: an assertion and a secret',
    parts: () => ({ headers: { authorization: `Basic ${Buffer.from('agent-a:secret').toString('base64')}` } }),
    outcome: '400 invalid_request',
  },
]

test.each(assertions)('$title: $outcome', async ({ parts, outcome: expected }) => {
  const setup = await setUp()
  const [agent, booker] = await Promise.all([sender(setup, 'agent-a'), sender(setup, 'booker')])
  expect(outcome(await ask(setup, agent, clientCredentialsForm(), await parts(setup, agent, booker)))).toBe(expected)
})

test('RFC 7523 §3 (7): an assertion is good once', async () => {
  const setup = await setUp()
  const agent = await sender(setup, 'agent-a')
  const used = await assertion(setup.issuer, agent)
  expect(outcome(await ask(setup, agent, clientCredentialsForm(), { assertion: used }))).toBe('200')
  expect(outcome(await ask(setup, agent, clientCredentialsForm(), { assertion: used }))).toBe('401 invalid_client')
  expect(outcome(await ask(setup, agent, clientCredentialsForm()))).toBe('200')
})

const token = (issuer: string) => ({ method: 'POST', url: `${issuer}/token` })

const proofs: readonly Row[] = [
  { title: 'RFC 9449 §5: the good one', parts: () => ({}), outcome: '200' },
  { title: 'RFC 9449 §5.2: none', parts: () => ({ proof: null }), outcome: '400 invalid_grant' },
  {
    title: 'RFC 9449 §8: without a nonce',
    parts: async ({ issuer }, agent) => ({ proof: await createProof(agent.proofKey, token(issuer)) }),
    outcome: '400 use_dpop_nonce',
  },
  {
    title: 'RFC 9449 §8: with a nonce that is not of this issuer',
    parts: async ({ issuer }, agent) => ({
      proof: await createProof(agent.proofKey, {
        ...token(issuer),
        nonce: createHash('sha256').update(randomUUID()).digest('base64url'),
      }),
    }),
    outcome: '400 use_dpop_nonce',
  },
  {
    title: 'RFC 9449 §4.3 (9): for another URL',
    parts: async (setup, agent) => ({ proof: await proof(setup, agent, 'https://other.example.test/token') }),
    outcome: '400 invalid_dpop_proof',
  },
  {
    title: 'RFC 9449 §4.3 (9): for a host that the request names',
    parts: async (setup, agent) => ({
      proof: await proof(setup, agent, 'http://other.example.test/token'),
      headers: { host: 'other.example.test' },
    }),
    outcome: '400 invalid_dpop_proof',
  },
  {
    title: 'RFC 9449 §4.3 (8): for another method',
    parts: async (setup, agent) => ({
      proof: await createProof(agent.proofKey, {
        ...token(setup.issuer),
        method: 'GET',
        nonce: await nonceOf(setup),
      }),
    }),
    outcome: '400 invalid_dpop_proof',
  },
  {
    title: 'RFC 9449 §4.3 (6): whose key has not signed it',
    parts: async (setup, agent, booker) => {
      const { publicJwk } = booker.proofKey
      const key = { ...agent.proofKey, publicJwk }
      return { proof: await createProof(key, { ...token(setup.issuer), nonce: await nonceOf(setup) }) }
    },
    outcome: '400 invalid_dpop_proof',
  },
]

describe('proofs', () => {
  test.each(proofs)('$title: $outcome', async ({ parts, outcome: expected }) => {
    const setup = await setUp()
    const [agent, booker] = await Promise.all([sender(setup, 'agent-a'), sender(setup, 'booker')])
    expect(outcome(await ask(setup, agent, clientCredentialsForm(), await parts(setup, agent, booker)))).toBe(expected)
  })

  test('RFC 9449 §11.1: a proof is good once', async () => {
    const setup = await setUp()
    const agent = await sender(setup, 'agent-a')
    const used = await proof(setup, agent)
    expect(outcome(await ask(setup, agent, clientCredentialsForm(), { proof: used }))).toBe('200')
    expect(outcome(await ask(setup, agent, clientCredentialsForm(), { proof: used }))).toBe('400 invalid_grant')
  })

  test('RFC 9449 §8: a nonce ends within minutes', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const setup = await setUp()
    const agent = await sender(setup, 'agent-a')
    const nonce = await nonceOf(setup)
    const withNonce = async () => ({ proof: await createProof(agent.proofKey, { ...token(setup.issuer), nonce }) })
    expect(outcome(await ask(setup, agent, clientCredentialsForm(), await withNonce()))).toBe('200')
    vi.setSystemTime(Date.now() + 300_000)
    const late = await ask(setup, agent, clientCredentialsForm(), await withNonce())
    expect(outcome(late)).toBe('400 use_dpop_nonce')
    expect(late.headers.get('dpop-nonce')).not.toBe(nonce)
  })
})

test('RFC 8705 §2.2: a certificate that is not registered, and one at the port without TLS, authenticate no client', async () => {
  const setup = await setUp()
  const agent = await sender(setup, 'agent-a')
  const form = { ...clientCredentialsForm(), client_id: 'auditor' }
  const unsigned = { ...form, client_assertion: '' }
  expect(outcome(await ask(setup, agent, form))).toBe('400 invalid_request')
  expect(outcome(await ask(setup, agent, unsigned, { assertion: '', proof: null }))).toBe('401 invalid_client')
  expect((await (await setup.auditor()).ownToken({ resource: apis.trips })).type).toBe('Bearer')
})
