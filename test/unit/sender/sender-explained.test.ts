import { createTestCertificate, type TestCertificate } from 'onbehalf/testing'
import { beforeAll, expect, test } from 'vitest'
import { createForge, type Forge } from '../../support/forge.ts'
import type { Members } from '../../support/jws.ts'
import type { Call } from '../../support/kit.ts'

/** What `explain` says of a binding. */

let forge: Forge
let other: TestCertificate
beforeAll(async () => {
  forge = await createForge({ certificate: true })
  other = await createTestCertificate({ commonName: 'other' })
})

async function codesOf(call: Call<Members>, verifier = forge.verifierWith()): Promise<readonly string[]> {
  const { reasons } = await verifier.explain(await forge.request(call))
  return reasons.map(({ code }) => code)
}

function certificateBound(certificate: Uint8Array | undefined): Call<Members> {
  const cnf = { 'x5t#S256': forge.agent.certificate?.thumbprint }
  return { scheme: 'Bearer', token: { cnf }, proof: null, certificate }
}

test('RFC 9449 §4.3: explain finds nothing wrong with a good proof, and notes what is wrong with another', async () => {
  expect(await codesOf({})).toEqual([])
  expect(await codesOf({ proof: null })).toEqual(['proof_missing'])
  expect(await codesOf({ proof: { claims: { htm: 'PUT', ath: 'x' } } })).toEqual(['proof_method', 'proof_token_hash'])
})

test('PRES-09: explain notes the scheme, and judges the proof all the same', async () => {
  expect(await codesOf({ scheme: 'Bearer' })).toEqual(['binding_scheme'])
  expect(await codesOf({ scheme: 'Bearer', proof: null })).toEqual(['binding_scheme', 'proof_missing'])
})

test('MTLS-01: explain compares the certificate of the connection, and misses no proof where none is owed', async () => {
  for (const dpop of [undefined, false] as const) {
    const verifier = forge.verifierWith({ dpop })
    expect(await codesOf(certificateBound(forge.agent.certificate?.der), verifier)).toEqual([])
    expect(await codesOf(certificateBound(other.der), verifier)).toEqual(['binding_mismatch'])
    expect(await codesOf(certificateBound(undefined), verifier)).toEqual(['certificate_missing'])
  }
})

test('MTLS-17: explain does not ask a function for the certificate, and notes nothing about it', async () => {
  let asked = 0
  const certificate = () => {
    asked++
    return other.der
  }
  expect(await codesOf(certificateBound(undefined), forge.verifierWith({ mtls: { certificate } }))).toEqual([])
  expect(asked).toBe(0)
})

test('MTLS-19: explain without mutual TLS judges a proof', async () => {
  const verifier = forge.verifierWith({ mtls: false })
  expect(await codesOf({}, verifier)).toEqual([])
  expect(await codesOf({ proof: null }, verifier)).toEqual(['proof_missing'])
})
