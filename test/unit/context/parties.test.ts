import { expect, test } from 'vitest'
import type { AgentContext, IssuerOptions } from '../../../src/index.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import type { Members } from '../../support/jws.ts'
import { type Outcome, resource } from '../../support/kit.ts'

const forge: Forge = await createForge()
const { verifier } = forge
const home = forge.trust.issuer

async function contextFor(claims: Members, issuer: Partial<IssuerOptions> = {}): Promise<AgentContext> {
  return forge.context({ verifier: forge.verifierTrusting(issuer), token: forge.token(claims) })
}

async function outcomeFor(claims: Members, issuer: Partial<IssuerOptions> = {}): Promise<Outcome> {
  return forge.code({ verifier: forge.verifierTrusting(issuer), token: forge.token(claims) })
}

/** Outermost first. */
function chainOf(...subjects: readonly string[]): Members {
  const acts = subjects.map((sub): Members => ({ sub, iss: home, sub_profile: 'ai_agent' }))
  return acts.reduceRight((act, outer) => ({ ...outer, act }))
}

function nested(depth: number, innermost?: unknown): Members {
  let act: Members = { sub: `a${depth}`, iss: home, ...(innermost !== undefined && { act: innermost }) }
  for (let level = depth - 1; level > 0; level--) act = { sub: `a${level}`, iss: home, act }
  return act
}

test('ACT-02: the outermost act is the current actor, the most deeply nested the earliest (RFC 8693 figure 6)', async () => {
  const act = {
    sub: 'https://service16.example.com',
    act: { sub: 'https://service77.example.com' },
  }
  const context = await contextFor({ sub: 'user@example.com', act })
  expect(context.actor.subject).toBe('https://service16.example.com')
  expect(context.delegation?.chain.map(({ subject }) => subject)).toEqual([
    'https://service16.example.com',
    'https://service77.example.com',
  ])
  const five = await contextFor({ act: chainOf('e', 'd', 'c', 'b', 'a') })
  expect(five.delegation?.chain.map(({ subject }) => subject)).toEqual(['e', 'd', 'c', 'b', 'a'])
  expect(five.delegation?.depth).toBe(5)
})

const notObjects: readonly unknown[] = ['agent-1', '', 1, 0, true, false, null, [], [{ sub: 'a' }], '{"sub":"a"}']

test('ACT-03: act is an object at every level, or the token is refused', async () => {
  for (const value of notObjects) {
    expect(await outcomeFor({ act: value }), JSON.stringify(value)).toBe('delegation_malformed')
    for (let depth = 1; depth <= 5; depth++) {
      expect(await outcomeFor({ act: nested(depth, value) }), `${JSON.stringify(value)} below ${depth}`).toBe(
        'delegation_malformed',
      )
    }
  }
})

const badActors: readonly (readonly [string, Members])[] = [
  ['no sub', { iss: home }],
  ['nothing', {}],
  ['client_id alone', { client_id: 'agent-1' }],
  ['an empty sub', { sub: '' }],
  ['a sub of null', { sub: null }],
  ['a numeric sub', { sub: 1 }],
  ['a list as sub', { sub: ['a'] }],
  ['an object as sub', { sub: { toString: null } }],
  ['an empty iss', { sub: 'a', iss: '' }],
  ['an iss of null', { sub: 'a', iss: null }],
  ['a list as iss', { sub: 'a', iss: [home] }],
  ['an empty client_id', { sub: 'a', client_id: '' }],
  ['a client_id of null', { sub: 'a', client_id: null }],
]

test.each(badActors)('ACT-03: an actor with %s is malformed at every level', async (_, act) => {
  for (const claims of [
    { act },
    { act: nested(1, act) },
    { act: nested(4, act) },
    { act: { ...act, act: nested(1) } },
  ]) {
    expect(await outcomeFor(claims)).toBe('delegation_malformed')
  }
})

