import type { RefusalCode, Verifier } from 'onbehalf'
import { beforeAll, expect, test } from 'vitest'
import { withBrokenSignature } from '../../support/bytes.ts'
import { type Call, createKit, type Kit, url } from '../../support/kit.ts'

/** What `explain` finds in a proof, and what it leaves as it was. */

let kit: Kit
beforeAll(async () => {
  kit = await createKit()
})

async function reasonsFor(call: Call, verifier: Verifier = kit.verifierWith()): Promise<readonly RefusalCode[]> {
  const { reasons } = await verifier.explain(await kit.request(call))
  return reasons.map(({ code }) => code)
}

test('Options: explaining a good proof finds nothing and remembers no key', async () => {
  const verifier = kit.verifierWith()
  expect(await reasonsFor({}, verifier)).toEqual([])
  expect(verifier.health().caches.proofKeys).toBe(0)
  expect(await kit.code({ verifier })).toBe('admitted')
  expect(verifier.health().caches.proofKeys).toBe(1)
  expect(await reasonsFor({}, verifier)).toEqual([])
})

test('Options: behind a bad nonce the rest of a proof is judged', async () => {
  const verifier = kit.verifierWith({ dpop: { nonce: { secret: 'x'.repeat(32) } } })
  const proof = { claims: { htm: 'PUT', ath: 'x' } }
  expect(await reasonsFor({ proof }, verifier)).toEqual(['nonce_required', 'proof_method', 'proof_token_hash'])
  const wrong = { ...proof, nonce: 'wrong' }
  expect(await reasonsFor({ proof: wrong }, verifier)).toEqual(['nonce_invalid', 'proof_method', 'proof_token_hash'])
})

test('RFC 9449 §4.3(5): with a key that is not accepted no signature is verified', async () => {
  const rsa = await kit.issuer.agent('travel-7', { algorithm: 'RS256' })
  const token = await kit.token({ agent: rsa })
  const proof = await rsa.proof({ method: 'POST', url, token })
  expect(await reasonsFor({ token, proof: withBrokenSignature(proof) })).toEqual(['proof_key', 'proof_method'])
})
