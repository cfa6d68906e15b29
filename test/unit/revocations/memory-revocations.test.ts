import { OptionsError } from 'onbehalf'
import { type MemoryRevocations, memoryRevocations, type Revocation } from 'onbehalf/revocation'
import { createTestClock } from 'onbehalf/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { issuerUrl as issuer } from '../../support/kit.ts'
import { partyOf, queryOf } from './query.ts'

const other = 'https://other.example.test'
const jkt = 'A'.repeat(43)
let revocations: MemoryRevocations
beforeEach(() => {
  revocations = memoryRevocations()
})

const isRevoked = (changes: Parameters<typeof queryOf>[0]) => revocations.isRevoked(queryOf(changes))

describe('owners', () => {
  beforeEach(() => revocations.revoke({ issuer, owner: 'bob', issuedBefore: 2_000 }))

  test.each<[string, Parameters<typeof queryOf>[0], boolean]>([
    ['of the actor', { owner: 'bob' }, true],
    ['of a party', { parties: [partyOf({ entity: { owner: 'bob' } })] }, true],
    ['in the list of a later party', { parties: [partyOf(), partyOf({ entity: { owner: ['eve', 'bob'] } })] }, true],
    ['of another name', { owner: 'bobby', parties: [partyOf({ entity: { owner: ['bo', 'b'] } })] }, false],
    ['of another issuer', { issuer: other, owner: 'bob' }, false],
    ['that is only governance', { parties: [partyOf({ subject: 'bob', entity: { governance: 'bob' } })] }, false],
  ])('Revocation: an owner %s', (_where, query, expected) => {
    expect(isRevoked(query)).toBe(expected)
  })
})

describe('time', () => {
  test.each([
    [999, false],
    [1_000, false],
    [1_001, true],
    [99_999_999_999, true],
  ])('Revocation: issuedBefore %i against an iat of 1000', (issuedBefore, expected) => {
    for (const thing of [{ token: 't' }, { party: 'alice' }, { party: partyOf() }]) {
      revocations = memoryRevocations()
      revocations.revoke({ issuer, issuedBefore, ...thing } as Revocation)
      expect(isRevoked({})).toBe(expected)
    }
  })

  test('Revocation: without issuedBefore it is 5 s from now, rounded up, by the clock that was given', () => {
    revocations = memoryRevocations({ clock: createTestClock(1_000_001) })
    revocations.revoke({ issuer, party: 'alice' })
    expect([1_005, 1_005.9, 1_006].map((issuedAt) => isRevoked({ issuedAt }))).toEqual([true, true, false])
  })

  test('Revocation: without a clock it is the time of the system', () => {
    const now = Date.now() / 1_000
    revocations.revoke({ issuer, party: 'alice' })
    expect([now, now + 60].map((issuedAt) => isRevoked({ issuedAt }))).toEqual([true, false])
  })

  test('Revocation: a clock or an iat that is no number revokes', () => {
    revocations = memoryRevocations({ clock: { now: () => Number.NaN, monotonic: () => 0 } })
    revocations.revoke({ issuer, party: 'alice' })
    expect(isRevoked({ issuedAt: 9_999_999_999 })).toBe(true)
    revocations.revoke({ issuer, party: 'alice', issuedBefore: 1 })
    expect(isRevoked({ issuedAt: 9_999_999_999 })).toBe(true)
    revocations = memoryRevocations()
    revocations.revoke({ issuer, party: 'alice', issuedBefore: 1 })
    expect(isRevoked({ issuedAt: Number.NaN })).toBe(true)
  })

  test('Revocation: a second one widens the first, and never narrows it', () => {
    revocations.revoke({ issuer, party: 'alice', issuedBefore: 500 })
    expect(isRevoked({})).toBe(false)
    revocations.revoke({ issuer, party: 'alice', issuedBefore: 1_001 })
    revocations.revoke({ issuer, party: 'alice', issuedBefore: 500 })
    expect([isRevoked({}), revocations.size]).toEqual([true, 1])
    revocations.revoke({ issuer, token: 't' })
    revocations.revoke({ issuer, token: 't', issuedBefore: 1 })
    expect(isRevoked({ parties: [], issuedAt: 9_999_999_999 })).toBe(true)
  })
})

