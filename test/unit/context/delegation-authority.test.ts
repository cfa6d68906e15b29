import { expect, test } from 'vitest'
import type { AgentContext, Dialect, IssuerOptions, RevocationQuery, WarningCode } from '../../../src/index.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import type { Members } from '../../support/jws.ts'

/** One table per question: who acts, by whose authority, and which warnings follow. */

const forge: Forge = await createForge()
const { verifier } = forge
const home = forge.trust.issuer

async function contextFor(claims: Members, issuer: Partial<IssuerOptions> = {}): Promise<AgentContext> {
  const isUnbound = Object.hasOwn(claims, 'cnf') && claims['cnf'] === undefined
  const change = isUnbound ? ({ scheme: 'Bearer', proof: null } as const) : {}
  return forge.context({ verifier: forge.verifierTrusting(issuer), token: forge.token(claims), ...change })
}

/** Outermost first. */
function chainOf(...subjects: readonly string[]): Members {
  const acts = subjects.map((sub): Members => ({ sub, iss: home, sub_profile: 'ai_agent' }))
  return acts.reduceRight((act, outer) => ({ ...outer, act }))
}

const registered: Partial<IssuerOptions> = { agentClients: ['travel-app'] }

test.each<readonly [string, Members, Partial<IssuerOptions>, AgentContext['authority'], string]>([
  ['no act, human', {}, {}, 'independent', 'alice'],
  ['no act, service', { sub_profile: 'service' }, {}, 'independent', 'alice'],
  ['no act, agent', { sub_profile: 'ai_agent' }, {}, 'independent', 'alice'],
  ['no act, unclassified', { sub_profile: undefined }, {}, 'undetermined', 'alice'],
  ['no act, human, the client an agent', { client_profile: 'ai_agent' }, {}, 'undetermined', 'alice'],
  [
    'no act, service, the client an agent',
    { sub_profile: 'service', client_profile: 'ai_agent' },
    {},
    'independent',
    'alice',
  ],
  ['no act, human, the client an app', { client_profile: 'web_app' }, {}, 'independent', 'alice'],
  ['act', { act: { sub: 'a' } }, {}, 'delegated', 'a'],
  ['act, unclassified principal', { sub_profile: undefined, act: { sub: 'a' } }, {}, 'delegated', 'a'],
  ['no act, the client registered', {}, registered, 'delegated', 'travel-app'],
  ['no act, another client registered', {}, { agentClients: ['x'] }, 'independent', 'alice'],
  ['act beside a registered client', { act: { sub: 'a' } }, registered, 'delegated', 'a'],
])('Context: authority with %s', async (_, claims, issuer, authority, actor) => {
  const context = await contextFor(claims, issuer)
  expect(context).toMatchObject({ authority, actor: { subject: actor } })
  expect(context.delegation === null).toBe(authority !== 'delegated')
  expect(context.actor === context.principal).toBe(authority !== 'delegated')
})

const entries = {
  plain: registered,
  users: { agentClients: [{ client: 'travel-app', actsFor: 'users' }] },
  itself: { agentClients: [{ client: 'travel-app', actsFor: 'itself' }] },
} as const

const subjects: Readonly<Record<string, Members>> = {
  human: {},
  'human that is called like the client': { sub: 'travel-app' },
  unclassified: { sub_profile: undefined },
  service: { sub_profile: 'service' },
  'the client': { sub: 'travel-app', sub_profile: undefined },
}

/** D: delegated, the client is the actor. I: independent, the client is its own principal. U: undetermined. */
const registry: Readonly<Record<keyof typeof subjects, Readonly<Record<keyof typeof entries, 'D' | 'I' | 'U'>>>> = {
  human: { plain: 'D', users: 'D', itself: 'D' },
  'human that is called like the client': { plain: 'D', users: 'D', itself: 'D' },
  unclassified: { plain: 'U', users: 'D', itself: 'I' },
  service: { plain: 'U', users: 'D', itself: 'I' },
  'the client': { plain: 'I', users: 'U', itself: 'I' },
}

