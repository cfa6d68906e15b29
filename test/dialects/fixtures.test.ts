import express from 'express'
import type { AgentContext, IssuerOptions, Party, RefusalCode } from 'onbehalf'
import { agentAuth } from 'onbehalf/express'
import { describe, expect, test } from 'vitest'
import { tableAfter } from '../package/documents.ts'
import { createForge, type Forge } from '../support/forge.ts'
import { describeFixtures } from '../support/vectors.ts'
import { countTaken } from './counts.ts'
import { type Expectation, type ExpectedParty, type Fixture, isRefused, issue, readFixtures } from './fixture.ts'
import { relaxedOptions, type Strictness, waivedOptions } from './issuer-options.ts'
import { requestFor, serveOverTls } from './request.ts'

const forge: Forge = await createForge({ certificate: true })

/** The reasons of the fixtures in the words of this package, and the option that must not hide the reason. */
const reasons: Readonly<Record<string, readonly [code: RefusalCode, strict?: Strictness]>> = {
  act_malformed: ['delegation_malformed'],
  actor_id_missing: ['delegation_malformed'],
  delegation_depth_exceeded: ['delegation_too_deep'],
  typ_missing: ['token_type'],
  typ_not_allowed: ['token_type'],
  typ_forbidden: ['token_type'],
  aud_missing: ['token_audience'],
  aud_mismatch: ['token_audience'],
  claim_type: ['token_claim'],
  cnf_unsupported: ['binding_unsupported'],
  sender_constraint_required: ['binding_missing', { binding: true }],
  ttl_exceeds_policy: ['token_lifetime', { lifetime: true }],
}

/** Other warnings of a fixture describe its source. */
const comparedWarnings = [
  'act_iss_assumed',
  'act_iss_missing',
  'self_act',
  'inverted_act',
  'facet_malformed',
  'principal_is_agent_user_account',
  'chain_loop',
  'profile_malformed',
  'unknown_profile_value',
  'agent_client_behind_other_actor',
  'client_id_azp_differ',
  'actor_unclassified',
]

describeFixtures((folder) => {
  const fixtures = readFixtures(folder, forge.trust.issuer)
  const accepted = fixtures.filter((fixture) => !isRefused(fixture.expect))
  const refused = fixtures.filter((fixture) => isRefused(fixture.expect))

  test('RFC 9068 §4: there are 92 tokens, of which 64 are taken', () => {
    const decisions = fixtures.map((fixture) => fixture.expect.decision)
    expect(decisions.filter((decision) => decision === 'accept')).toHaveLength(65)
    expect(decisions.filter((decision) => decision === 'reject')).toHaveLength(27)
    expect([accepted.length, refused.length]).toEqual([64, 28])
  })

  test.each(accepted)('RFC 9068 §4: $name is taken, with the options that it needs', async (fixture) => {
    const issued = issue(fixture, forge)
    compare(await contextOf(fixture, relaxedOptions(issued)), fixture.expect)
  })

  test.each(refused)('RFC 9068 §4: $name is refused for its own reason', async (fixture) => {
    const { reason = '' } = fixture.expect
    expect(reasons).toHaveProperty(reason)
    const [code, strict] = reasons[reason] ?? []
    const issued = issue(fixture, forge)
    expect(await codesOf(fixture, relaxedOptions(issued, strict))).toEqual([code, code])
  })

  test('DOCS: the table of docs/issuers.md counts what is taken', async () => {
    const shown = tableAfter('docs/issuers.md', '## How many real tokens are taken')
    expect(shown).toEqual(await countTaken(fixtures, forge))
  })

  describe('what an option changes', () => {
    test.each(withVariant('ifAudienceWaived'))('RFC 9068 §2.2: $name without an audience', async (fixture) => {
      compare(await contextOf(fixture, waivedOptions(issue(fixture, forge))), fixture.expect.ifAudienceWaived)
    })

    test.each(withVariant('ifUnboundAllowed'))('RFC 7800 §3: $name without a binding', async (fixture) => {
      const context = await contextOf(fixture, relaxedOptions(issue(fixture, forge)))
      expect(context).toMatchObject({ sender: { method: 'none' }, warnings: ['unbound_token'] })
    })

    test.each(withVariant('ifMaxTtl'))('RFC 9068 §5: $name with a longer life', async (fixture) => {
      const options = relaxedOptions(issue(fixture, forge))
      expect(options.maxTokenSeconds).toBe(86_400)
      expect((await contextOf(fixture, options)).warnings).toEqual(['ttl_over_policy'])
    })

    test.each(withVariant('ifActorIdFallback'))('RFC 8693 §4.1: $name with another name', async (fixture) => {
      const options = { ...relaxedOptions(issue(fixture, forge)), actorClaims: 'sub-or-client_id' as const }
      const { actor, authority } = await contextOf(fixture, options)
      expect({ subject: actor.subject, authority }).toEqual({ subject: 'agent-1', authority: 'delegated' })
    })
  })

  function withVariant(name: 'ifAudienceWaived' | 'ifUnboundAllowed' | 'ifMaxTtl' | 'ifActorIdFallback') {
    const found = fixtures.filter((fixture) => fixture.expect[name] !== undefined)
    expect(found.length).toBeGreaterThan(0)
    return found
  }
})

