import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAssertion } from '../../examples/agents/client-assertion.ts'
import { createSigningKey } from '../../examples/agents/signing-key.ts'
import { maxAssertionSeconds } from '../../examples/issuer/client-authentication.ts'
import { type Setup, seconds, setUp, sign } from './issuer-setup.ts'

const own = { grant_type: 'client_credentials' }
let setup: Setup

beforeAll(async () => {
  setup = await setUp()
  await setup.register('planner', {})
  await setup.register('worker', {})
})
afterAll(() => setup.running.close())

describe('private_key_jwt', () => {
  test('RFC 7523 §3(9): a registered key authenticates its client', async () => {
    expect(await setup.send('planner', own)).toMatchObject({ status: 200, claims: { sub: 'planner' } })
  })

  test('RFC 7523 §3: the token endpoint is an audience like the issuer', async () => {
    const assertion = await createAssertion(setup.keyOf('planner'), {
      issuer: 'planner',
      subject: 'planner',
      audience: setup.running.tokenEndpoint,
    })
    expect(await setup.send('planner', own, { assertion })).toMatchObject({ status: 200 })
  })

  test('RFC 7523 §3(9): a key that is not registered is refused', async () => {
    const assertion = await createAssertion(await createSigningKey(), {
      issuer: 'planner',
      subject: 'planner',
      audience: setup.running.issuer,
    })
    expect(await setup.send('planner', own, { assertion })).toMatchObject({ status: 401, error: 'invalid_client' })
  })

  test('RFC 7523 §3(9): the key of another client is refused', async () => {
    const assertion = await createAssertion(setup.keyOf('worker'), {
      issuer: 'planner',
      subject: 'planner',
      audience: setup.running.issuer,
    })
    expect(await setup.send('planner', own, { assertion })).toMatchObject({ status: 401, error: 'invalid_client' })
  })

  test('RFC 7523 §3(1): a client that is not registered is refused', async () => {
    const assertion = await createAssertion(await createSigningKey(), {
      issuer: 'stranger',
      subject: 'stranger',
      audience: setup.running.issuer,
    })
    expect(await setup.send('stranger', own, { assertion })).toMatchObject({ status: 401, error: 'invalid_client' })
  })

  test('RFC 7523 §3(3): an assertion for another server is refused', async () => {
    const assertion = await createAssertion(setup.keyOf('planner'), {
      issuer: 'planner',
      subject: 'planner',
      audience: 'https://as.example.com',
    })
    expect(await setup.send('planner', own, { assertion })).toMatchObject({ status: 401, error: 'invalid_client' })
  })

  test('RFC 7523 §3(7): an assertion is good for one request', async () => {
    const assertion = await createAssertion(setup.keyOf('planner'), {
      issuer: 'planner',
      subject: 'planner',
      audience: setup.running.issuer,
    })
    expect(await setup.send('planner', own, { assertion })).toMatchObject({ status: 200 })
    expect(await setup.send('planner', own, { assertion })).toMatchObject({ status: 401, error: 'invalid_client' })
  })

  test.each([
    ['RFC 7523 §3(2): a subject other than the client', { sub: 'worker' }],
    ['RFC 7523 §3(4): an end in the past', { exp: seconds() - 10 }],
    ['RFC 7523 §3(4): a long life', { exp: seconds() + maxAssertionSeconds + 30 }],
    ['RFC 7523 §3(4): no end', { exp: undefined }],
    ['RFC 7523 §3(7): no identifier', { jti: undefined }],
    ['RFC 7523 §3(5): not valid yet', { nbf: seconds() + 60 }],
  ])('%s is refused', async (_title, claims) => {
    const usual = { iss: 'planner', sub: 'planner', aud: setup.running.issuer, exp: seconds() + 30 }
    const assertion = await sign(setup.keyOf('planner'), { claims: { ...usual, ...claims } })
    expect(await setup.send('planner', own, { assertion })).toMatchObject({ status: 401, error: 'invalid_client' })
  })

  test('RFC 7523 §3(3): an assertion that also names another server is refused', async () => {
    const assertion = await sign(setup.keyOf('planner'), {
      claims: {
        iss: 'planner',
        sub: 'planner',
        aud: [setup.running.issuer, 'https://as.example.com'],
        exp: seconds() + 30,
      },
    })
    expect(await setup.send('planner', own, { assertion })).toMatchObject({ status: 401, error: 'invalid_client' })
  })

  test('RFC 6749 §5.2: a request without client authentication is refused', async () => {
    const form = { ...own, client_id: 'planner' }
    expect(await setup.send('planner', form, { assertion: null })).toMatchObject({
      status: 401,
      error: 'invalid_client',
    })
  })
})
