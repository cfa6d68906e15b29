import type { DialectName } from 'onbehalf'
import { expect, test } from 'vitest'
import type { ActorProfileClaims } from '../../examples/issuer/actor-profile-claims.ts'
import { dialectNames, NotIssuedError, writeAs } from '../../examples/issuer/dialects/index.ts'
import { type Fixture, readFixtures } from '../dialects/fixture.ts'
import { describeFixtures } from '../support/vectors.ts'
import { issuer, situations, strict } from './dialect-tokens.ts'

/** What is written and stands in no fixture, and where it comes from. */
const elsewhere: Readonly<Partial<Record<DialectName, Readonly<Record<string, string>>>>> = {
  rfc9068: {
    'authorization_details.type': 'RFC 9396 §9.1',
    'authorization_details.amount': 'RFC 9396 §2',
    auth_time: 'RFC 9068 §2.2.1',
    acr: 'RFC 9068 §2.2.1',
    amr: 'RFC 9068 §2.2.1',
    'may_act.iss': 'RFC 8693 §4.4',
    'may_act.sub': 'RFC 8693 §4.4',
  },
  'actor-profile': {
    'authorization_details.amount': 'RFC 9396 §2',
    client_profile: 'entity profiles',
    'mission.expires_at': 'optional in the draft on missions',
    auth_time: 'RFC 9068 §2.2.1',
    acr: 'RFC 9068 §2.2.1',
    amr: 'RFC 9068 §2.2.1',
    'may_act.iss': 'RFC 8693 §4.4',
    'may_act.sub': 'RFC 8693 §4.4',
  },
  keycloak: {
    auth_time: 'client scope basic',
    acr: 'client scope acr',
    'cnf.jkt': 'clients that require DPoP bound tokens',
    preferred_username: 'client scope profile, of a service account',
  },
  zeroid: {
    scopes: 'the claims of the source, of which the fixture has none',
    'cnf.jkt': 'the claims of the source',
    mission_id: 'the claims of the source',
  },
  workos: { client_id: 'page "Access token claims" of Connect', scope: 'page "Access token claims" of Connect' },
  cognito: { username: 'page on the access token payload' },
  fusionauth: {
    permissions: 'page "Tokens", client credentials',
    'act.sub': 'page "OAuth Token Exchange"',
    'act.sub_profile': 'page "OAuth Token Exchange"',
    'cnf.jkt': 'page on DPoP',
  },
  wso2: { 'cnf.jkt': 'token binding type DPoP' },
  aap: { 'cnf.jkt': 'the draft lets a token be bound to a key' },
}

/** Also a person's token that was not exchanged, and services. */
const { act: _act, mission: _mission, ...unexchanged } = strict['an agent for a person']
const service = { ...strict['an agent for itself'], sub_profile: 'service' } as const
const forService = { ...service, act: { iss: issuer, sub: 'planner-2', sub_profile: 'ai_agent' } } as const
const samples: readonly ActorProfileClaims[] = [
  ...situations.map((name) => strict[name]),
  unexchanged,
  service,
  forService,
]

describeFixtures((folder) => {
  const fixtures = readFixtures(folder, issuer).filter(
    ({ expect: { reason } }) => reason === undefined || reason === 'aud_missing',
  )

  test.each(dialectNames)('Examples: %s is written with the claims that its fixtures show', (dialect) => {
    const known = new Set(fixturesOf(dialect).flatMap(({ claims }) => pathsIn(claims)))
    const said = elsewhere[dialect] ?? {}
    const written = new Set(writtenAs(dialect).flatMap(({ claims }) => pathsIn(claims)))
    expect([...written].filter((path) => !known.has(path) && !Object.hasOwn(said, path))).toEqual([])
    expect(Object.keys(said).filter((path) => !written.has(path) || known.has(path))).toEqual([])
  })

  test.each(dialectNames)('Examples: %s is written with the header type that its fixtures show', (dialect) => {
    const known = fixturesOf(dialect).map(({ header }) => header?.['typ'])
    for (const { typ } of writtenAs(dialect)) expect(known).toContain(typ)
  })

  function fixturesOf(dialect: DialectName): readonly Fixture[] {
    const own = fixtures.filter(({ expect: { adapter } }) => adapter === (dialect === 'rfc9068' ? 'generic' : dialect))
    expect(own).not.toEqual([])
    return own
  }
})

function writtenAs(dialect: DialectName): readonly ReturnType<typeof writeAs>[] {
  return samples.flatMap((claims) => {
    try {
      return [writeAs(dialect, claims)]
    } catch (error) {
      if (error instanceof NotIssuedError) return []
      throw error
    }
  })
}

/** Names of claims, and of members in them; an `act` in an `act` has the same. */
function pathsIn(claims: object, prefix = ''): readonly string[] {
  return Object.entries(claims).flatMap(([name, value]) => {
    const path = name === 'act' ? 'act' : `${prefix}${name}`
    const [inner] = [value].flat()
    // The names in it are those of APIs.
    if (path === 'permissions' || typeof inner !== 'object' || inner === null) return [path]
    return pathsIn(inner, `${path}.`)
  })
}