test('ACT-03: what is malformed below the limit is malformed, not too deep', async () => {
  expect(await outcomeFor({ act: nested(8, 'x') })).toBe('delegation_malformed')
  expect(await outcomeFor({ act: nested(8) })).toBe('delegation_too_deep')
})

test("ACT-04: exp, nbf, aud and the like inside act are neither checked nor shown as the token's", async () => {
  const act = {
    ...chainOf('a'),
    exp: 1,
    nbf: 9e12,
    iat: 'x',
    aud: 'https://evil.test',
    jti: 1,
    scope: 'admin',
    acr: 'gold',
  }
  const context = await contextFor({ act })
  expect(context).toMatchObject({ authority: 'delegated', scopes: [], token: { audience: [resource] } })
  expect(context.authentication).not.toHaveProperty('acr')
  expect(context.token.expiresAt).toBe(forge.clock.now() / 1_000 + 300)
})

test('ACT-05: an actor is its issuer and its subject: one subject of two issuers is two actors', async () => {
  const act = { sub: 'a', iss: home, act: { sub: 'a', iss: 'https://far.example.test' } }
  const context = await contextFor({ act }, { actorIssuers: 'any' })
  expect(context.delegation?.chain.map(({ issuer }) => issuer)).toEqual([home, 'https://far.example.test'])
  expect(context.warnings).not.toContain('chain_loop')
  const far = await contextFor({ act: { sub: 'alice', iss: 'https://far.example.test' } }, { actorIssuers: 'any' })
  expect(far).toMatchObject({ authority: 'delegated', actor: { subject: 'alice' } })
})

test('ACT-05: a rule for an actor of our issuer does not match a namesake elsewhere', async () => {
  const any = forge.verifierTrusting({ actorIssuers: 'any' })
  const far = await forge.context({
    verifier: any,
    token: forge.token({ act: { sub: 'a', iss: 'https://far.example.test' } }),
  })
  const near = await forge.context({ verifier: any, token: forge.token({ act: { sub: 'a', iss: home } }) })
  const rule = { actor: { issuer: home, subject: 'a' } }
  expect(await any.authorize(near, rule)).toMatchObject({ ok: true })
  expect(await any.authorize(far, rule)).toMatchObject({ refusal: { code: 'actor_unauthorized' } })
})

test('ACT-07: act.iss is the namespace of act.sub and stays what the token says, null where it says nothing', async () => {
  const act = { sub: 'a', iss: 'https://far.example.test', act: { sub: 'b' } }
  const context = await contextFor({ act }, { actorIssuers: ['https://far.example.test'] })
  expect(context.delegation?.chain.map(({ issuer }) => issuer)).toEqual(['https://far.example.test', null])
  expect(context.warnings).toContain('act_iss_missing')
})

test('ACT-08: an act that is the principal is no delegation', async () => {
  for (const act of [{ sub: 'alice', iss: home }, { sub: 'alice' }]) {
    const context = await contextFor({ sub: 'alice', act })
    expect(context).toMatchObject({ authority: 'independent', delegation: null })
    expect(context.actor).toBe(context.principal)
    expect(context.warnings).toContain('self_act')
  }
})

test('ACT-08: an unclassified principal that acts for itself is undetermined', async () => {
  const context = await contextFor({ sub: 'x', sub_profile: undefined, act: { sub: 'x', sub_profile: 'ai_agent' } })
  expect(context).toMatchObject({ authority: 'undetermined', delegation: null, principal: { kind: 'unknown' } })
})

test('ACT-08: earlier actors under a self-act make no delegation, but still count for deny rules', async () => {
  const context = await contextFor({ act: { sub: 'alice', iss: home, act: chainOf('agent-1') } })
  expect(context).toMatchObject({ authority: 'independent', delegation: null, involvesAgent: true })
})

