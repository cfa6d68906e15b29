import fc from 'fast-check'
import { type Party, partyKey, type RevocationQuery } from 'onbehalf'
import { memoryRevocations, type Revocation } from 'onbehalf/revocation'
import { createTestClock } from 'onbehalf/testing'
import { expect, test } from 'vitest'
import { runs } from './rig.ts'

const startSeconds = 100

/** Few names, so that they meet, and some that meet where a key is glued together or an object is a table. */
const name = fc.constantFrom('a', 'b', 'a|', '|a', '__proto__', 'constructor')
const issuer = fc.constantFrom('https://a.example.test', 'https://a.example.test|', 'https://b.example.test')
const thumbprint = fc.constantFrom('A'.repeat(43), `${'B'.repeat(42)}A`)
const time = fc.integer({ min: 95, max: 112 })
const owner = fc.oneof(name, fc.array(name, { maxLength: 3 }))

const partyOf = (assertedBy: string): fc.Arbitrary<Party> =>
  fc.record(
    {
      subject: name,
      issuer: fc.oneof(fc.constant(null), issuer),
      assertedBy: fc.constant(assertedBy),
      kind: fc.constant('unknown' as const),
      kindSource: fc.constant('none' as const),
      profiles: fc.constant([]),
      clientId: name,
      entity: fc.record({ owner }, { requiredKeys: [] }),
    },
    { requiredKeys: ['subject', 'issuer', 'assertedBy', 'kind', 'kindSource', 'profiles'] },
  )

const revocation: fc.Arbitrary<Revocation> = issuer.chain((by) =>
  fc
    .tuple(
      fc.oneof(
        ...(['token', 'party', 'client', 'session', 'owner'] as const).map((target) =>
          fc.record({ [target]: name } as Record<typeof target, typeof name>),
        ),
        fc.record({ party: partyOf(by) }),
        fc.record({ sender: fc.oneof(fc.record({ jkt: thumbprint }), fc.record({ x5t: thumbprint })) }),
      ),
      fc.option(time, { nil: undefined }),
    )
    .map(([thing, issuedBefore]) => ({ issuer: by, ...thing, issuedBefore }) as Revocation),
)

const query: fc.Arbitrary<RevocationQuery> = issuer.chain((by) =>
  fc.record(
    {
      issuer: fc.constant(by),
      tokenId: name,
      issuedAt: fc.oneof(fc.constant(0), time),
      expiresAt: fc.constant(400),
      parties: fc.array(partyOf(by), { maxLength: 4 }),
      clientId: name,
      sessionId: name,
      owner: name,
      sender: fc.record({ jkt: thumbprint, x5t: thumbprint }, { requiredKeys: [] }),
    },
    { requiredKeys: ['issuer', 'tokenId', 'issuedAt', 'expiresAt', 'parties', 'sender'] },
  ),
)

type Step = { readonly act: 'revoke' | 'forget'; readonly thing: Revocation } | { readonly act: 'wait' }
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constant('revoke' as const), thing: revocation }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('forget' as const), thing: revocation }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('wait' as const) }) },
)

test('Revocation: whatever is revoked and forgotten, the memory says what a plain list would say', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 25 }),
      fc.array(query, { minLength: 1, maxLength: 10 }),
      fc.integer({ min: 1, max: 12 }),
      (steps, queries, maxEntries) => {
        const clock = createTestClock(startSeconds * 1_000)
        const memory = memoryRevocations({ clock, maxEntries })
        let list: readonly Entry[] = []
        for (const one of steps) {
          if (one.act === 'wait') {
            clock.advance(1)
            continue
          }
          const isHeld = list.some((entry) => sameThing(entry.thing, one.thing))
          if (one.act === 'forget') {
            expect(memory.forget(one.thing)).toBe(isHeld)
            list = list.filter((entry) => !sameThing(entry.thing, one.thing))
          } else if (isHeld || memory.size < maxEntries) {
            memory.revoke(one.thing)
            list = [...list, { thing: one.thing, end: endOf(one.thing, clock.now() / 1_000) }]
          } else expect(() => memory.revoke(one.thing)).toThrow()
          expect(memory.size).toBe(new Set(list.map((entry) => nameOf(entry.thing))).size)
        }
        for (const asked of queries) {
          expect(memory.isRevoked(asked)).toBe(
            list.some(({ thing, end }) => asked.issuedAt < end && fits(thing, asked)),
          )
        }
      },
    ),
    runs(1_500),
  )
})

interface Entry {
  readonly thing: Revocation
  readonly end: number
}

function endOf(thing: Revocation, now: number): number {
  return thing.issuedBefore ?? (thing.token === undefined ? now + 5 : Number.POSITIVE_INFINITY)
}

function nameOf({ issuer: by, party, token, client, session, owner: owned, sender }: Revocation): string {
  const named = typeof party === 'object' ? { identity: partyKey(party) } : { party }
  return JSON.stringify([by, { ...named, token, client, session, owner: owned, jkt: thumbprintsOf(sender) }])
}

function thumbprintsOf(sender: Revocation['sender']): readonly unknown[] {
  const { jkt, x5t }: { jkt?: string; x5t?: string } = sender ?? {}
  return [jkt, x5t]
}

function sameThing(one: Revocation, other: Revocation): boolean {
  return nameOf(one) === nameOf(other)
}

function fits(thing: Revocation, asked: RevocationQuery): boolean {
  if (thing.issuer !== asked.issuer) return false
  if (thing.token !== undefined) return thing.token === asked.tokenId
  if (thing.client !== undefined) return thing.client === asked.clientId
  if (thing.session !== undefined) return thing.session === asked.sessionId
  if (thing.owner !== undefined) return ownersIn(asked).includes(thing.owner)
  if (thing.sender !== undefined) {
    return 'jkt' in thing.sender ? thing.sender.jkt === asked.sender.jkt : thing.sender.x5t === asked.sender.x5t
  }
  const { party } = thing
  if (typeof party === 'object') return asked.parties.some((one) => partyKey(one) === partyKey(party))
  return asked.parties.some((one) => one.subject === party && (one.issuer ?? thing.issuer) === thing.issuer)
}

function ownersIn({ owner: first, parties }: RevocationQuery): readonly (string | undefined)[] {
  return [first, ...parties.flatMap(({ entity }) => entity?.owner ?? [])]
}
