import { createPublicKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { fitsAlgorithm } from '../../src/jose/jwk.ts'
import { importKey, verifySignature } from '../../src/jose/signature.ts'
import type { JsonObject } from '../../src/jose/strict-json.ts'
import type { Algorithm } from '../../src/types/options.ts'
import { describeVectors } from '../support/vectors.ts'

interface Group {
  readonly publicKeyJwk?: JsonObject
  readonly publicKeyDer: string
  readonly tests: readonly { tcId: number; msg: string; sig: string; result: 'valid' | 'invalid' | 'acceptable' }[]
}

interface Suite {
  readonly file: string
  readonly algorithms: readonly Algorithm[]
  readonly count: number
  /** Vectors of keys that the policy refuses before any signature: RSA with e = 3. */
  readonly refusedKeys?: readonly number[]
}

const suites: readonly Suite[] = [
  { file: 'ecdsa_secp256r1_sha256_p1363_test.json', algorithms: ['ES256'], count: 262 },
  { file: 'ed25519_test.json', algorithms: ['Ed25519', 'EdDSA'], count: 151 },
  { file: 'rsa_signature_2048_sha256_test.json', algorithms: ['RS256'], count: 259, refusedKeys: [258, 259] },
  { file: 'rsa_pss_2048_sha256_mgf1_32_test.json', algorithms: ['PS256'], count: 108 },
]

function jwkOf({ publicKeyJwk, publicKeyDer }: Group): JsonObject {
  const key = createPublicKey({ key: Buffer.from(publicKeyDer, 'hex'), format: 'der', type: 'spki' })
  return publicKeyJwk ?? (key.export({ format: 'jwk' }) as JsonObject)
}

describeVectors('wycheproof', (files) => {
  for (const { file, algorithms, count, refusedKeys = [] } of suites) {
    const { testGroups } = files.json(file) as { testGroups: readonly Group[] }
    for (const algorithm of algorithms) {
      test(`RFC 7518 §3: ${algorithm} holds for each valid signature and for no other: ${file}`, () => {
        const differing: number[] = []
        let seen = 0
        for (const group of testGroups) {
          const jwk = jwkOf(group)
          const key = fitsAlgorithm(jwk, algorithm) ? importKey(jwk, algorithm) : undefined
          for (const { tcId, msg, sig, result } of group.tests) {
            seen++
            const holds =
              key !== undefined &&
              verifySignature(key, Buffer.from(msg, 'hex').toString('latin1'), Buffer.from(sig, 'hex'))
            // The suite leaves "acceptable" vectors open; we refuse them.
            if (holds !== (result === 'valid')) differing.push(tcId)
          }
        }
        expect(seen).toBe(count)
        expect(differing).toEqual(refusedKeys)
      })
    }
  }
})
