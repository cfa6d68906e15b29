import { expect, test } from 'vitest'
import { createStorage } from '../../examples/issuer/storage.ts'
import { codeOf, redeem } from './issuer-code-flow.ts'
import {
  type Answer,
  actorTokenOf,
  ask,
  assertion,
  clientCredentialsForm,
  exchangeForm,
  outcome,
  post,
  proof,
  sender,
  tokenIn,
  withAssertion,
} from './issuer-requests.ts'
import { apis, type Setup, setUp } from './issuer-setup.ts'

const times = <T>(count: number, make: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, make))

function admitted(answers: readonly Answer[]): number {
  return answers.filter(({ status }) => status === 200).length
}

test('RFC 7523 §3 (7), RFC 6749 §4.1.2: a jti that was looked for is taken, and a code is consumed once', async () => {
  const ended: string[] = []
  const storage = createStorage(Date.now, async ({ grantId }) => void ended.push(String(grantId)))
  const [replays, codes] = [storage.adapter('ReplayDetection'), storage.adapter('AuthorizationCode')]
  const found = await times(3, () => replays.find('jti'))
  expect(found.map((one) => one === undefined)).toEqual([true, false, false])
  await codes.upsert('code', { clientId: 'portal', grantId: 'grant' }, 60)
  await codes.consume('code')
  expect(ended).toEqual([])
  await expect(codes.consume('code')).rejects.toMatchObject({ error: 'invalid_grant', statusCode: 400 })
  expect(ended).toEqual(['grant'])
})

test('RFC 9449 §11.1: of exchanges with one proof at the same time, one is admitted', async () => {
  const setup = await setUp()
  const agent = await sender(setup, 'agent-a')
  const form = exchangeForm(await setup.tokenOfAlice(), await actorTokenOf(setup, agent), apis.booking)
  const used = await proof(setup, agent)
  const answers = await times(5, () => ask(setup, agent, form, { proof: used }))
  expect(answers.map(outcome).sort()).toEqual(['200', ...Array(4).fill('400 invalid_grant')])
})

test('RFC 7523 §3 (7): of requests with one assertion at the same time, one is admitted', async () => {
  const setup = await setUp()
  const agent = await sender(setup, 'agent-a')
  const used = await assertion(setup.issuer, agent)
  const answers = await times(5, () => ask(setup, agent, clientCredentialsForm(), { assertion: used }))
  expect(answers.map(outcome).sort()).toEqual(['200', ...Array(4).fill('401 invalid_client')])
})

test('RFC 6749 §4.1.2: of redemptions of one code at the same time, no token is left', async () => {
  const setup = await setUp()
  const portal = await sender(setup, 'portal')
  const code = await codeOf(setup)
  const answers = await times(5, () => redeem(setup, portal, code))
  expect(admitted(answers)).toBeLessThanOrEqual(1)
  expect(new Set(answers.map(outcome).filter((one) => one !== '200'))).toEqual(new Set(['400 invalid_grant']))
  const revoked = setup.events.filter(({ request }) => request.operation === 'issuer grant_revocation')
  expect(new Set(revoked.map(({ client }) => client))).toEqual(new Set(['portal']))
  // The one that was admitted may be the thief's.
  expect(await livesOn(setup, answers, 'agent-a')).toBe(0)
  expect((await setup.alice.visit(`${setup.issuer}/grants`)).page).toContain('no agent acts for you')
})

/** All that the exchange has led to is not alive for the API of booker. */
async function livesOn(
  setup: Setup,
  answers: readonly Answer[],
  asker: 'booker' | 'tool' | 'agent-a' = 'booker',
): Promise<number> {
  const api = await sender(setup, asker)
  let alive = 0
  for (const answer of answers.filter(({ status }) => status === 200)) {
    const form = await withAssertion(setup.issuer, api, { token: tokenIn(answer) })
    const { body } = await post(setup.issuer, '/token/introspection', form)
    if (body['active'] === true) alive++
  }
  return alive
}

test('RFC 7009 §2.1: a withdrawal during exchanges leaves no token, in either order', async () => {
  const setup = await setUp()
  const agent = await sender(setup, 'agent-a')
  const form = exchangeForm(await setup.tokenOfAlice(), await actorTokenOf(setup, agent), apis.booking)
  expect(await livesOn(setup, [await ask(setup, agent, form)])).toBe(1)
  const [answers] = await Promise.all([
    times(8, () => ask(setup, agent, form)),
    setup.alice.takeBack(`${setup.issuer}/grants`, 'Travel agent'),
  ])
  expect(await livesOn(setup, answers)).toBe(0)
  const refused = answers.map(outcome).filter((one) => one !== '200')
  expect(refused.filter((one) => one !== '400 invalid_request')).toEqual([])
})

/** How many turns of the event loop the revocation comes after the requests. */
test.each([0, 1, 2, 4, 8, 16])(
  'RFC 7009 §2.1: an agent that is revoked %i turns into issuance and exchange leaves no token',
  async (turns) => {
    const setup = await setUp()
    const [agent, booker] = await Promise.all([sender(setup, 'agent-a'), sender(setup, 'booker')])
    const exchanged = await ask(
      setup,
      agent,
      exchangeForm(await setup.tokenOfAlice(), await actorTokenOf(setup, agent), apis.booking),
    )
    const form = exchangeForm(tokenIn(exchanged), await actorTokenOf(setup, booker), apis.tool)
    const used = await Promise.all([proof(setup, booker), proof(setup, agent)])
    const asked = [
      ask(setup, booker, form, { proof: used[0] }),
      ask(setup, agent, { ...clientCredentialsForm(), resource: apis.booking, scope: 'trip:book' }, { proof: used[1] }),
    ] as const
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
    await setup.running.revokeAgent('agent-a')
    const [next, own] = await Promise.all(asked)
    expect(await livesOn(setup, [next], 'tool')).toBe(0)
    expect(await livesOn(setup, [own])).toBe(0)
    expect(setup.revocations).toContainEqual({
      issuer: setup.issuer,
      party: 'agent-a',
      issuedBefore: expect.any(Number),
    })
  },
)
