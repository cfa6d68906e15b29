import { describe, expect, test } from 'vitest'
import type { Dialect, DialectParties, IssuerOptions } from '../../../src/index.ts'
import { createForge } from '../../support/forge.ts'
import type { Members } from '../../support/jws.ts'

const forge = await createForge()
const home = forge.trust.issuer

function call(dialect: IssuerOptions['dialect'], claims: Members = {}, header: Members = {}) {
  return { verifier: forge.verifierTrusting({ dialect }), token: forge.token(claims, header) }
}

const withParties = (answer: unknown): Dialect => ({ name: 'own', parties: () => answer as DialectParties })
const alice = { subject: 'alice' }

describe('where a dialect finds things', () => {
  const dialect: Dialect = {
    name: 'own',
    types: ['JWT', null],
    optionalClaims: ['iat'],
    clientId: ['cid', 'appid'],
    tokenId: ['uti'],
    scopes: ['scp', 'scopes'],
    roles: (claims, audience) => [String(claims['level']), ...audience],
    permissions: () => ['p'],
  }
  const claims = { client_id: undefined, jti: undefined, appid: 'app-1', uti: 'u-1', scp: 'a b', level: 7 }

  test('Dialect: client, id, scopes, roles and permissions come from the claims it names', async () => {
    const context = await forge.context(call(dialect, claims, { typ: 'jwt' }))
    expect(context).toMatchObject({
      client: { id: 'app-1' },
      token: { id: 'u-1' },
      scopes: ['a', 'b'],
      roles: ['7', 'https://api.example.test', 'https://api.example.test/'],
      permissions: ['p'],
    })
  })

  test('Dialect: its types are accepted, no others, also without one', async () => {
    const types = [
      ['JWT', 'admitted'],
      ['application/jwt', 'admitted'],
      [undefined, 'admitted'],
      ['at+jwt', 'token_type'],
    ]
    for (const [typ, outcome] of types) expect(await forge.code(call(dialect, claims, { typ }))).toBe(outcome)
  })

  test('Dialect: a claim that it names must be there and well-formed', async () => {
    const faults = {
      appid: [undefined, null, '', 7],
      uti: [undefined, null, '', 7],
      scp: [null, 7, ['a b'], 'a  b', {}],
    }
    for (const [name, values] of Object.entries(faults)) {
      for (const value of values) {
        const refusal = await forge.refusal(call(dialect, { ...claims, [name]: value }, { typ: 'JWT' }))
        expect([name, value, refusal.code]).toEqual([name, value, 'token_claim'])
      }
    }
  })

  test('Dialect: of several carriers of scopes none may say more than another', async () => {
    for (const scopes of [['a'], ['a', 'b', 'c'], ['a', 'c'], []]) {
      expect(await forge.code(call(dialect, { ...claims, scopes }, { typ: 'JWT' }))).toBe('token_claim')
    }
    const context = await forge.context(call(dialect, { ...claims, scopes: ['b', 'a'] }, { typ: 'JWT' }))
    expect(context.scopes).toEqual(['a', 'b'])
  })
})