test('ACT-08: a route for delegated authority refuses a self-act', async () => {
  const context = await contextFor({ act: { sub: 'alice', iss: home } })
  expect(await verifier.authorize(context, { authority: 'delegated' })).toMatchObject({
    refusal: { code: 'authority_required' },
  })
})

test('ACT-09: five act objects pass, six do not; the limit is an option', async () => {
  for (const [maxDepth, limit] of [
    [undefined, 5],
    [1, 1],
    [4, 4],
    [10, 10],
    [100, 100],
  ] as const) {
    const deep = forge.verifierWith({ delegation: { maxDepth } })
    const atLimit = await forge.context({ verifier: deep, token: forge.token({ act: nested(limit) }) })
    expect(atLimit.delegation).toMatchObject({ depth: limit })
    expect(atLimit.delegation?.chain).toHaveLength(limit)
    const verdict = await forge.call({ verifier: deep, token: forge.token({ act: nested(limit + 1) }) })
    expect(verdict).toMatchObject({ ok: false, refusal: { code: 'delegation_too_deep', status: 401 } })
  }
})

test.each([0, 1.5, -1, 101, Number.NaN, '5'])('ACT-09: a limit of %j is an option error', (maxDepth) => {
  expect(() => forge.verifierWith({ delegation: { maxDepth: maxDepth as number } })).toThrow()
})

test('ACT-10: no actor is read out of client_id, azp, req_wl or a client profile', async () => {
  for (const claims of [
    { client_id: 'agent-1' },
    { client_id: 'agent-1', azp: 'agent-1' },
    { client_id: 'agent-1', client_profile: 'ai_agent' },
    { req_wl: 'gateway' },
    { agent: { id: 'agent-1' }, agent_id: 'agent-1', actor: 'agent-1', agent_chain: ['agent-1'] },
    { delegation: { depth: 1, chain: ['agent-1'] }, parent_jti: 'x' },
  ]) {
    const context = await contextFor(claims)
    expect(context, JSON.stringify(claims)).toMatchObject({ delegation: null })
    expect(context.authority).not.toBe('delegated')
    expect(context.actor).toBe(context.principal)
  }
})

test('ACT-11: cnf inside act has no meaning: it neither binds the token nor spoils it', async () => {
  const cnfs = [{ jkt: forge.agent.jkt }, { kid: 'x' }, null, 'x', { jwk: {} }]
  for (const cnf of cnfs) {
    const act = { sub: 'a', iss: home, cnf }
    expect(await outcomeFor({ act }), JSON.stringify(cnf)).toBe('admitted')
    expect(await outcomeFor({ act, cnf: undefined }), JSON.stringify(cnf)).toBe('binding_missing')
  }
  const context = await contextFor({ act: { sub: 'a', cnf: { jkt: 'x'.repeat(43) } } })
  expect({ ...context.sender }).toEqual({ method: 'dpop', jkt: forge.agent.jkt })
})

test('ACT-15: every actor, however deep, is asserted by the issuer of the token and by nobody else', async () => {
  const act = { sub: 'a', iss: 'https://one.example.test', act: { sub: 'b', iss: 'https://two.example.test' } }
  const context = await contextFor({ act }, { actorIssuers: 'any' })
  const parties = [context.principal, context.actor, ...(context.delegation?.chain ?? [])]
  expect(parties.map(({ assertedBy }) => assertedBy)).toEqual([home, home, home, home])
})

test('ACT-16: may_act names no actor, grants nothing and spoils nothing', async () => {
  for (const may_act of [{ sub: 'agent-1', iss: home }, 'x', null, [], { act: {} }]) {
    const context = await contextFor({ may_act })
    expect(context, JSON.stringify(may_act)).toMatchObject({
      authority: 'independent',
      delegation: null,
      involvesAgent: false,
    })
    expect(context.actor).toBe(context.principal)
    expect(context.actor).not.toHaveProperty('may_act')
  }
})

