import { X509Certificate } from 'node:crypto'
import { createTestClock } from 'onbehalf/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { OptionReader } from '../../src/internal/option-reader.ts'
import { signingInput } from '../../src/jose/compact-jws.ts'
import { thumbprint } from '../../src/jose/jwk.ts'
import { importKey, verifySignature } from '../../src/jose/signature.ts'
import { type JsonObject, parseJsonObject } from '../../src/jose/strict-json.ts'
import { readDpop } from '../../src/options/sender.ts'
import { Denial } from '../../src/refusal/denial.ts'
import { certificateThumbprint } from '../../src/sender/certificate-thumbprint.ts'
import { createProofCheck, type Proof } from '../../src/sender/proof.ts'
import { allowPublishedKeys, requestView } from '../../src/testing/index.ts'
import { sha256 } from '../support/bytes.ts'
import { readCompact } from '../support/jws.ts'
import { describeVectors } from '../support/vectors.ts'

interface ProofCase {
  readonly proof: string | null
  readonly access_token: string | null
  readonly method: string | null
  readonly target: string | null
  readonly host: string | null
  readonly proof_header?: JsonObject
  readonly proof_claims?: { readonly jti: string; readonly iat: number; readonly ath?: string }
  readonly access_token_claims?: JsonObject
}

async function check(one: ProofCase): Promise<Proof | string> {
  const policy = readDpop(new OptionReader(), {})
  if (policy === false) throw new Error('off')
  const options = {
    publicUrls: [`https://${one.host}`],
    toleranceSeconds: 5,
    cachedKeys: 1,
    clock: createTestClock(),
    reportOnly: new Set<never>(),
  }
  const view = requestView({ method: one.method ?? '', target: one.target ?? '', headers: { dpop: one.proof ?? '' } })
  const nowMs = (one.proof_claims?.iat ?? 0) * 1_000
  const jkt = thumbprint(one.proof_header?.['jwk'] as JsonObject)
  const result = await createProofCheck(policy, undefined, options).check(view, {
    jkt,
    tokenHash: sha256(one.access_token ?? ''),
    nowMs,
  })
  return result instanceof Denial ? result.code : result
}

describeVectors('rfc9449', (files) => {
  const { cases } = files.json('rfc9449_examples.json') as { cases: readonly ProofCase[] }
  const proofs = cases.filter(({ proof }) => proof !== null)
  let undo: () => void
  beforeAll(() => {
    undo = allowPublishedKeys()
  })
  afterAll(() => undo())

  test('RFC 9449 §4: headers, claims and signatures of every example', () => {
    expect(proofs).toHaveLength(4)
    for (const { proof, proof_header, proof_claims } of proofs) {
      const jws = readCompact(proof ?? '')
      const key = importKey(proof_header?.['jwk'] as JsonObject, 'ES256')
      if (jws === undefined || key === undefined) throw new Error('unreadable')
      expect([jws.header, jws.payload]).toEqual([proof_header, proof_claims])
      expect(verifySignature(key, signingInput(jws), jws.signature)).toBe(true)
    }
  })

  test('RFC 9449 §4.3: sent to their resources, the ones with ath pass', async () => {
    const sent = proofs.filter(({ host }) => host !== null)
    const outcomes = await Promise.all(sent.map(async (one) => [one.access_token !== null, await check(one)]))
    expect(outcomes).toEqual([
      [false, 'proof_malformed'],
      [false, 'proof_malformed'],
      [true, expect.objectContaining({ jti: sent[2]?.proof_claims?.jti })],
    ])
  })

  test('RFC 9449 §6.1: the bound token names the thumbprint of the proofs’ key', () => {
    const jkts = new Set(proofs.map(({ proof_header }) => thumbprint(proof_header?.['jwk'] as JsonObject)))
    const bound = cases.find(({ access_token_claims }) => access_token_claims !== undefined)
    const payload = readCompact(bound?.access_token ?? '')?.payload
    expect(payload).toEqual(bound?.access_token_claims)
    expect([...jkts]).toEqual([(payload?.['cnf'] as { jkt?: string } | undefined)?.jkt])
  })
})

describeVectors('rfc8705', (files) => {
  test('RFC 8705 Appendix A: x5t#S256 of the certificate', () => {
    const { pem, x5t_S256 } = files.json('appendix_a.json') as { pem: string; x5t_S256: string }
    const certificate = new X509Certificate(pem).raw
    expect(certificateThumbprint(requestView({ certificate }))).toBe(x5t_S256)
  })
})

describeVectors('jwk-thumbprint', (files) => {
  const vectors = files.json('vectors.json') as readonly { name: string; jwk: string; thumbprint: string }[]
  for (const vector of vectors) {
    test(`RFC 7638 §3: thumbprint of ${vector.name}`, () => {
      const jwk = parseJsonObject(Buffer.from(vector.jwk))
      expect(jwk === undefined ? undefined : thumbprint(jwk)).toBe(vector.thumbprint)
    })
  }
})