describe('parties', () => {
  test('Dialect: its chain is the delegation, with kinds of the source dialect', async () => {
    const answer: DialectParties = {
      principal: { subject: 'bob', kind: 'human' },
      chain: [{ subject: 'robot', issuer: home, kind: 'agent', clientId: 'travel-app' }, { subject: 'first' }],
      complete: false,
      expiresAt: 1_900_000_000,
      grantId: 'g-1',
    }
    const context = await forge.context(call(withParties(answer)))
    expect(context).toMatchObject({
      authority: 'delegated',
      principal: { subject: 'bob', kind: 'human', kindSource: 'dialect', issuer: home },
      actor: { subject: 'robot', kind: 'agent', kindSource: 'dialect', issuer: home },
      delegation: { depth: 2, complete: false, expiresAt: 1_900_000_000, grantId: 'g-1' },
      warnings: ['act_iss_missing'],
    })
  })

  test('Dialect: a kind that the profiles say has the source profile', async () => {
    const context = await forge.context(call(withParties({ principal: { subject: 'bob', profiles: ['user'] } })))
    expect(context.principal).toMatchObject({ kind: 'human', kindSource: 'profile' })
  })

  test('Dialect: depth and namespaces are judged as of any token', async () => {
    const actor = { subject: 'a', issuer: home }
    const chain = Array.from({ length: 6 }, (_, index) => ({ ...actor, subject: `a${index}` }))
    expect(await forge.code(call(withParties({ principal: alice, chain })))).toBe('delegation_too_deep')
    const foreign = [{ subject: 'a', issuer: 'https://far.example.test' }]
    expect(await forge.code(call(withParties({ principal: alice, chain: foreign })))).toBe('delegation_not_allowed')
    const self = [{ subject: 'alice', issuer: home }]
    expect((await forge.context(call(withParties({ principal: alice, chain: self })))).authority).toBe('undetermined')
  })

  test('Dialect: a malformed act refuses, even where the dialect swallows it', async () => {
    const swallows: Dialect = {
      name: 'own',
      parties(claims, read) {
        try {
          read.actors(claims)
        } catch {
          // As a careless dialect would.
        }
        return { principal: alice }
      },
    }
    expect(await forge.code(call(swallows, { act: 'x' }))).toBe('delegation_malformed')
    expect(await forge.code(call(swallows, { act: { sub: 'a' } }))).toBe('admitted')
  })

  test.each([
    ['nothing', undefined],
    ['no principal', {}],
    ['no subject', { principal: {} }],
    ['a blank subject', { principal: { subject: ' ' } }],
    ['an unknown kind', { principal: { subject: 'a', kind: 'robot' } }],
    ['profiles that are no list', { principal: { subject: 'a', profiles: 'user' } }],
    ['profiles with a number', { principal: { subject: 'a', profiles: ['user', 7] } }],
    ['a chain that is no list', { principal: alice, chain: {} }],
    ['an actor without a name', { principal: alice, chain: [{}] }],
    ['a prior actor without a name', { principal: alice, chain: [{ subject: 'a' }, {}] }],
    ['an actor of an unknown kind', { principal: alice, chain: [{ subject: 'a', kind: 'robot' }] }],
    [
      'an actor that is named otherwise',
      { principal: alice, chain: [{ subject: 'a', clientId: 'a', namedBy: 'azp' }] },
    ],
    ['an actor named by no client', { principal: alice, chain: [{ subject: 'a', namedBy: 'client_id' }] }],
    ['a blank issuer', { principal: alice, chain: [{ subject: 'a', issuer: ' ' }] }],
    ['a blank client', { principal: alice, chain: [{ subject: 'a', clientId: ' ' }] }],
    ['an issuer that is no text', { principal: alice, chain: [{ subject: 'a', issuer: 7 }] }],
    ['a client that is no text', { principal: alice, chain: [{ subject: 'a', clientId: {} }] }],
    ['a client of another name', { principal: alice, chain: [{ subject: 'a', clientId: 'b', namedBy: 'client_id' }] }],
    ['another end', { principal: alice, expiresAt: '1' }],
    ['an endless end', { principal: alice, expiresAt: Number.POSITIVE_INFINITY }],
    ['another grant', { principal: alice, grantId: 7 }],
    ['another completeness', { principal: alice, complete: 'yes' }],
    ['another ownToken', { principal: alice, ownToken: 1 }],
    ['another client kind', { principal: alice, clientKind: 'robot' }],
    ['warnings that are no list', { principal: alice, warnings: 7 }],
    ['an unknown warning behind a known one', { principal: alice, warnings: ['no_iat', 'odd'] }],
    ['an unknown warning', { principal: alice, warnings: ['odd'] }],
    ['a promise', Promise.resolve({ principal: alice })],
  ])('Dialect: parties() that answers %s refuses the token', async (_, answer) => {
    const refusal = await forge.refusal(call(withParties(answer)))
    expect(refusal.code).toBe('token_claim')
    expect(refusal.facts.cause).toContain('dialect own')
  })
})