describe('size', () => {
  test('Revocation: a full memory throws, keeps what it has, and still widens it', () => {
    revocations = memoryRevocations({ maxEntries: 2 })
    revocations.revoke({ issuer, party: 'alice', issuedBefore: 500 })
    revocations.revoke({ issuer, token: 'other' })
    expect(() => revocations.revoke({ issuer, client: 'c' })).toThrow(Error)
    expect([revocations.size, revocations.maxEntries, isRevoked({ clientId: 'c' })]).toEqual([2, 2, false])
    revocations.revoke({ issuer, party: 'alice', issuedBefore: 2_000 })
    expect(isRevoked({})).toBe(true)
    expect(revocations.forget({ issuer, token: 'other' })).toBe(true)
    revocations.revoke({ issuer, client: 'c' })
    expect(isRevoked({ clientId: 'c', parties: [], issuedAt: 0 })).toBe(true)
  })

  test('Revocation: forget takes out what is named, by the same object or by one like it, and nothing else', () => {
    const things: readonly Revocation[] = [
      { issuer, token: 'x' },
      { issuer, party: 'x' },
      { issuer, party: partyOf({ subject: 'x' }) },
      { issuer, party: partyOf({ subject: 'x', issuer: null }) },
      { issuer, party: partyOf({ subject: 'x', clientId: 'x' }) },
      { issuer, client: 'x' },
      { issuer, session: 'x' },
      { issuer, owner: 'x' },
      { issuer, sender: { jkt } },
      { issuer, sender: { x5t: jkt } },
      { issuer: other, token: 'x' },
    ]
    for (const thing of things) revocations.revoke(thing)
    expect(revocations.size).toBe(things.length)
    for (const [at, thing] of things.entries()) {
      expect(revocations.forget(at % 2 === 0 ? thing : { ...thing, issuedBefore: 7 })).toBe(true)
      expect(revocations.forget(thing)).toBe(false)
      expect(revocations.size).toBe(things.length - at - 1)
    }
  })

  test('Revocation: what is forgotten may be revoked anew', () => {
    const thing = { issuer, party: 'alice', issuedBefore: 1_001 }
    revocations.revoke(thing)
    revocations.forget(thing)
    expect(isRevoked({})).toBe(false)
    revocations.revoke({ ...thing, issuedBefore: 1_000 })
    expect(isRevoked({})).toBe(false)
    revocations.revoke(thing)
    expect(isRevoked({})).toBe(true)
  })
})

describe('strange names', () => {
  const names = [
    '__proto__',
    'constructor',
    'toString',
    'a|b',
    'a\0b',
    '%7C',
    '\ud800',
    '😀',
    ' ',
    'x'.repeat(1_000_000),
  ]

  test('Revocation: any text is a name, and stands for itself alone', () => {
    for (const revoked of names) {
      revocations = memoryRevocations()
      revocations.revoke({ issuer, party: revoked, issuedBefore: 2_000 })
      const found = names.map((subject) => isRevoked({ parties: [partyOf({ subject })] }))
      expect(found).toEqual(names.map((name) => name === revoked))
      expect(revocations.forget({ issuer, party: revoked })).toBe(true)
    }
  })

  test('Revocation: no two identities share an entry, wherever a separator stands', () => {
    const parts = ['a', 'a|', '|a', 'a|a', 'a\0', '\0a', '__proto__', '']
    const parties = parts.flatMap((issuedBy) =>
      parts.flatMap((subject) =>
        ['x', 'x|', '|x'].map((by) => partyOf({ assertedBy: by, issuer: issuedBy || null, subject: subject || 'b' })),
      ),
    )
    for (const party of parties) {
      revocations = memoryRevocations()
      revocations.revoke({ issuer: party.assertedBy, party, issuedBefore: 2_000 })
      const hit = parties.filter((one) => isRevoked({ issuer: one.assertedBy, parties: [one] }))
      expect(hit).toEqual([party])
    }
  })
})

test('Revocation: neither a changed query object nor a changed revocation changes what is revoked', () => {
  const thing = { issuer, party: { ...partyOf() }, issuedBefore: 2_000 }
  revocations.revoke(thing)
  Object.assign(thing.party, { subject: 'bob' })
  thing.issuedBefore = 1
  expect(isRevoked({})).toBe(true)
  expect(isRevoked({ parties: [partyOf({ subject: 'bob' })] })).toBe(false)
})

