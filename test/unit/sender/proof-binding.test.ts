import type { TestAgent } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { thumbprint } from '../../../src/jose/jwk.ts'
import { withBrokenSignature, withParts } from '../../support/bytes.ts'
import { createKit, type Kit, url } from '../../support/kit.ts'

let kit: Kit

beforeAll(async () => {
  kit = await createKit()
})

/** A token bound to this agent's key, and its proof. */
const by = (prover: TestAgent) => ({ prover, token: { claims: { cnf: { jkt: prover.jkt } } } })

describe('the key of the token', () => {
  test('DPOP-15: a proof by another key is binding_mismatch', async () => {
    const thief = await kit.issuer.agent('travel-7')
    const refusal = await kit.refusal({ prover: thief })
    expect(refusal).toMatchObject({ code: 'binding_mismatch', status: 401, error: 'invalid_token' })
    expect(refusal.facts).toMatchObject({
      expectedThumbprint: kit.agent.jkt.slice(0, 8),
      receivedThumbprint: thief.jkt.slice(0, 8),
    })
  })

  test('DPOP-15: a key that is known from its own token is another key all the same', async () => {
    const thief = await kit.issuer.agent('thief')
    expect(await kit.code(by(thief))).toBe('admitted')
    expect(await kit.code({ prover: thief })).toBe('binding_mismatch')
  })

  test('DPOP-15: the thumbprint is compared with its case', async () => {
    const jkt = kit.agent.jkt.replace(/[a-z]/i, (letter) =>
      letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
    )
    expect(await kit.code({ token: { claims: { cnf: { jkt } } } })).toBe('binding_mismatch')
  })

  test('DPOP-16: further members of the jwk do not change the thumbprint', async () => {
    const jwk = { use: 'sig', kid: 'k', alg: 'ES256', ...kit.agent.publicJwk, key_ops: ['verify'], ext: true }
    expect(await kit.code({ proof: { header: { jwk } } })).toBe('admitted')
  })

  test('DPOP-16: nor does the order of its members', async () => {
    const jwk = Object.fromEntries(Object.entries(kit.agent.publicJwk).reverse())
    expect(await kit.code({ proof: { header: { jwk } } })).toBe('admitted')
  })

  test('DPOP-16: the thumbprints RFC 7638 §3.1 and RFC 8037 A.3 print', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
    const rsa = { kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' }
    expect(thumbprint(rsa)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
    const okp = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
    expect(thumbprint(okp)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  })
})

describe('signature', () => {
  const good = async () => {
    const token = await kit.token()
    return { token, proof: await kit.agent.proof({ method: 'GET', url, token }) }
  }

  test('DPOP-06: one bit of the signature', async () => {
    const { token, proof } = await good()
    expect(await kit.code({ token, proof: withBrokenSignature(proof) })).toBe('proof_signature')
  })

  test('DPOP-06: the signature of another proof of the same key', async () => {
    const { token, proof } = await good()
    const other = (await good()).proof
    const signature = other.slice(other.lastIndexOf('.') + 1)
    expect(await kit.code({ token, proof: withParts(proof, { signature }) })).toBe('proof_signature')
  })

  test.each(['cold', 'warm'])('DPOP-06: another key that signs under the header of ours (%s)', async (start) => {
    const { agent, token, code } = await createKit()
    const thief = await kit.issuer.agent('thief')
    if (start === 'warm') expect(await code({ token: await token() })).toBe('admitted')
    expect(await code({ prover: thief, proof: { header: { jwk: agent.publicJwk } } })).toBe('proof_signature')
  })

  test('DPOP-06: all zeros', async () => {
    const { token, proof } = await good()
    expect(await kit.code({ token, proof: withParts(proof, { signature: 'A'.repeat(86) }) })).toBe('proof_signature')
  })

  test('DPOP-06: a refused signature enters no key into the cache', async () => {
    const fresh = await createKit()
    const token = await fresh.token()
    const proof = await fresh.agent.proof({ method: 'GET', url, token })
    expect(await fresh.code({ token, proof: withBrokenSignature(proof) })).toBe('proof_signature')
    expect(fresh.verifier.health().caches.proofKeys).toBe(0)
    expect(await fresh.code({ token, proof })).toBe('admitted')
    expect(fresh.verifier.health().caches.proofKeys).toBe(1)
  })
})