test('ACT-17: without act nothing tells an exchanged token from another: kind and authority stay what it says', async () => {
  const context = await contextFor({ client_id: 'exchanging-service', azp: 'exchanging-service' })
  expect(context).toMatchObject({ authority: 'independent', principal: { kind: 'human' }, delegation: null })
  const silent = await contextFor({ sub_profile: undefined, client_id: 'exchanging-service' })
  expect(silent).toMatchObject({ authority: 'undetermined', principal: { kind: 'unknown' } })
})

test('ACT-20: a chain over the limit is 401 invalid_token and never cut, however deep', async () => {
  for (const depth of [6, 7, 50, 100]) {
    const verdict = await forge.call({ verifier, token: forge.token({ act: nested(depth) }) })
    expect(verdict, `${depth}`).toMatchObject({
      ok: false,
      refusal: {
        code: 'delegation_too_deep',
        status: 401,
        error: 'invalid_token',
        facts: { hint: 'delegation.maxDepth' },
      },
    })
  }
})

test('ACT-21: the same actor twice is legal and reported', async () => {
  const context = await contextFor({ act: chainOf('a', 'b', 'a') })
  expect(context.warnings).toEqual(['chain_loop'])
  expect(context.delegation?.chain.map(({ subject }) => subject)).toEqual(['a', 'b', 'a'])
  const repeated = await contextFor({ act: { ...chainOf('a'), act: { sub: 'alice', iss: home } } })
  expect(repeated.warnings).toEqual(['chain_loop'])
  expect((await contextFor({ act: chainOf('a', 'b', 'c') })).warnings).toEqual([])
})

test('ACT-24: an issuer names only the actors it may: own, a list, any or none', async () => {
  const far = 'https://far.example.test'
  const acts = {
    none: { sub: 'a' },
    own: { sub: 'a', iss: home },
    far: { sub: 'a', iss: far },
    inner: nested(1, { sub: 'b', iss: far }),
  }
  const refused = 'delegation_not_allowed'
  for (const [actorIssuers, outcomes] of [
    [undefined, { none: 'admitted', own: 'admitted', far: refused, inner: refused }],
    ['own', { none: 'admitted', own: 'admitted', far: refused, inner: refused }],
    ['any', { none: 'admitted', own: 'admitted', far: 'admitted', inner: 'admitted' }],
    [[far], { none: 'admitted', own: 'admitted', far: 'admitted', inner: 'admitted' }],
    [['https://third.example.test'], { none: 'admitted', own: 'admitted', far: refused, inner: refused }],
    [false, { none: refused, own: refused, far: refused, inner: refused }],
  ] as const) {
    for (const name of ['none', 'own', 'far', 'inner'] as const) {
      expect(await outcomeFor({ act: acts[name] }, { actorIssuers }), `${actorIssuers} ${name}`).toBe(outcomes[name])
    }
    expect(await outcomeFor({}, { actorIssuers }), `${actorIssuers} no act`).toBe('admitted')
  }
  expect(await outcomeFor({ act: { sub: 'a', iss: `${home}/` } })).toBe(refused)
})

test('ACT-24: with false a self-act is no less an act', async () => {
  expect(await outcomeFor({ act: { sub: 'alice', iss: home } }, { actorIssuers: false })).toBe('delegation_not_allowed')
})

test('ACT-25: unknown members of act mean nothing and stay readable in the claims', async () => {
  const extra = {
    role: 'support',
    model: { id: 'm' },
    kind: 'human',
    assertedBy: 'x',
    subject: 'mallory',
    issuer: 'x',
    profiles: ['user'],
  }
  const context = await contextFor({ act: { ...chainOf('a'), ...extra } })
  expect({ ...context.actor }).toEqual({
    subject: 'a',
    issuer: home,
    assertedBy: home,
    kind: 'agent',
    kindSource: 'profile',
    profiles: ['ai_agent'],
  })
  expect(context.token.claims).toMatchObject({ act: extra })
})
