import { describe, expect, test } from 'vitest'
import type { AccessRequirement, RefusalCode } from '../../src/index.ts'
import { encode } from '../support/bytes.ts'
import { coldAndWarm, createStage, type Stage } from './stage.ts'

const outsider = 'https://other.example.test'

/** An act with `value` at the given level; the levels above it are good. */
function chainEndingIn(value: unknown, level: number): unknown {
  let act = value
  for (let at = level; at > 1; at--) act = { sub: `agent-${at}`, act }
  return act
}

/** By text: no serialiser goes that deep. Size and depth are judged before the signature. */
function deepToken(token: string, depth: number): string {
  const [header, , signature] = token.split('.')
  return [header, encode(`{"act":${'{"sub":"x","act":'.repeat(depth)}0${'}'.repeat(depth + 1)}`), signature].join('.')
}

describe('act as a chain', () => {
  for (const level of [1, 2, 3, 5]) {
    for (const value of [
      '',
      0,
      false,
      null,
      [],
      [{ sub: 'x' }],
      'agent',
      7,
      {},
      { sub: '' },
      { sub: 7 },
      { sub: null },
    ]) {
      coldAndWarm(`P22: act ${JSON.stringify(value)} at level ${level} is malformed, not the end`, async (stage) => {
        const act = chainEndingIn(value, level)
        expect(await stage.judgeToken({ token: { claims: { act } } })).toBe('delegation_malformed')
      })
    }
  }

  for (const member of ['iss', 'client_id']) {
    coldAndWarm(`P22: act.${member} of a wrong type is malformed`, async (stage) => {
      for (const value of ['', null, 7, [], {}]) {
        const act = { sub: 'travel-7', [member]: value }
        expect(await stage.judgeToken({ token: { claims: { act } } })).toBe('delegation_malformed')
      }
    })
  }

  for (const [depth, outcome] of [
    [0, 'admitted'],
    [1, 'admitted'],
    [5, 'admitted'],
    [6, 'delegation_too_deep'],
    [50, 'delegation_too_deep'],
  ] as const) {
    coldAndWarm(`P22: ${depth} actors: ${outcome}`, async (stage) => {
      const act = depth === 0 ? undefined : chainEndingIn({ sub: `agent-${depth}` }, depth)
      expect(await stage.judgeToken({ token: { claims: { act } } })).toBe(outcome)
    })
  }

  coldAndWarm('P22: 10 000 actors are refused before they are read', async (stage) => {
    expect(await stage.judgeToken({ token: deepToken(await stage.token(), 10_000) })).toBe('request_malformed')
  })

  coldAndWarm(
    'P22: 10 000 actors are refused, also where tokens may be huge',
    async (stage) => {
      expect(await stage.judgeToken({ token: deepToken(await stage.token(), 10_000) })).toBe('token_malformed')
    },
    { token: { maxBytes: 1_048_576 } },
  )

  coldAndWarm('P22: exp, aud and cnf inside act mean nothing', async (stage) => {
    const act = { sub: 'travel-7', exp: 1, nbf: 9e12, aud: outsider, cnf: { jkt: 'x' } }
    expect(await stage.judgeToken({ token: { claims: { act } } })).toBe('admitted')
  })

  coldAndWarm('P22: an issuer names actors of its own namespace only', async (stage) => {
    for (const act of [
      { sub: 'x', iss: outsider },
      { sub: 'x', act: { sub: 'y', iss: outsider } },
    ]) {
      expect(await stage.judgeToken({ token: { claims: { act } } })).toBe('delegation_not_allowed')
    }
  })

  coldAndWarm('P§4.30: a refused chain has used up its proof, and is never a direct call', async (stage) => {
    const token = await stage.token({ claims: { act: 'agent' } })
    const view = await stage.request({ token })
    expect(await stage.judge(view)).toBe('delegation_malformed')
    expect(await stage.judge(view)).toBe('proof_replayed')
  })
})

async function decide(stage: Stage, token: string, requirement: AccessRequirement): Promise<'allowed' | RefusalCode> {
  await stage.warmUp({ token })
  const context = await stage.verifier.verify(await stage.request({ token }))
  const decision = await stage.verifier.authorize(context, requirement)
  return decision.ok ? 'allowed' : decision.refusal.code
}

describe('actor rules', () => {
  coldAndWarm('P23: an actor rule is not passed by a token without actor', async (stage) => {
    const requirement: AccessRequirement = { actor: { subject: ['travel-7', 'planner-2'] } }
    const direct = await stage.token({ claims: { act: undefined } })
    expect(await decide(stage, direct, requirement)).toBe('actor_unauthorized')
    expect(await decide(stage, await stage.token(), requirement)).toBe('allowed')
  })

  coldAndWarm('P23: delegated authority is not passed by a token without actor', async (stage) => {
    const direct = await stage.token({ claims: { act: undefined } })
    expect(await decide(stage, direct, { authority: 'delegated' })).toBe('authority_required')
    expect(await decide(stage, direct, { actor: { kind: 'agent' } })).toBe('actor_unauthorized')
  })

  coldAndWarm('P24: a prior actor grants nothing, in no built-in rule', async (stage) => {
    const admin = await stage.issuer.agent('admin')
    const spliced = await stage.token({ via: [admin] })
    const rules: AccessRequirement[] = [
      { actor: { subject: 'admin' } },
      { principal: { subject: 'admin' } },
      { pair: (principal, actor) => principal.subject === 'admin' || actor.subject === 'admin' },
    ]
    for (const rule of rules) expect(await decide(stage, spliced, rule)).toBe('actor_unauthorized')
  })

  coldAndWarm('P24: a prior actor can deny', async (stage) => {
    const planner = await stage.issuer.agent('planner-2')
    const service = { sub: 'batch', sub_profile: 'service', act: { sub: planner.subject, sub_profile: 'ai_agent' } }
    const token = await stage.token({ claims: { act: service } })
    expect(await decide(stage, token, { denyIfAgentInvolved: true })).toBe('access_denied')
    expect(await decide(stage, token, { maxDepth: 1 })).toBe('access_denied')
    expect(await decide(stage, token, { actor: { kind: 'service' } })).toBe('allowed')
  })

  coldAndWarm(
    'P24: subjects are compared within one issuer: a partner cannot name our agent',
    async (stage) => {
      const token = await stage.token({ claims: { act: { sub: 'travel-7', iss: outsider, sub_profile: 'ai_agent' } } })
      expect(await decide(stage, token, { actor: { subject: 'travel-7' } })).toBe('actor_unauthorized')
    },
    (issuer) => ({ issuer: { ...issuer.options, actorIssuers: 'any' } }),
  )

  test('P24: may_act, azp, req_wl and client_id name no actor', async () => {
    const stage = await createStage('cold')
    const claims = { act: undefined, may_act: { sub: 'travel-7' }, req_wl: 'travel-7', azp: 'travel-7' }
    const context = await stage.verifier.verify(await stage.request({ token: { claims } }))
    expect(context.actor).toBe(context.principal)
    expect(context.delegation).toBe(null)
  })
})