const cells = Object.entries(registry).flatMap(([subject, row]) =>
  Object.entries(row).map(([entry, letter]) => ({ subject, entry: entry as keyof typeof entries, letter })),
)

test.each(cells)('Context: a registered client ($entry) with the token of $subject: $letter', async (cell) => {
  const claims = subjects[cell.subject] ?? {}
  const sub = String(claims['sub'] ?? 'alice')
  for (const more of [{}, { act: { sub, iss: home } }, { act: { sub, act: chainOf('earlier') } }]) {
    const context = await contextFor({ ...claims, ...more }, entries[cell.entry])
    const authority = { D: 'delegated', I: 'independent', U: 'undetermined' }[cell.letter]
    expect(context).toMatchObject({ authority, involvesAgent: true, principal: { subject: sub } })
    expect(context.warnings.includes('agent_client_without_actor')).toBe(cell.letter === 'U')
    if (cell.letter === 'D') {
      expect(context.actor).toMatchObject({ subject: 'travel-app', kind: 'agent', kindSource: 'registry' })
      expect(context.delegation).toEqual({ chain: [context.actor], depth: 1, complete: null })
    } else {
      expect(context.actor).toBe(context.principal)
      expect(context.delegation).toBeNull()
      const isUnclassified = cell.letter === 'I' && cell.subject !== 'service'
      expect(context.principal.kindSource === 'registry').toBe(isUnclassified)
    }
  }
})

test('Context: behind a self-act the registered client is asked about at the revocation source, and so is the rest', async () => {
  const asked: string[][] = []
  const isRevoked = ({ parties }: RevocationQuery) => asked.push(parties.map(({ subject }) => subject)) === 0
  const verifier = forge.verifierWith({ issuer: { ...forge.trust, ...registered }, revocation: { isRevoked } })
  const act = { sub: 'alice', act: chainOf('earlier') }
  await forge.context({ verifier, token: forge.token({ act }) })
  expect(asked[0]).toEqual(['alice', 'travel-app', 'alice', 'earlier'])
})

test('Context: an actor from agentClients is an agent by the registry, with no act object', async () => {
  const context = await contextFor({}, registered)
  expect({ ...context.actor }).toEqual({
    subject: 'travel-app',
    issuer: home,
    assertedBy: home,
    kind: 'agent',
    kindSource: 'registry',
    profiles: [],
    clientId: 'travel-app',
  })
  expect(context).toMatchObject({ involvesAgent: true, delegation: { depth: 1, complete: null } })
  expect(context.delegation?.chain).toEqual([context.actor])
})

test('Context: a registered client that is its own subject is an agent by the registry, unless the token says what it is', async () => {
  const claims = { sub: 'travel-app', sub_profile: undefined }
  expect((await contextFor(claims, registered)).principal).toMatchObject({ kind: 'agent', kindSource: 'registry' })
  const said = await contextFor({ ...claims, sub_profile: 'service' }, registered)
  expect(said.principal).toMatchObject({ kind: 'service', kindSource: 'profile' })
  expect(said.involvesAgent).toBe(true)
})

test.each<readonly [IssuerOptions['dialect'], Members]>([
  ['auth0', { sub: 'c@clients', azp: 'c', client_id: undefined }],
  ['cognito', { sub: 'c', client_id: 'c', token_use: 'access' }],
  ['entra', { oid: 'o', azp: 'c', uti: 'u', idtyp: 'app' }],
  ['wso2', { sub: 'c', client_id: 'c', aut: 'APPLICATION' }],
])(
  "Context: the own token of a registered client is an agent's where the dialect %s calls it a service",
  async (dialect, own) => {
    const trust: Partial<IssuerOptions> = { dialect, agentClients: ['c'] }
    const claims = { sub_profile: undefined, ...own }
    const header = { typ: 'at+jwt' }
    const token = forge.token(claims, header)
    const context = await forge.context({ verifier: forge.verifierTrusting(trust), token })
    expect(context).toMatchObject({
      authority: 'independent',
      principal: { kind: 'agent', kindSource: 'registry', clientId: 'c' },
    })
    const accountable = forge.verifierTrusting(trust, { delegation: { requireOwner: true } })
    expect(await forge.code({ verifier: accountable, token: forge.token(claims, header) })).toBe('owner_missing')
    const unlisted = forge.verifierTrusting({ dialect }, { delegation: { requireOwner: true } })
    expect(await forge.code({ verifier: unlisted, token: forge.token(claims, header) })).toBe('admitted')
  },
)

