import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { requestView } from 'onbehalf/testing'
import { expect, test } from 'vitest'
import type { AgentContext, IssuerOptions, Party, RefusalCode, Verdict } from '../../../src/index.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import type { Members } from '../../support/jws.ts'
import { contextIn, outcomeOf, url } from '../../support/kit.ts'
import { sharedFolder } from '../../support/vectors.ts'

/** Decoded tokens as issuers and drafts write them, read by an issuer of the default dialect. */

interface Fixture {
  readonly name: string
  readonly header: Members | null
  readonly claims: Members
  readonly expect: Expectation
}

interface Expectation {
  readonly decision: 'accept' | 'reject'
  readonly adapter: string
  readonly reason?: string
  readonly authority?: string
  readonly principal?: ExpectedParty
  readonly actor?: ExpectedParty | null
  readonly clientId?: string
  readonly priorActors?: readonly ExpectedParty[]
  readonly scopes?: readonly string[]
  readonly binding?: string
  readonly involvesAgent?: boolean
  readonly warnings?: readonly string[]
}

interface ExpectedParty {
  readonly id: string
  readonly issuer: string | null
  readonly kind: string
}

const codes: Readonly<Record<string, RefusalCode>> = {
  act_malformed: 'delegation_malformed',
  actor_id_missing: 'delegation_malformed',
  delegation_depth_exceeded: 'delegation_too_deep',
  typ_missing: 'token_type',
  typ_not_allowed: 'token_type',
  typ_forbidden: 'token_type',
  aud_missing: 'token_audience',
  aud_mismatch: 'token_audience',
  claim_type: 'token_claim',
  scope_conflict: 'token_claim',
  cnf_unsupported: 'binding_unsupported',
  cnf_malformed: 'binding_unsupported',
  sender_constraint_required: 'binding_missing',
  ttl_exceeds_policy: 'token_lifetime',
}

/** What RFC 9068 §2.2 requires; a fixture that lacks one, yet is to be accepted, is for another dialect. */
const required = ['iss', 'sub', 'aud', 'client_id', 'iat', 'exp', 'jti']

const folder = sharedFolder('dialects/fixtures')
const forge: Forge = await createForge({ certificate: true })
const now: number = forge.clock.now() / 1_000

function readFixtures(): readonly Fixture[] {
  if (folder.missing !== undefined) return []
  const names = readdirSync(folder.path).filter((name) => name.endsWith('.json'))
  const all = names.map((name) => ({ name, ...JSON.parse(readFileSync(join(folder.path, name), 'utf8')) }) as Fixture)
  return all.filter(({ expect: { adapter, decision }, header, claims }) => {
    if (adapter !== 'generic') return false
    return decision === 'reject' ? header !== null : required.every((claim) => Object.hasOwn(claims, claim))
  })
}

const fixtures = readFixtures()

test('RFC 9068 §2.2: the fixtures that the default dialect reads are there', ({ skip }) => {
  if (folder.missing !== undefined) skip(folder.missing)
  expect(fixtures.length).toBeGreaterThanOrEqual(18)
})

test.each(fixtures)('RFC 9068 §2.2: fixture $name', async (fixture) => {
  const { decision, reason = '' } = fixture.expect
  const verdict = await send(fixture)
  if (decision === 'accept') return compare(contextIn(verdict), fixture)
  expect(codes).toHaveProperty(reason)
  expect(verdict).toMatchObject({ ok: false, refusal: { code: codes[reason], status: 401, error: 'invalid_token' } })
})

test.each(fixtures.filter(({ name }) => /^edge-(07|24)-/.test(name)))(
  'RFC 9068 §2.2: fixture $name is accepted where its issuer is allowed what it lacks',
  async (fixture) => {
    const relaxed = { dangerously: { allowUnbound: true as const }, maxTokenSeconds: 86_400 }
    expect(outcomeOf(await send(fixture, relaxed))).toBe('admitted')
    const isUnbound = !Object.hasOwn(fixture.claims, 'cnf')
    const context = contextIn(await send(fixture, relaxed))
    expect(context.sender.method).toBe(isUnbound ? 'none' : 'dpop')
    expect(context.warnings).toEqual([isUnbound ? 'unbound_token' : 'ttl_over_policy'])
  },
)

async function send({ header, claims }: Fixture, issuer: Partial<IssuerOptions> = {}): Promise<Verdict> {
  const name = String(claims['iss'] ?? forge.trust.issuer)
  const verifier = forge.verifierTrusting({ issuer: name, audience: 'https://api.example.com', ...issuer })
  const token = forge.raw({ ...header, alg: 'ES256', kid: 'k1' }, JSON.stringify({ ...claims, ...fresh(claims) }))
  const scheme = Object.hasOwn(claims, 'cnf') ? 'DPoP' : 'Bearer'
  const dpop = await forge.agent.proof({ method: 'GET', url, token })
  const headers = { authorization: `${scheme} ${token}`, dpop }
  return verifier.check(requestView({ url, headers, certificate: forge.agent.certificate?.der }))
}

/** Placeholders: dates keep their distance, thumbprints become those of keys we hold. */
function fresh({ iat, exp, cnf }: Members): Members {
  const shift = now - Number(iat)
  const real: Members = { jkt: forge.agent.jkt, 'x5t#S256': forge.agent.certificate?.thumbprint }
  const members = Object.entries((cnf ?? {}) as Members).map(([name, value]) => [name, real[name] ?? value])
  return {
    iat: now,
    exp: Number(exp) + shift,
    ...(cnf === undefined ? {} : { cnf: Object.fromEntries(members) }),
  }
}

function compare(context: AgentContext, { expect: expected }: Fixture): void {
  const { principal, actor, delegation } = context
  expect(describe(principal)).toEqual(expected.principal)
  if (expected.actor === null) expect(actor).toBe(principal)
  else expect(describe(actor)).toEqual(expected.actor)
  expect((delegation?.chain ?? []).slice(1).map(describe)).toEqual(expected.priorActors ?? [])
  expect(context.authority).toBe(expected.authority)
  expect(context.client?.id).toBe(expected.clientId)
  expect(context.scopes).toEqual(expected.scopes)
  expect(context.sender.method).toBe(expected.binding)
  expect([...context.warnings].sort()).toEqual([...(expected.warnings ?? [])].sort())
  if (expected.involvesAgent !== undefined) expect(context.involvesAgent).toBe(expected.involvesAgent)
}

function describe({ subject, issuer, kind }: Party): ExpectedParty {
  return { id: subject, issuer, kind }
}
