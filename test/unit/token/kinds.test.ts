import { expect, test } from 'vitest'
import { createForge, type Forge } from '../../support/forge.ts'
import { url } from '../../support/kit.ts'

/** RFC 8725 §3.12: a JWT of one kind is never accepted as another kind, even with the right key and claims. */

const forge: Forge = await createForge()
const { verifier } = forge

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
    expect(await forge.code({ verifier, token: forge.token({}, { typ: spelling }) }), spelling).toBe(expected)
  }
})

test.each(kinds)('JOSE-17: typ %s at the place of a proof', async (typ) => {
  const expected = typ === 'dpop+jwt' ? 'admitted' : 'proof_malformed'
  expect(await forge.code({ verifier, token: forge.token(), proof: { header: { typ } } })).toBe(expected)
})

test('JOSE-17: an access token is no proof and a proof no access token, also when one key signs both', async () => {
  const token = forge.token()
  expect(await forge.code({ verifier, token, proof: token })).toBe('proof_malformed')
  const proof = await forge.agent.proof({ method: 'GET', url, token })
  expect(await forge.code({ verifier, token: proof })).toBe('token_type')
  const hybrid = forge.claims({ htm: 'GET', htu: url, ath: 'x' })
  expect(await forge.code({ verifier, token: forge.raw(forge.header({ typ: 'dpop+jwt' }), hybrid) })).toBe('token_type')
})

test('JOSE-18: a typ without a slash reads as if application/ stood before it', async () => {
  for (const typ of ['at+jwt', 'application/at+jwt', 'Application/At+Jwt']) {
    expect(await forge.code({ verifier, token: forge.token({}, { typ }) }), typ).toBe('admitted')
  }
  for (const typ of ['application/application/at+jwt', 'x/at+jwt', 'application/JWT']) {
    expect(await forge.code({ verifier, token: forge.token({}, { typ }) }), typ).toBe('token_type')
  }
})

test('JOSE-18: the typ of a proof is compared exactly all the same (RFC 9449 §4.3 check 4)', async () => {
  for (const typ of ['application/dpop+jwt', 'DPoP+jwt', 'dpop+JWT']) {
    expect(await forge.code({ verifier, token: forge.token(), proof: { header: { typ } } }), typ).toBe(
      'proof_malformed',
    )
  }
})