/** Through Express, with a cold and a warm cache; the context is the same object. */
async function contextOf(fixture: Fixture, issuer: IssuerOptions): Promise<AgentContext> {
  const { replies, contexts } = await sendTwice(fixture, issuer)
  for (const reply of replies) expect(reply).toMatchObject({ status: 200, code: undefined })
  const [cold, warm] = contexts
  if (cold === undefined) throw new Error('the handler was not reached')
  expect(warm).toBe(cold)
  return cold
}

async function codesOf(fixture: Fixture, issuer: IssuerOptions): Promise<readonly unknown[]> {
  const { replies, contexts } = await sendTwice(fixture, issuer)
  expect(contexts).toEqual([])
  for (const { status, challenge } of replies) {
    expect(status).toBe(401)
    expect(challenge).toContain('error="invalid_token"')
  }
  return replies.map(({ code }) => code)
}

async function sendTwice(fixture: Fixture, issuer: IssuerOptions) {
  const contexts: AgentContext[] = []
  const app = express()
  app.use(agentAuth({ ...forge.options, issuer: { ...issuer, jwks: forge.trust.jwks } }))
  app.get('/tools', (request, response) => {
    contexts.push(request.agentContext)
    response.json({})
  })
  const send = await serveOverTls(app, forge)
  const { headers } = requestFor(issue(fixture, forge), forge)
  const cold = await send(await headers())
  const warm = await send(await headers())
  return { replies: [cold, warm], contexts }
}

function compare(context: AgentContext, expected: Expectation | undefined): void {
  if (expected === undefined) throw new Error('nothing is expected')
  const { principal, actor, delegation } = context
  expect(named(principal)).toEqual(expected.principal)
  if (expected.actor === null) expect(actor).toBe(principal)
  else expect(named(actor)).toEqual(expected.actor)
  expect((delegation?.chain ?? []).slice(1).map(named)).toEqual(expected.priorActors)
  expect(context.authority).toBe(expected.authority)
  expect(context.client?.id ?? null).toBe(expected.clientId)
  expect(context.scopes).toEqual(expected.scopes)
  expect(context.sender.method).toBe(expected.binding)
  expect(exactly(context.warnings)).toEqual(exactly(expected.warnings ?? []))
  if (expected.roles !== undefined) expect(context.roles).toEqual(expected.roles)
  if (expected.permissions !== undefined) expect(context.permissions).toEqual(expected.permissions)
  if (expected.involvesAgent !== undefined) expect(context.involvesAgent).toBe(expected.involvesAgent)
  if (expected.depth !== undefined) expect(delegation?.depth).toBe(expected.depth)
  const { owner, blueprint } = expected.governance ?? {}
  if (owner !== undefined) expect(actor.entity?.owner).toBe(owner)
  if (blueprint !== undefined) expect(actor.entity?.governance).toBe(blueprint)
  if (expected.agent?.instance !== undefined) expect(actor.entity?.instance).toBe(expected.agent.instance)
}

function named({ subject, issuer, kind }: Party): ExpectedParty {
  return { id: subject, issuer, kind }
}

function exactly(warnings: readonly string[]): readonly string[] {
  return warnings.filter((warning) => comparedWarnings.includes(warning)).sort()
}
