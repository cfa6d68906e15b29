import fc from 'fast-check'
import type { AgentContext, DialectName, Party } from 'onbehalf'
import { requestView } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Actor, ActorProfileClaims, EntityProfile } from '../../examples/issuer/actor-profile-claims.ts'
import { dialectNames, NotIssuedError, type WrittenToken, writeAs } from '../../examples/issuer/dialects/index.ts'
import { createRig, judgeNow, type Rig, runs, startMs, viewOf } from '../properties/rig.ts'
import { rawJws } from '../support/jws.ts'
import { contextIn, issuerUrl, resource, url } from '../support/kit.ts'

const now = startMs / 1_000
/** Two agents have names as a product would give them. */
const profiles = {
  'travel-7': 'ai_agent',
  'planner-2': 'ai_agent',
  'scout-1': 'service',
  'm2m-client-1': 'ai_agent',
  m2morg_1: 'ai_agent',
  alice: 'user',
  bob: 'user',
} as const satisfies Record<string, EntityProfile>
const names = Object.keys(profiles) as (keyof typeof profiles)[]
const agents = names.filter((name) => profiles[name] !== 'user')

const party = fc.constantFrom(...names).map((sub) => ({ sub, sub_profile: profiles[sub] }))

const anyClaims = fc
  .record({
    principal: party,
    // The current actor first; a party may be there twice.
    chain: fc.array(party, { maxLength: 3 }),
    client: fc.constantFrom(...agents),
    client_profile: fc.constantFrom<EntityProfile>('ai_agent', 'service'),
    scopes: fc.uniqueArray(fc.constantFrom('trips:read', 'trips:book', 'pay', '*'), { maxLength: 4 }),
    more: fc.record(
      {
        mission: fc.constant({ id: 'grant-1', expires_at: now + 3_600 }),
        may_act: fc.constant({ iss: issuerUrl, sub: 'planner-2' }),
        auth_time: fc.constant(now - 60),
        acr: fc.constant('urn:example:loa:2'),
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
  })
  .map(({ principal: subject, chain: actors, client, client_profile, scopes, more }) => {
    const act = nest(actors)
    const own = subject.sub_profile === 'user' ? client : subject.sub
    return {
      iss: issuerUrl,
      ...subject,
      client_id: act?.sub ?? own,
      client_profile,
      aud: resource,
      scope: scopes.join(' '),
      ...(act !== undefined && { act }),
      ...more,
      iat: now,
      exp: now + 300,
      jti: 'token-1',
    }
  })

function nest([current, ...earlier]: readonly Omit<Actor, 'iss' | 'act'>[]): Actor | undefined {
  if (current === undefined) return undefined
  const act = nest(earlier)
  return { iss: issuerUrl, ...current, ...(act !== undefined && { act }) }
}

let rig: Rig
let verifiers: ReadonlyMap<DialectName, ReturnType<Rig['open']>>

beforeAll(async () => {
  rig = await createRig()
  verifiers = new Map(dialectNames.map((dialect) => [dialect, rig.open({}, laxTrust(dialect))]))
})

/** Everything that any token of the dialect needs, whoever its client is. */
function laxTrust(dialect: DialectName): Record<string, unknown> {
  const clients = names.flatMap((name) => [name, `m2morg_${name}`])
  const written = writeAs(dialect, sample()).claims['aud']
  return {
    dialect,
    audience: [...names, ...[written ?? resource].flat()],
    optionalClaims: ['client_id'],
    dangerously: { allowUnbound: true, allowMissingAudience: { clients } },
  }
}

/** Of an agent for itself. */
function sample(): ActorProfileClaims {
  const agent = { iss: issuerUrl, sub: 'travel-7', sub_profile: 'ai_agent', client_id: 'travel-7' } as const
  const rest = { client_profile: 'ai_agent', aud: resource, scope: '', cnf: { jkt: rig.jkt } } as const
  return { ...agent, ...rest, iat: now, exp: now + 300, jti: 'token-1' }
}

function read(dialect: DialectName, { typ, claims }: WrittenToken): AgentContext {
  const opened = verifiers.get(dialect)
  if (opened === undefined) throw new Error('no verifier')
  const { verifier, clock } = opened
  const token = rawJws(rig.issuerKey, { typ, alg: 'ES256', kid: 'k1' }, claims)
  const bearer = { url, headers: { authorization: `Bearer ${token}` } }
  const isBound = claims['cnf'] !== undefined
  return contextIn(judgeNow(verifier, isBound ? viewOf(token, rig.proof(clock, token)) : requestView(bearer)))
}

/** Undefined: the product issues no such token. */
function write(dialect: DialectName, claims: ActorProfileClaims): WrittenToken | undefined {
  try {
    return writeAs(dialect, claims)
  } catch (error) {
    if (error instanceof NotIssuedError) return undefined
    throw error
  }
}

describe.each(dialectNames)('Examples: a token of %s', (dialect) => {
  test('Examples: never says more than the token it was made of', () => {
    let issued = 0
    fc.assert(
      fc.property(anyClaims, (unbound) => {
        const strict: ActorProfileClaims = { ...unbound, cnf: { jkt: rig.jkt } }
        const written = write(dialect, strict)
        if (written === undefined) return
        issued += 1
        compare(dialect, read(dialect, written), read('actor-profile', writeAs('actor-profile', strict)))
      }),
      runs(200),
    )
    expect(issued).toBeGreaterThan(40)
  })
})

function compare(dialect: DialectName, less: AgentContext, full: AgentContext): void {
  expect(grantedBy(full)).toEqual(expect.arrayContaining([...grantedBy(less)]))
  expect(less.token.expiresAt).toBe(full.token.expiresAt)
  expect(less.sender.jkt ?? full.sender.jkt).toBe(full.sender.jkt)

  const parties = [full.principal, ...(full.delegation?.chain ?? [])]
  for (const party of [less.principal, less.actor, ...(less.delegation?.chain ?? [])]) {
    const kinds = parties.filter((other) => isSame(party, other)).map(({ kind }) => kind)
    expect(kinds).not.toEqual([])
    expect([...kinds, 'unknown', 'service']).toContain(party.kind)
  }

  if (less.authority === 'delegated') {
    expect(full.authority).toBe('delegated')
    expect(isSame(less.actor, full.actor)).toBe(true)
  }
  // These two have no place for the person behind several agents, or behind any.
  if (dialect !== 'zeroid' && dialect !== 'aap') expect(isSame(less.principal, full.principal)).toBe(true)
  if (less.authority === 'independent' && dialect !== 'aap') expect(full.authority).not.toBe('delegated')
}

/** But for what the product puts before the name. */
function isSame({ subject }: Party, { subject: name }: Party): boolean {
  return ['', 'agent_reg_', 'm2m-client-', 'm2morg_'].some((prefix) => subject === `${prefix}${name}`)
}

/** Cognito's scopes begin with the API. */
function grantedBy({ scopes, roles, permissions }: AgentContext): readonly string[] {
  return [...scopes, ...roles, ...permissions].map((scope) => scope.replace(`${resource}/`, ''))
}
