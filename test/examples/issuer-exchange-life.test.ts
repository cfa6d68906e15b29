import { decodeJwt } from 'jose'
import { afterEach, expect, test, vi } from 'vitest'
import type { ActorProfileClaims } from '../../examples/issuer/actor-profile-claims.ts'
import { codeOf, redeem, tokenOfPortal } from './issuer-code-flow.ts'
import {
  actorTokenOf,
  ask,
  exchangeForm,
  outcome,
  post,
  type Sender,
  sender,
  tokenIn,
  withAssertion,
} from './issuer-requests.ts'
import { apis, type Setup, setUp } from './issuer-setup.ts'

afterEach(() => void vi.useRealTimers())

const claimsIn = (token: string) => decodeJwt(token) as unknown as ActorProfileClaims

async function exchange(setup: Setup, from: Sender, subject: string, resource: string): Promise<string> {
  return tokenIn(await ask(setup, from, exchangeForm(subject, await actorTokenOf(setup, from), resource)))
}

async function outcomeOf(setup: Setup, subject: string): Promise<string> {
  const agent = await sender(setup, 'agent-a')
  return outcome(await ask(setup, agent, exchangeForm(subject, await actorTokenOf(setup, agent), apis.booking)))
}

test('RFC 8693 §4.1: who, how and since when the person signed in, and the mission, survive each hop; the chain nests', async () => {
  const setup = await setUp()
  const [agent, booker, tool] = await Promise.all([
    sender(setup, 'agent-a'),
    sender(setup, 'booker'),
    sender(setup, 'tool'),
  ])
  const tokens = [await setup.tokenOfAlice()]
  tokens.push(await exchange(setup, agent, tokens[0] ?? '', apis.booking))
  tokens.push(await exchange(setup, booker, tokens[1] ?? '', apis.tool))
  tokens.push(await exchange(setup, tool, tokens[2] ?? '', apis.payments))
  const [first, ...hops] = tokens.map(claimsIn)
  for (const claims of hops) {
    const { sub, mission, auth_time, acr, amr } = claims
    expect({ sub, mission, auth_time, acr, amr }).toEqual({
      sub: 'alice',
      mission: first?.mission,
      auth_time: expect.any(Number),
      acr: 'pwd',
      amr: ['pwd'],
    })
    expect(claims.auth_time).toBe(first?.auth_time)
    expect(claims.may_act).toBeUndefined()
    expect(claims.exp).toBeLessThanOrEqual(first?.exp ?? 0)
  }
  const iss = setup.issuer
  const byAgent = { iss, sub: 'agent-a', sub_profile: 'ai_agent' }
  const byBooker = { iss, sub: 'booker', sub_profile: 'ai_agent', act: byAgent }
  const byTool = { iss, sub: 'tool', sub_profile: 'service', act: byBooker }
  expect(hops.map(({ act }) => act)).toEqual([byAgent, byBooker, byTool])
  expect(hops.map(({ scope }) => scope)).toEqual(['trip:book seat:choose pay', 'seat:choose pay', 'pay'])
})

test('RFC 8693 §4.1: the current actor goes on at another resource, and the chain does not grow', async () => {
  const setup = await setUp()
  const agent = await sender(setup, 'agent-a')
  const before = await setup.tokenOfAlice()
  const after = claimsIn(await exchange(setup, agent, before, apis.booking))
  expect(after.act).toEqual(claimsIn(before).act)
  expect(after).toMatchObject({ aud: apis.booking, cnf: { jkt: agent.proofKey.thumbprint } })
})

/** What happens to the subject token before the exchange. */
const endings: readonly [title: string, end: (setup: Setup, subject: string) => Promise<void> | void][] = [
  ['has expired', () => void vi.setSystemTime(Date.now() + 301_000)],
  ['was revoked by its client (RFC 7009 §2.1)', revokeByPortal],
  ['goes back to a grant that its person has taken back', (setup) => takeBack(setup)],
  ['goes back to an application that was revoked', (setup) => setup.running.revokeAgent('portal')],
]

test.each(endings)('RFC 8693 §2.2.2: a subject token that %s', async (_title, end) => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const setup = await setUp()
  const subject = await tokenOfPortal(setup)
  expect(await outcomeOf(setup, subject)).toBe('200')
  await end(setup, subject)
  expect(await outcomeOf(setup, subject)).toBe('400 invalid_request')
})

test('RFC 8693 §2.2.2: a subject token in whose chain an agent was revoked', async () => {
  const setup = await setUp()
  const [agent, booker] = await Promise.all([sender(setup, 'agent-a'), sender(setup, 'booker')])
  const subject = await exchange(setup, agent, await setup.tokenOfAlice(), apis.booking)
  const attempt = async () =>
    outcome(await ask(setup, booker, exchangeForm(subject, await actorTokenOf(setup, booker), apis.tool)))
  expect(await attempt()).toBe('200')
  await setup.running.revokeAgent('agent-a')
  expect(await attemptWith(setup, booker, subject)).toBe('400 invalid_request')
})

/** Without agent-a, which is not there any more to fetch a nonce. */
async function attemptWith(setup: Setup, booker: Sender, subject: string): Promise<string> {
  const agent = await setup.agent('booker')
  const own = await agent.ownToken({ resource: setup.issuer, scope: 'agent:act' })
  const answer = await agent.post('token_endpoint', () => {
    return new URLSearchParams(exchangeForm(subject, own.accessToken, apis.tool) as Record<string, string>)
  })
  expect(booker.id).toBe(agent.id)
  return `${answer.status} ${String(answer.body['error'])}`
}

test('RFC 8693 §2.2.2: an ID token', async () => {
  const setup = await setUp()
  const { body } = await redeem(setup, await sender(setup, 'portal'), await codeOf(setup))
  expect(await outcomeOf(setup, String(body['access_token']))).toBe('200')
  expect(await outcomeOf(setup, String(body['id_token']))).toBe('400 invalid_request')
})

test('RFC 8693 §2.2.1: the new token ends with the subject token, also where the clock is late', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const setup = await setUp({ clock: () => Date.now() - 3_000 })
  const agent = await sender(setup, 'agent-a')
  const subject = await setup.tokenOfAlice()
  vi.setSystemTime(Date.now() + 200_000)
  const next = claimsIn(await exchange(setup, agent, subject, apis.booking))
  expect(next.exp).toBe(claimsIn(subject).exp)
})

test('RFC 8693 §2.2.1: no token outlives the consent', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const setup = await setUp()
  const [portal, agent] = [await sender(setup, 'portal'), await sender(setup, 'agent-a')]
  const first = claimsIn(await tokenOfPortal(setup))
  // The session of the person has to live as long: it is made anew just before.
  vi.setSystemTime(((first.mission?.expires_at ?? 0) - 100) * 1_000)
  const second = tokenIn(await redeem(setup, portal, await codeOf(setup)))
  const mission = claimsIn(second).mission
  expect(claimsIn(second).exp).toBeLessThanOrEqual(mission?.expires_at ?? 0)
  expect(claimsIn(await exchange(setup, agent, second, apis.booking)).exp).toBeLessThanOrEqual(mission?.expires_at ?? 0)
})

async function revokeByPortal(setup: Setup, token: string): Promise<void> {
  const portal = await sender(setup, 'portal')
  const { status } = await post(setup.issuer, '/token/revocation', await withAssertion(setup.issuer, portal, { token }))
  expect(status).toBe(200)
}

async function takeBack({ alice, issuer }: Setup): Promise<void> {
  await alice.takeBack(`${issuer}/grants`, 'portal')
}
