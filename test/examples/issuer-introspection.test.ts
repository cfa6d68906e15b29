import { describe, expect, test } from 'vitest'
import {
  type Answer,
  ask,
  clientCredentialsForm,
  outcome,
  post,
  type Sender,
  sender,
  tokenIn,
  withAssertion,
} from './issuer-requests.ts'
import { apis, keyMetadata, registered, type Setup, setUp } from './issuer-setup.ts'

async function at(
  setup: Setup,
  endpoint: 'introspection' | 'revocation',
  from: Sender,
  token: string,
): Promise<Answer> {
  return post(setup.issuer, `/token/${endpoint}`, await withAssertion(setup.issuer, from, { token }))
}

const introspect = (setup: Setup, from: Sender, token: string) => at(setup, 'introspection', from, token)

describe('introspection', () => {
  test('RFC 7662 §2.2: an API learns what the token says, and its binding', async () => {
    const setup = await setUp()
    const agent = await sender(setup, 'agent-a')
    const { status, body } = await introspect(setup, agent, await setup.tokenOfAlice())
    expect(status).toBe(200)
    expect(body).toMatchObject({
      active: true,
      token_type: 'DPoP',
      sub: 'alice',
      aud: apis.trips,
      client_id: 'agent-a',
      cnf: { jkt: expect.any(String) },
      exp: expect.any(Number),
      act: { sub: 'agent-a' },
    })
  })

  const inactive: readonly [
    title: string,
    token: (setup: Setup, agent: Sender) => Promise<string> | string,
    by?: 'booker',
  ][] = [
    ['a token for another API', (setup) => setup.tokenOfAlice(), 'booker'],
    [
      'the own token of another client for another API',
      async (setup, agent) => tokenIn(await ask(setup, agent, clientCredentialsForm())),
      'booker',
    ],
    ['a token that it could exchange, for an API that is not its own', (setup) => ofExchangeAlone(setup)],
    ['garbage', () => 'garbage'],
    ['garbage in three parts', () => 'a.b.c'],
    ['one that was revoked', async (setup, agent) => revoked(setup, agent)],
    ['one of an agent that was revoked', async (setup) => ofRevokedAgent(setup)],
    ['one that was taken back', async (setup) => takenBack(setup)],
  ]

  // RFC 7662 §2.2: no other member where the token is not active, or not for the caller.
  test.each(inactive)('RFC 7662 §2.2: %s', async (_title, token, by) => {
    const setup = await setUp()
    const agent = await sender(setup, 'agent-a')
    const value = await token(setup, agent)
    const { status, body } = await introspect(setup, by === undefined ? agent : await sender(setup, by), value)
    expect([status, body]).toEqual([200, { active: false }])
  })
})

/** agent-a keeps every right but one. */
async function ofExchangeAlone(setup: Setup): Promise<string> {
  const { may_introspect: _, ...rights } = registered['agent-a']
  await setup.running.addClient({ client_id: 'agent-a', ...rights, ...keyMetadata(setup.keyOf('agent-a')) })
  return setup.tokenOfAlice()
}

async function revoked(setup: Setup, agent: Sender): Promise<string> {
  const token = await setup.tokenOfAlice()
  expect((await introspect(setup, agent, token)).body['active']).toBe(true)
  await at(setup, 'revocation', agent, token)
  return token
}

/** For the API of agent-a, of the auditor, which is gone. */
async function ofRevokedAgent(setup: Setup): Promise<string> {
  const { accessToken } = await (await setup.auditor()).ownToken({ resource: apis.trips })
  await setup.running.revokeAgent('auditor')
  return accessToken
}

async function takenBack(setup: Setup): Promise<string> {
  const token = await setup.tokenOfAlice()
  await setup.alice.takeBack(`${setup.issuer}/grants`, 'Travel agent')
  return token
}

describe('revocation', () => {
  test('RFC 7009 §2.2: 200 for a token that is unknown, was revoked, or is of another client, which stays', async () => {
    const setup = await setUp()
    const [agent, booker] = await Promise.all([sender(setup, 'agent-a'), sender(setup, 'booker')])
    const token = await setup.tokenOfAlice()
    for (const unknown of ['garbage', 'a.b.c']) expect((await at(setup, 'revocation', agent, unknown)).status).toBe(200)
    expect((await at(setup, 'revocation', booker, token)).status).toBe(200)
    expect((await introspect(setup, agent, token)).body['active']).toBe(true)
    expect(setup.revocations).toEqual([])
    expect((await at(setup, 'revocation', agent, token)).status).toBe(200)
    expect((await at(setup, 'revocation', agent, token)).status).toBe(200)
    expect(setup.revocations).toHaveLength(1)
    expect((await introspect(setup, agent, token)).body['active']).toBe(false)
  })
})

const endpoints = [['introspection'], ['revocation']] as const

test.each(endpoints)(
  'RFC 7662 §2.1, RFC 7009 §2.1: %s without client authentication, with that of another, without token',
  async (endpoint) => {
    const setup = await setUp()
    const agent = await sender(setup, 'agent-a')
    const token = await setup.tokenOfAlice()
    const path = `/token/${endpoint}`
    expect(outcome(await post(setup.issuer, path, { token }))).toBe('400 invalid_request')
    expect(outcome(await post(setup.issuer, path, { token, client_id: 'agent-a' }))).toBe('401 invalid_client')
    const forged = { ...agent, clientKey: setup.keyOf('booker') }
    expect(outcome(await at(setup, endpoint, forged, token))).toBe('401 invalid_client')
    expect(outcome(await post(setup.issuer, path, await withAssertion(setup.issuer, agent, {})))).toBe(
      '400 invalid_request',
    )
    expect((await at(setup, endpoint, agent, token)).status).toBe(200)
  },
)
