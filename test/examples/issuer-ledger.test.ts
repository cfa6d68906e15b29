import { describe, expect, test } from 'vitest'
import type { ActorProfileClaims } from '../../examples/issuer/actor-profile-claims.ts'
import { createLedger, type Ledger } from '../../examples/issuer/ledger.ts'
import { createStorage, type Storage } from '../../examples/issuer/storage.ts'

const iss = 'https://as.example.test'
const base = { iss, aud: 'https://api.example.test', scope: 'x', client_profile: 'ai_agent', iat: 0, exp: 300 } as const

function claims(jti: string): ActorProfileClaims {
  return { ...base, sub: 'alice', sub_profile: 'user', client_id: 'agent-a', cnf: { jkt: 'x' }, jti }
}

interface Kept {
  readonly ledger: Ledger
  readonly storage: Storage
  readonly revoked: (string | undefined)[]
  /** How often everything was looked through. */
  scans: number
  /** Called when a token ends. */
  onEnd: () => void
}

function createKept(): Kept {
  const plain = createStorage(
    () => 0,
    async () => {},
  )
  const revoked: (string | undefined)[] = []
  const storage: Storage = {
    all(kind) {
      kept.scans++
      return plain.all(kind)
    },
    adapter(kind) {
      const adapter = plain.adapter(kind)
      return {
        ...adapter,
        async destroy(id) {
          kept.onEnd()
          await adapter.destroy(id)
        },
      }
    },
  }
  const ledger = createLedger(
    iss,
    storage,
    () => 0,
    ({ token }) => void revoked.push(token),
  )
  const kept: Kept = { ledger, storage, revoked, scans: 0, onEnd: () => {} }
  return kept
}

const record = ({ ledger }: Kept, name: string, madeFrom?: string) =>
  ledger.record(name, { claims: claims(name), tokenId: name }, madeFrom)

describe('a token that is revoked with all that was exchanged from it', () => {
  test.each<[string, (at: number) => string]>([
    ['side by side', () => 'root'],
    ['one behind the other', (at) => (at === 0 ? 'root' : `t${at - 1}`)],
    ['as a tree', (at) => (at < 2 ? 'root' : `t${Math.floor(at / 2) - 1}`)],
  ])('Examples: two hundred %s end, and everything is looked through a few times at most', async (_title, madeFrom) => {
    const kept = createKept()
    await record(kept, 'root')
    await record(kept, 'other')
    for (let at = 0; at < 200; at++) await record(kept, `t${at}`, madeFrom(at))
    kept.scans = 0
    await kept.ledger.revokeToken('root')
    expect(kept.scans).toBeLessThanOrEqual(3)
    expect(kept.revoked).toHaveLength(201)
    expect(kept.revoked[0]).toBe('root')
    expect(await kept.ledger.find('other')).toBeDefined()
    expect(await kept.ledger.find('t199')).toBeUndefined()
  })

  test('Examples: one that is exchanged while others end, from a token that has not ended yet, ends as well', async () => {
    const kept = createKept()
    await record(kept, 'root')
    await record(kept, 'child', 'root')
    const late: Promise<void>[] = []
    kept.onEnd = () => {
      kept.onEnd = () => {}
      late.push(record(kept, 'late', 'child'), record(kept, 'later', 'late'))
    }
    await kept.ledger.revokeToken('root')
    await Promise.all(late)
    expect(late).toHaveLength(2)
    for (const token of ['root', 'child', 'late', 'later']) expect(await kept.ledger.find(token)).toBeUndefined()
  })

  test('Examples: a token that is not known, and one that was revoked before, are told of to no one', async () => {
    const kept = createKept()
    await record(kept, 'root')
    await kept.ledger.revokeToken('unknown')
    await kept.ledger.revokeToken('root')
    await kept.ledger.revokeToken('root')
    expect(kept.revoked).toEqual(['root'])
  })
})
