import { expect, test } from 'vitest'
import type { WarningCode } from '../../../src/index.ts'
import { classify, readProfiles } from '../../../src/token/profiles.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import { contextIn } from '../../support/kit.ts'

const forge: Forge = await createForge()
const { verifier } = forge

test.each([
  ['user', 'human'],
  ['ai_agent', 'agent'],
  ['service', 'service'],
  ['device', 'device'],
  ['native_app', 'app'],
  ['web_app', 'app'],
  ['browser_app', 'app'],
  ['USER', 'human'],
  ['Ai_Agent', 'agent'],
  ['service ai_agent', 'agent'],
  ['ai_agent service', 'agent'],
  ['user ai_agent', 'agent'],
  ['web_app ai_agent', 'agent'],
  ['user service', 'service'],
  ['device service', 'service'],
  ['web_app device', 'device'],
  ['user native_app', 'app'],
  ['user device', 'device'],
  ['user acme_admin', 'human'],
  ['acme_bot ai_agent', 'agent'],
  ['  user   user ', 'human'],
])('ACT-18: the profile %j makes a %s: of several the most restrictive', async (profile, kind) => {
  const expected = { kind, kindSource: 'profile' }
  const asPrincipal = await forge.call({ verifier, token: forge.token({ sub_profile: profile }) })
  expect(contextIn(asPrincipal).principal).toMatchObject(expected)
  const asActor = await forge.call({ verifier, token: forge.token({ act: { sub: 'a', sub_profile: profile } }) })
  expect(contextIn(asActor).actor).toMatchObject(expected)
})

test.each([
  'human',
  'agent',
  'ai-agent',
  'ai_agents',
  'bot',
  'ai_agent,user',
  'ai_agent\tuser',
  'ａi_agent',
  'constructor',
  '__proto__',
])("ACT-18: the profile %j is nobody's: unknown, with a warning", (value) => {
  const warnings = new Set<WarningCode>()
  expect(readProfiles(value, warnings)).toMatchObject({
    kind: 'unknown',
    kindSource: 'none',
    profiles: [value.toLowerCase()],
  })
  expect([...warnings]).toEqual(['unknown_profile_value'])
})

test.each([null, 1, true, false, {}, [], ['user'], { user: true }])(
  'ACT-18: the profile %j is malformed: unknown, with a warning',
  (value) => {
    const warnings = new Set<WarningCode>()
    expect(readProfiles(value, warnings)).toEqual({ kind: 'unknown', kindSource: 'none', profiles: [] })
    expect([...warnings]).toEqual(['profile_malformed'])
  },
)

test.each([undefined, '', '   '])('ACT-18: the profile %j says nothing, without a warning', (value) => {
  const warnings = new Set<WarningCode>()
  expect(readProfiles(value, warnings)).toEqual({ kind: 'unknown', kindSource: 'none', profiles: [] })
  expect([...warnings]).toEqual([])
})

test('ACT-18: a kind that a dialect states goes before the profiles, also where it is unknown', () => {
  expect(classify(['ai_agent'], 'unknown')).toEqual({ kind: 'unknown', kindSource: 'none', profiles: ['ai_agent'] })
  expect(classify(['ai_agent'], 'human')).toEqual({ kind: 'human', kindSource: 'dialect', profiles: ['ai_agent'] })
  expect(classify(['ai_agent'], 'agent')).toEqual({ kind: 'agent', kindSource: 'profile', profiles: ['ai_agent'] })
  expect(classify([], 'unknown')).toEqual({ kind: 'unknown', kindSource: 'none', profiles: [] })
  expect(classify([], 'human')).toEqual({ kind: 'human', kindSource: 'dialect', profiles: [] })
})

test('ACT-18: an unknown or absent kind fails every rule that asks for one', async () => {
  for (const profile of [undefined, 'human', ['user']]) {
    const context = await forge.context({ verifier, token: forge.token({ sub_profile: profile }) })
    for (const kind of ['human', 'agent', 'service', 'app', 'device'] as const) {
      const decision = await verifier.authorize(context, { principal: { kind } })
      expect(decision, kind).toMatchObject({ refusal: { code: 'actor_unauthorized' } })
    }
  }
})

test('ACT-18: client_profile inside act classifies nobody', async () => {
  const act = { sub: 'a', client_profile: 'ai_agent' }
  const context = await forge.context({ verifier, token: forge.token({ act }) })
  expect(context).toMatchObject({ actor: { kind: 'unknown' }, involvesAgent: false })
})

test('ACT-26: an actor without sub_profile is of unknown kind, whatever it is called', async () => {
  for (const sub of [
    'agent-1',
    'coding-agent',
    'agt_1',
    'spiffe://x/agent',
    'ai_agent',
    'client:bot',
    'alice@example.com',
  ]) {
    const context = await forge.context({ verifier, token: forge.token({ act: { sub, iss: forge.trust.issuer } }) })
    expect(context.actor, sub).toMatchObject({ kind: 'unknown', kindSource: 'none', profiles: [] })
    expect(context).toMatchObject({ involvesAgent: false, warnings: ['actor_unclassified'] })
    const decision = await verifier.authorize(context, { actor: { kind: 'agent' } })
    expect(decision).toMatchObject({ refusal: { code: 'actor_unauthorized' } })
  }
})

test('ACT-26: the kind of the principal is not handed down to its actor', async () => {
  const claims = { sub_profile: 'ai_agent', client_profile: 'ai_agent', act: { sub: 'a', iss: forge.trust.issuer } }
  const context = await forge.context({ verifier, token: forge.token(claims) })
  expect(context).toMatchObject({ principal: { kind: 'agent' }, actor: { kind: 'unknown' } })
})