test.each<readonly [IssuerOptions['dialect'], Members]>([
  ['auth0', { sub: 'c@clients', azp: 'c', client_id: undefined }],
  ['keycloak', { sub: 's', azp: 'c', preferred_username: 'service-account-c' }],
  ['stytch', { sub: 'm2m-client-1', azp: 'c', client_id: undefined, jti: undefined, scope: 'a' }],
  ['wso2', { sub: 's', client_id: 'c', aut: 'APPLICATION' }],
])(
  'Context: a token that the dialect %s knows as the own one of a registered client is that with a self-act, too',
  async (dialect, own) => {
    const claims = { sub_profile: undefined, ...own }
    const said = { authority: 'independent', principal: { kind: 'agent', kindSource: 'registry' } }
    for (const [act, outcome] of [
      [undefined, said],
      [{ sub: own['sub'] }, said],
      [{ sub: 'other' }, { authority: 'delegated', actor: { subject: 'other', kind: 'unknown' } }],
    ] as const) {
      const verifier = forge.verifierTrusting({ dialect, agentClients: ['c'] })
      const context = await forge.context({ verifier, token: forge.token({ ...claims, act }, { typ: 'at+jwt' }) })
      expect(context).toMatchObject(outcome)
      if (act?.sub === 'other') expect(context.principal.kindSource).not.toBe('registry')
    }
  },
)

test.each<readonly [string, Members, Partial<IssuerOptions>, boolean]>([
  ['the principal', { sub_profile: 'ai_agent' }, {}, true],
  ['the actor', { act: chainOf('a') }, {}, true],
  ['an earlier actor', { act: { sub: 'gateway', sub_profile: 'service', act: chainOf('a') } }, {}, true],
  ['the earliest actor', { act: { sub: 'b', act: { sub: 'c', act: { sub: 'd', act: chainOf('a') } } } }, {}, true],
  ['the client by its profile', { client_profile: 'web_app ai_agent' }, {}, true],
  ['the client by the registry', {}, registered, true],
  ['the client behind a human actor', { client_profile: 'ai_agent', act: { sub: 'b', sub_profile: 'user' } }, {}, true],
  ['nobody', { act: { sub: 'b', sub_profile: 'service' }, client_profile: 'web_app' }, {}, false],
  ['nobody known', { sub_profile: undefined, act: { sub: 'ai_agent' } }, {}, false],
])('Context: an agent is involved: %s', async (_, claims, issuer, involvesAgent) => {
  const context = await contextFor(claims, issuer)
  expect(context.involvesAgent).toBe(involvesAgent)
  const decision = await verifier.authorize(context, { denyIfAgentInvolved: true })
  expect(decision.ok).toBe(!involvesAgent)
})

const dayLong = { exp: forge.clock.now() / 1_000 + 86_400 }
const humanActor = { sub: 'b', iss: home, sub_profile: 'user' }

const namesAnotherActor: NonNullable<Dialect['parties']> = () => ({
  principal: { subject: 'alice', kind: 'human' },
  chain: [{ subject: 'other', issuer: home, kind: 'agent' }],
})

