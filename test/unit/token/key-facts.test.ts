import { beforeAll, describe, expect, test } from 'vitest'
import type { Algorithm } from '../../../src/index.ts'
import { createStaticKeyring, readKeySet, selectKey } from '../../../src/token/keys.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import { type Members, makeRawKey, type RawKey, rawJws } from '../../support/jws.ts'

let forge: Forge
let second: RawKey
let edwards: RawKey
beforeAll(async () => {
  forge = await createForge()
  second = await makeRawKey('ES256')
  edwards = await makeRawKey('Ed25519')
})

const good = (changes: Members = {}) => ({ ...forge.key.publicJwk, kid: 'k1', alg: 'ES256', ...changes })
const passedOver = (jwk: unknown, accepted: readonly Algorithm[] = ['ES256']) =>
  readKeySet({ keys: [jwk] }, new Set(accepted))?.passedOver

describe('keys that are passed over', () => {
  test.each([
    ['kid is not a string', { kid: 7 }],
    ['kid is too long', { kid: 'k'.repeat(513) }],
    ['use is not sig', { use: 'enc' }],
    ['key_ops lacks verify', { key_ops: ['sign'] }],
    ['private or symmetric', { d: 'A' }],
    ['alg is not accepted', { alg: 'ES384' }],
    ['type, curve or size is not accepted', { crv: 'P-384' }],
    ['not a valid key', { x: 'A'.repeat(43), y: 'A'.repeat(43) }],
  ])('RFC 7517 §5: %s is the reason for a key with %j', (reason, changes) => {
    expect(passedOver(good(changes))).toEqual({ [reason]: 1 })
  })

  test('RFC 7517 §4.5: a kid may have 512 characters', () => {
    expect(passedOver(good({ kid: 'k'.repeat(512) }))).toEqual({})
  })

  test('RFC 9864 §2.2: no other two names are of one algorithm', () => {
    const names = ['ES256', 'RS256', 'Ed25519', 'EdDSA'] as const
    for (const accepted of names) {
      for (const alg of names) {
        const isSame = accepted === alg || (accepted.startsWith('Ed') && alg.startsWith('Ed'))
        const reason = passedOver({ ...edwards.publicJwk, alg }, [accepted])?.['alg is not accepted']
        expect(reason, `${alg} where ${accepted} is accepted`).toBe(isSame ? undefined : 1)
      }
    }
  })

  test('RFC 9864 §2.2: a token under another algorithm does not find an Edwards key', () => {
    const keys = readKeySet({ keys: [{ ...edwards.publicJwk, kid: 'k1' }] }, new Set(['EdDSA'])) ?? {
      keys: [],
      passedOver: {},
    }
    const found = (algorithm: Algorithm) => selectKey(keys, 'k1', algorithm) !== undefined
    expect([found('EdDSA'), found('Ed25519'), found('ES256'), found('RS256')]).toEqual([true, true, false, false])
  })
})

test('AT-21: of a set with more keys than are read, the operator is told how many are left out', () => {
  const left = (count: number) =>
    Object.values(
      readKeySet({ keys: Array.from({ length: count }, () => good()) }, new Set(['ES256']))?.passedOver ?? {},
    )
  expect([left(99), left(100), left(101), left(103)]).toEqual([[], [], [1], [3]])
})

test('AT-21: of two keys with one kid and algorithm the first is taken', async () => {
  const jwks = { keys: [good(), { ...second.publicJwk, kid: 'k1', alg: 'ES256' }] }
  const verifier = forge.verifierTrusting({ jwks })
  expect(await forge.code({ verifier, token: forge.token() })).toBe('admitted')
  const other = rawJws(second, forge.header(), forge.claims())
  expect(await forge.code({ verifier, token: other })).toBe('token_signature')
})

describe('keys given in the options', () => {
  test('Health: says how many there are and how many are not used', () => {
    const jwks = { keys: [good(), good({ use: 'enc' }), { ...edwards.publicJwk, kid: 'k2' }] }
    const { issuers } = forge.verifierTrusting({ jwks, algorithms: ['ES256'] }).health()
    expect(issuers).toStrictEqual([
      {
        issuer: forge.trust.issuer,
        keys: 1,
        ageSeconds: null,
        stale: false,
        passedOver: { 'use is not sig': 1, 'type, curve or size is not accepted': 1 },
        failures: [],
      },
    ])
  })

  test('Facts: those of an unknown key name its kid, and what was passed over', async () => {
    const facts = async (keys: object[], kid: string | undefined) => {
      const found = await createStaticKeyring({ keys } as never, new Set(['ES256'])).find(kid, 'ES256')
      return 'facts' in found ? found.facts : undefined
    }
    expect(await facts([good()], 'x'.repeat(65))).toStrictEqual({ keyId: 'x'.repeat(64) })
    expect(await facts([], undefined)).toStrictEqual({})
    const { keyId, cause } = (await facts([good({ use: 'enc' }), good({ kid: 7 })], 'k1')) ?? {}
    expect(keyId).toBe('k1')
    expect(cause).toContain('1 × use is not sig, 1 × kid is not a string')
  })
})
