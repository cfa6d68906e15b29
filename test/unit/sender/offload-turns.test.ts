import { createTestClock } from 'onbehalf/testing'
import { expect, test } from 'vitest'
import { importKey, type VerificationKey } from '../../../src/jose/signature.ts'
import { createSignatureCheck } from '../../../src/sender/offload.ts'
import { makeRawKey } from '../../support/jws.ts'

test('Flood: of the signatures that are suspected one at a time is on a thread', async () => {
  const { publicJwk } = await makeRawKey('ES256')
  const { input, ...key } = importKey({ ...publicJwk }, 'ES256') as VerificationKey
  let begun = 0
  const counted: VerificationKey = {
    ...key,
    get input() {
      begun++
      return input
    },
  }
  const check = createSignatureCheck('adaptive', createTestClock())
  const attacker = {}
  const forge = () => check.verify(counted, 'header.payload', new Uint8Array(64), attacker)
  for (let at = 0; at < 8; at++) expect(await forge()).toBe(false)
  for (let round = 0; round < 2; round++) {
    begun = 0
    const suspected = [forge(), forge(), forge()]
    for (const [at, isGood] of suspected.entries()) {
      expect(begun).toBe(at + 1)
      expect(await isGood).toBe(false)
    }
  }
})