describe('wrong revocations', () => {
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['nothing', undefined, 'revocation'],
    ['null', null, 'revocation'],
    ['text', 'alice', 'revocation'],
    ['a list', [{ issuer, token: 'x' }], 'revocation'],
    [
      'an instance',
      new (class {
        issuer = issuer
        token = 'x'
      })(),
      'revocation',
    ],
    ['no issuer', { token: 'x' }, 'revocation.issuer'],
    ['an empty issuer', { issuer: '', token: 'x' }, 'revocation.issuer'],
    ['another type of issuer', { issuer: { issuer }, token: 'x' }, 'revocation.issuer'],
    ['no selector', { issuer }, 'revocation'],
    ['an undefined selector', { issuer, token: undefined }, 'revocation'],
    ['an inherited selector', Object.create({ issuer, token: 'x' }), 'revocation'],
    ['two selectors', { issuer, token: 'x', client: 'x' }, 'revocation'],
    ['an unknown member', { issuer, token: 'x', why: 'theft' }, 'revocation.why'],
    ['a selector by another name', { issuer, jti: 'x' }, 'revocation.jti'],
    ['a symbol', { issuer, token: 'x', [Symbol('x')]: 1 }, 'revocation.Symbol(x)'],
    ['an empty name', { issuer, client: '' }, 'revocation.client'],
    ['a number as name', { issuer, session: 7 }, 'revocation.session'],
    ['null as name', { issuer, owner: null }, 'revocation.owner'],
    ['a list of names', { issuer, token: ['x'] }, 'revocation.token'],
    ['an object of text', { issuer, token: new String('x') }, 'revocation.token'],
    ['null as party', { issuer, party: null }, 'revocation.party'],
    ['a number as party', { issuer, party: 7 }, 'revocation.party'],
    ['a party without subject', { issuer, party: { issuer, assertedBy: issuer } }, 'revocation.party.subject'],
    ['a party without namespace', { issuer, party: { subject: 'x', assertedBy: issuer } }, 'revocation.party.issuer'],
    ['a party without issuer', { issuer, party: { subject: 'x', issuer } }, 'revocation.party.assertedBy'],
    ['a party of another issuer', { issuer, party: partyOf({ assertedBy: other }) }, 'revocation.party.assertedBy'],
    ['a party with more', { issuer, party: { ...partyOf(), sub: 'x' } }, 'revocation.party.sub'],
    [
      'a party with a client of another type',
      { issuer, party: { ...partyOf(), clientId: 7 } },
      'revocation.party.clientId',
    ],
    ['text as sender', { issuer, sender: jkt }, 'revocation.sender'],
    ['an empty sender', { issuer, sender: {} }, 'revocation.sender'],
    ['two senders', { issuer, sender: { jkt, x5t: jkt } }, 'revocation.sender'],
    ['a sender of another name', { issuer, sender: { 'x5t#S256': jkt } }, 'revocation.sender.x5t#S256'],
    ['a thumbprint in hex', { issuer, sender: { x5t: 'ab'.repeat(32) } }, 'revocation.sender.x5t'],
    ['a thumbprint with padding', { issuer, sender: { jkt: `${jkt}=` } }, 'revocation.sender.jkt'],
    ['another type of thumbprint', { issuer, sender: { jkt: 7 } }, 'revocation.sender.jkt'],
    ['a time of zero', { issuer, token: 'x', issuedBefore: 0 }, 'revocation.issuedBefore'],
    ['part of a second', { issuer, token: 'x', issuedBefore: 1.5 }, 'revocation.issuedBefore'],
    ['milliseconds', { issuer, token: 'x', issuedBefore: 1_767_225_600_000 }, 'revocation.issuedBefore'],
    ['a date', { issuer, token: 'x', issuedBefore: new Date(0) }, 'revocation.issuedBefore'],
    ['no number', { issuer, token: 'x', issuedBefore: Number.NaN }, 'revocation.issuedBefore'],
    ['no end', { issuer, token: 'x', issuedBefore: Number.POSITIVE_INFINITY }, 'revocation.issuedBefore'],
    ['text as time', { issuer, token: 'x', issuedBefore: '7' }, 'revocation.issuedBefore'],
  ]

  test.each(cases)('Options: %s is no revocation, and revokes nothing', (_what, wrong, path) => {
    for (const act of [revocations.revoke, revocations.forget]) {
      const problems = problemsOf(() => act(wrong as Revocation))
      expect(problems).toContain(path)
    }
    expect(revocations.size).toBe(0)
  })

  test.each([
    [{ maxEntries: 0 }, 'memoryRevocations.maxEntries'],
    [{ maxEntries: 1_000_001 }, 'memoryRevocations.maxEntries'],
    [{ clock: Date.now }, 'memoryRevocations.clock'],
    [{ capacity: 7 }, 'memoryRevocations.capacity'],
    [7, 'memoryRevocations'],
  ])('Options: %o are no options of the memory', (options, path) => {
    expect(problemsOf(() => memoryRevocations(options as object))).toEqual([path])
  })
})

function problemsOf(act: () => unknown): readonly string[] {
  try {
    act()
  } catch (error) {
    if (error instanceof OptionsError) return error.problems.map(({ path }) => path)
  }
  return []
}
