import { expect, test } from 'vitest'
import { createScene, outcomeOf, type Scene } from '../../support/scene.ts'

/** RFC 8725 §3.12: what is good in one place must be good in no other, even with the right key and claims. */

const scene: Scene = await createScene()
const verifier = scene.verifier()

const kinds = [
  'at+jwt',
  'dpop+jwt',
  'JWT',
  'txntoken+jwt',
  'wit+jwt',
  'wpt+jwt',
  'oauth-id-jag+jwt',
  'oauth-wag+jwt',
  'statuslist+jwt',
  'token-introspection+jwt',
  'act-commitment+jwt',
  'act-step-proof+jwt',
  'act-hop-ack+jwt',
  'aa-agent+jwt',
  'aa-auth+jwt',
  'agent+jwt',
  'logout+jwt',
  'secevent+jwt',
  'oauth-client-attestation+jwt',
  'oauth-client-attestation-pop+jwt',
  'client-authentication+jwt',
  'entity-statement+jwt',
  'okta-internal-at+jwt',
] as const

test.each(kinds)('JOSE-17: typ %s at the place of an access token', async (typ) => {
  const expected = typ === 'at+jwt' ? 'admitted' : 'token_type'
  for (const spelling of [typ, typ.toUpperCase(), `application/${typ}`]) {
    expect(outcomeOf(await scene.send(verifier, scene.token({}, { typ: spelling }))), spelling).toBe(expected)
  }
})

test.each(kinds)('JOSE-17: typ %s at the place of a proof', async (typ) => {
  const expected = typ === 'dpop+jwt' ? 'admitted' : 'proof_malformed'
  expect(outcomeOf(await scene.send(verifier, scene.token(), { proofHeader: { typ } }))).toBe(expected)
})

test('JOSE-17: an access token is no proof and a proof no access token, also when one key signs both', async () => {
  const token = scene.token()
  expect(outcomeOf(await scene.send(verifier, token, { proof: token }))).toBe('proof_malformed')
  const proof = await scene.agent.proof({ method: 'GET', url: scene.url, token })
  expect(outcomeOf(await scene.send(verifier, proof))).toBe('token_type')
  const hybrid = scene.claims({ htm: 'GET', htu: scene.url, ath: 'x' })
  expect(outcomeOf(await scene.send(verifier, scene.raw(scene.header({ typ: 'dpop+jwt' }), hybrid)))).toBe('token_type')
})

test('JOSE-18: a typ without a slash reads as if application/ stood before it', async () => {
  for (const typ of ['at+jwt', 'application/at+jwt', 'Application/At+Jwt']) {
    expect(outcomeOf(await scene.send(verifier, scene.token({}, { typ }))), typ).toBe('admitted')
  }
  for (const typ of ['application/application/at+jwt', 'x/at+jwt', 'application/JWT']) {
    expect(outcomeOf(await scene.send(verifier, scene.token({}, { typ }))), typ).toBe('token_type')
  }
})

test('JOSE-18: the typ of a proof is compared exactly all the same (RFC 9449 §4.3 check 4)', async () => {
  for (const typ of ['application/dpop+jwt', 'DPoP+jwt', 'dpop+JWT']) {
    expect(outcomeOf(await scene.send(verifier, scene.token(), { proofHeader: { typ } })), typ).toBe('proof_malformed')
  }
})