/** The type makes the compiler ask for cases when a literal is added. */
const warnings: Readonly<Record<WarningCode, readonly (readonly [Members, Partial<IssuerOptions>])[]>> = {
  act_iss_assumed: [[{ act: { sub: 'a', sub_profile: 'ai_agent' } }, { dialect: 'auth0' }]],
  act_iss_missing: [
    [{ act: { sub: 'a', sub_profile: 'ai_agent' } }, {}],
    [{ act: { ...chainOf('a'), act: { sub: 'b' } } }, {}],
  ],
  actor_conflict: [[{}, { ...registered, dialect: { name: 'own', parties: namesAnotherActor } }]],
  actor_unclassified: [[{ act: { sub: 'a', iss: home } }, {}]],
  agent_client_behind_other_actor: [
    [{ client_profile: 'ai_agent', act: humanActor }, {}],
    [{ act: humanActor }, registered],
    [{ client_profile: 'ai_agent', act: chainOf('a') }, {}],
    [{ act: { ...chainOf('travel-app'), iss: 'https://far.example.test' } }, { ...registered, actorIssuers: 'any' }],
  ],
  agent_client_without_actor: [
    [{ client_profile: 'ai_agent' }, {}],
    [{ sub_profile: undefined }, registered],
  ],
  // It stands in audit events alone: a request that has it is refused.
  certificate_header_ignored: [],
  chain_loop: [
    [{ act: chainOf('a', 'b', 'a') }, {}],
    [{ act: chainOf('a', 'a') }, {}],
    [{ act: chainOf('a', 'alice') }, {}],
  ],
  client_id_azp_differ: [[{ azp: 'other-app' }, {}]],
  facet_malformed: [[{ oid: 'o-1', uti: 'u-1', azp: 'travel-app', xms_sub_fct: 'x' }, { dialect: 'entra' }]],
  inverted_act: [[{ identity_type: 'agent', act: { sub: 'boss', iss: home } }, { dialect: 'zeroid' }]],
  no_iat: [[{ iat: undefined }, { optionalClaims: ['iat'] }]],
  principal_is_agent_user_account: [[{ sub_profile: 'user ai_agent' }, {}]],
  profile_malformed: [
    [{ sub_profile: ['user'] }, {}],
    [{ client_profile: 1 }, {}],
    [{ act: { sub: 'a', iss: home, sub_profile: null } }, {}],
  ],
  // It stands in audit events alone: the context is shared by all requests of the token.
  proof_time_reported: [],
  self_act: [[{ act: { sub: 'alice', iss: home } }, {}]],
  ttl_over_policy: [[dayLong, { maxTokenSeconds: 86_400 }]],
  unbound_token: [[{ cnf: undefined }, { dangerously: { allowUnbound: true } }]],
  unknown_profile_value: [
    [{ sub_profile: 'human' }, {}],
    [{ act: { sub: 'a', iss: home, sub_profile: 'human' } }, {}],
    [{ client_profile: 'robot' }, {}],
  ],
}

test.each(Object.entries(warnings))('RFC 8693 §4.1: the warning %s, and no other', async (warning, cases) => {
  for (const [claims, issuer] of cases) {
    expect((await contextFor(claims, issuer)).warnings, JSON.stringify(claims)).toEqual([warning])
  }
})

test('Context: a malformed profile of one party does not hide that the actor has none', async () => {
  const context = await contextFor({ client_profile: 1, act: { sub: 'a', iss: home } })
  expect([...context.warnings].sort()).toEqual(['actor_unclassified', 'profile_malformed'])
})

test('Context: an azp that repeats client_id, and an ordinary delegation, have no warnings', async () => {
  for (const act of [chainOf('travel-app'), { ...chainOf('a'), client_id: 'travel-app' }]) {
    expect((await contextFor({ act }, registered)).warnings).toEqual([])
  }
  for (const claims of [{}, { azp: 'travel-app' }, { act: chainOf('a', 'b') }, { client_profile: 'web_app' }]) {
    expect((await contextFor(claims)).warnings).toEqual([])
  }
})
