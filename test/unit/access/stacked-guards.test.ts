import type { AccessRequirement, AgentContext, Verifier } from 'onbehalf'
import { beforeAll, expect, test } from 'vitest'
import { challengeOf } from '../../support/challenges.ts'
import { createKit, type Kit } from '../../support/kit.ts'

let kit: Kit
let context: AgentContext
beforeAll(async () => {
  kit = await createKit({ verifier: { access: { scopes: ['base'] } } })
  context = await kit.context({ token: { human: 'alice', scopes: ['base', 'a', 'b'] } })
})

/** The scopes that each guard in turn asks for; empty where it lets the request through. */
async function asked(verifier: Verifier, request: object | undefined, guards: readonly AccessRequirement[]) {
  const scopes: string[] = []
  for (const guard of guards) {
    const challenge = challengeOf(await verifier.authorize(context, guard, request))
    scopes.push(challenge.match(/scope="([^"]*)"/)?.[1] ?? '')
  }
  return scopes
}

test('P§1.38: a refusal names the scopes of the baseline, of every guard passed and of the one that refuses', async () => {
  const guards = [{ scopes: ['a'] }, { anyScope: ['b', 'x'] }, { scopes: ['c'] }]
  expect(await asked(kit.verifier, {}, guards)).toEqual(['', '', 'base a b c'])
})

test('RFC 6750 §3.1: a client that adds what each refusal names passes within one step-up for each guard', async () => {
  const needed = ['base', 'a', 'c', 'd']
  const guards = ['a', 'c', 'd'].map((scope) => ({ scopes: [scope] }))
  let granted: readonly string[] = ['base']
  let rounds = 0
  for (; rounds < 10; rounds++) {
    const caller = await kit.context({ token: { human: 'alice', scopes: granted } })
    const request = {}
    let challenge = ''
    for (const guard of guards) {
      challenge = challengeOf(await kit.verifier.authorize(caller, guard, request))
      if (challenge !== '') break
    }
    if (challenge === '') break
    // As clients do: they ask for what the challenge names, and for nothing they had before.
    granted = challenge.match(/scope="([^"]*)"/)?.[1]?.split(' ') ?? []
  }
  expect([rounds, granted]).toEqual([3, needed])
})

test('RFC 6750 §3.1: another request has passed no guard yet', async () => {
  const first = {}
  await asked(kit.verifier, first, [{ scopes: ['a'] }])
  expect(await asked(kit.verifier, {}, [{ scopes: ['c'] }])).toEqual(['base c'])
  expect(await asked(kit.verifier, undefined, [{ scopes: ['a'] }, { scopes: ['c'] }])).toEqual(['', 'base c'])
  expect(await asked(kit.verifier, first, [{ scopes: ['c'] }])).toEqual(['base a c'])
})

test('RFC 6750 §3.1: a guard that refused adds nothing to what the next one asks for', async () => {
  expect(await asked(kit.verifier, {}, [{ scopes: ['c'] }, { scopes: ['d'] }])).toEqual(['base c', 'base d'])
})

test('RFC 9470 §3: acr and age of the guards that were passed are asked for again', async () => {
  const time = kit.issuer.clock.now() / 1_000
  const gold = await kit.context({
    token: { human: 'alice', scopes: ['base'], claims: { acr: 'gold', auth_time: time } },
  })
  const request = {}
  await kit.verifier.authorize(gold, { acr: ['gold'], maxAuthAgeSeconds: 60 }, request)
  const decision = await kit.verifier.authorize(gold, { where: () => ({ allow: false, acr: ['x'] }) }, request)
  expect(challengeOf(decision)).toMatch(/acr_values="x", max_age="60"/)
})

test('RFC 6750 §3.1: many rules on one long-lived request keep one set of scopes', async () => {
  const request = {}
  for (let round = 0; round < 100; round++) await kit.verifier.authorize(context, { scopes: ['a', 'b'] }, request)
  expect(await asked(kit.verifier, request, [{ scopes: ['c'] }])).toEqual(['base a b c'])
})

test.each([null, 'request', 7, Symbol('request')])(
  'Access: %s, which can remember no guard, is a request all the same',
  async (request) => {
    const asked = (scope: string) => kit.verifier.authorize<unknown>(context, { scopes: [scope] }, request)
    expect(await asked('a')).toMatchObject({ ok: true })
    expect(challengeOf(await asked('c'))).toContain('scope="base c"')
  },
)