describe('faults of a dialect', () => {
  const throws = () => {
    throw new Error('mine')
  }
  // Its rejection would end a process that does not look at it.
  const rejects = () => Promise.reject(new Error('mine'))
  test.each(['roles', 'permissions', 'refuse', 'parties', 'entity'] as const)(
    'Dialect: %s() that throws or answers another shape refuses the token, at every request',
    async (name) => {
      for (const member of [throws, rejects, () => 7, () => [7]]) {
        const dialect = { name: 'own', [name]: member } as Dialect
        const verifier = forge.verifierTrusting({ dialect })
        const token = forge.token()
        for (let round = 0; round < 2; round++) {
          const refusal = await forge.refusal({ verifier, token })
          expect([refusal.code, refusal.facts.cause?.includes('dialect own')]).toEqual(['token_claim', true])
        }
      }
    },
  )

  test.each(['roles', 'permissions'] as const)(
    'Dialect: %s() that answers nothing refuses the token, and the claim of that name does not count instead',
    async (name) => {
      const dialect = { name: 'own', [name]: () => undefined } as unknown as Dialect
      const refusal = await forge.refusal(call(dialect, { [name]: ['admin'] }))
      expect([refusal.code, refusal.facts.cause?.includes('dialect own')]).toEqual(['token_claim', true])
    },
  )

  test('Dialect: an answer of another shape has one cause, whichever function gave it', async () => {
    const causes = new Set<string | undefined>()
    for (const name of ['roles', 'permissions', 'refuse', 'entity']) {
      const dialect = { name: 'own', [name]: () => 7 } as Dialect
      causes.add((await forge.refusal(call(dialect))).facts.cause)
    }
    expect(causes.size).toBe(1)
  })

  test('Dialect: what it throws is told in at most 256 characters, also where it is no error', async () => {
    const causeOf = async (thrown: unknown) => {
      const parties = () => {
        throw thrown
      }
      return (await forge.refusal(call({ name: 'own', parties }))).facts.cause
    }
    expect(await causeOf(new Error('x'.repeat(300)))).toHaveLength(256)
    expect(await causeOf('a text')).toMatch(/^dialect own: \w+$/)
  })

  test('Dialect: refuse() is told in at most 64 characters, and is not asked where the claims show it already', async () => {
    const name = 'x'.repeat(65)
    const dialect: Dialect = { name: 'own', refuse: () => name }
    const refusal = await forge.refusal(call(dialect))
    expect([refusal.code, refusal.facts.claim]).toEqual(['token_type', name.slice(1)])
    expect((await forge.refusal(call(dialect, { nonce: 'n' }))).facts.claim).toBe('nonce')
  })

  test('Dialect: refuse() names the claim of another class of token', async () => {
    const dialect: Dialect = {
      name: 'own',
      refuse: (header, claims) => (header['odd'] ? 'odd' : claims['sid'] ? 'sid' : undefined) as string | undefined,
    }
    const refusal = await forge.refusal(call(dialect, { sid: 's' }))
    expect([refusal.code, refusal.facts.claim]).toEqual(['token_type', 'sid'])
    expect(await forge.code(call(dialect, {}, { odd: true }))).toBe('token_type')
    expect(await forge.code(call(dialect))).toBe('admitted')
  })

  test('Dialect: it cannot change what it is given', async () => {
    const dialect: Dialect = {
      name: 'own',
      parties(claims) {
        ;(claims as { sub: string }).sub = 'mallory'
        return { principal: { subject: String(claims.sub) } }
      },
    }
    expect(await forge.code(call(dialect))).toBe('token_claim')
  })

  test('Dialect: it is asked once per token', async () => {
    let asked = 0
    const verifier = forge.verifierTrusting({
      dialect: { name: 'own', parties: () => ({ principal: { subject: `alice-${++asked}` } }) },
    })
    const token = forge.token()
    for (let round = 0; round < 3; round++) await forge.context({ verifier, token })
    expect(asked).toBe(1)
  })
})

describe('another class of token', () => {
  const marks: readonly Members[] = [
    { typ: 'ID' },
    { typ: 'Refresh' },
    { typ: null },
    { token_use: 'id' },
    { token_use: 'refresh' },
    { nonce: 'n' },
    { at_hash: 'h' },
    { c_hash: 'h' },
    { events: {} },
  ]
  test.each<NonNullable<IssuerOptions['dialect']>>([
    'rfc9068',
    'actor-profile',
    { name: 'own', types: [null, 'JWT', 'at+jwt'] },
  ])('JOSE-17: the claims of another class refuse under the dialect %s, whatever the typ', async (dialect) => {
    for (const mark of marks) {
      for (const typ of typeof dialect === 'string' ? ['at+jwt'] : ['at+jwt', 'JWT', undefined]) {
        const { code } = await forge.refusal(call(dialect, mark, { typ }))
        expect([mark, typ, code]).toEqual([mark, typ, 'token_type'])
      }
    }
    for (const fine of [{ typ: 'Bearer' }, { typ: 'DPoP' }, { token_use: 'access' }]) {
      expect(await forge.code(call(dialect, fine))).toBe('admitted')
    }
  })
})

test('RFC 8693 §4.1: a mission and a complete chain are told, and must have their types', async () => {
  const act = { sub: 'a', iss: home, sub_profile: 'ai_agent' }
  const mission = { id: 'msn_1', expires_at: 1_900_000_000 }
  const context = await forge.context(call('rfc9068', { act, mission, chain_complete: false }))
  expect(context.delegation).toMatchObject({ grantId: 'msn_1', expiresAt: 1_900_000_000, complete: false })
  for (const wrong of [{ mission: { id: 7 } }, { mission: { expires_at: '1' } }, { chain_complete: 1 }]) {
    expect(await forge.code(call('rfc9068', { act, ...wrong }))).toBe('token_claim')
  }
  expect((await forge.context(call('rfc9068', { act }))).delegation).not.toHaveProperty('expiresAt')
})

test('ACT-06: under the actor profile every actor states its issuer', async () => {
  const act = { sub: 'a', iss: home, sub_profile: 'ai_agent' }
  expect(await forge.code(call('actor-profile', { act }))).toBe('admitted')
  for (const bad of [{ sub: 'a' }, { ...act, act: { sub: 'b' } }]) {
    const refusal = await forge.refusal(call('actor-profile', { act: bad }))
    expect([refusal.code, refusal.facts.claim]).toEqual(['delegation_malformed', 'act.iss'])
  }
})
