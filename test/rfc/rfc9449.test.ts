import { createTestClock } from 'onbehalf/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createVerifier, type Refusal, type VerifierOptions } from '../../src/index.ts'
import { OptionReader } from '../../src/internal/option-reader.ts'
import { decodeObject, signingInput } from '../../src/jose/compact-jws.ts'
import { fitsAlgorithm, thumbprint } from '../../src/jose/jwk.ts'
import { importKey, verifySignature } from '../../src/jose/signature.ts'
import { readDpop } from '../../src/options/sender.ts'
import { Denial } from '../../src/refusal/denial.ts'
import { createProofCheck } from '../../src/sender/proof.ts'
import { allowPublishedKeys, createTestIssuer, requestView } from '../../src/testing/index.ts'
import { encode, sha256 } from '../support/bytes.ts'
import { parseChallenges } from '../support/challenges.ts'
import { readCompact } from '../support/jws.ts'
import { F01_1, F01_2, F01_3, F01_4, F01_5, F01_6, F01_7, F01_8 } from '../support/printed.ts'

const protectedResource = 'https://resource.example.org/protectedresource'

function checkProof(proof: string, nowSeconds: number, changes: { method?: string; url?: string; jkt?: string } = {}) {
  const policy = readDpop(new OptionReader(), {})
  if (policy === false) throw new Error('off')
  const { method = 'GET', url = protectedResource, jkt = F01_2 } = changes
  const options = {
    publicUrls: [new URL(url).origin],
    toleranceSeconds: 5,
    cachedKeys: 10,
    clock: createTestClock(),
    reportOnly: new Set<never>(),
  }
  const check = createProofCheck(policy, undefined, options)
  const owed = {
    jkt,
    tokenHash: F01_7,
    nowMs: nowSeconds * 1_000,
    memo: { header: '', key: undefined },
  }
  const result = check.check(requestView({ method, url, headers: { dpop: proof } }), owed)
  return result instanceof Denial ? result.code : result
}

describe('keys and hashes', () => {
  test('RFC 9449 §6.1 (F01-1, F01-2): jkt of the example key', () => {
    expect(fitsAlgorithm(F01_1, 'ES256')).toBe(true)
    expect(thumbprint(F01_1)).toBe(F01_2)
  })

  test('RFC 9449 §7.1 (F01-6, F01-7): ath of the example token', () => {
    expect(sha256(F01_6)).toBe(F01_7)
  })

  for (const [id, proof] of Object.entries({ 'F01-3': F01_3, 'F01-4': F01_4, 'F01-5': F01_5 })) {
    test(`RFC 9449 §4.1 (${id}): the signature holds by the key inside`, () => {
      const jws = readCompact(proof)
      const key = importKey(F01_1, 'ES256')
      if (jws === undefined || key === undefined) throw new Error('unreadable')
      expect(jws.header).toEqual({ typ: 'dpop+jwt', alg: 'ES256', jwk: F01_1 })
      expect(verifySignature(key, signingInput(jws), jws.signature)).toBe(true)
    })
  }
})

describe('proofs', () => {
  let undo: () => void
  beforeAll(() => {
    undo = allowPublishedKeys()
  })
  afterAll(() => undo())

  test('RFC 9449 §7.1 (F01-5): the proof of the protected resource passes at its time', () => {
    expect(checkProof(F01_5, 1_562_262_618)).toMatchObject({ jti: 'e1j3V_bKic8-LAEB', iatOffset: 0 })
    expect(checkProof(F01_5, 1_562_262_678)).toMatchObject({ jti: 'e1j3V_bKic8-LAEB', iatOffset: -60 })
    expect(checkProof(F01_5, 1_562_262_679)).toBe('proof_expired')
    expect(checkProof(F01_5, 1_562_262_607)).toBe('proof_not_active')
  })

  test('RFC 9449 §4.3 (F01-5): it passes for nothing else', () => {
    const now = 1_562_262_618
    expect(checkProof(F01_5, now, { method: 'POST' })).toBe('proof_method')
    expect(checkProof(F01_5, now, { url: `${protectedResource}/` })).toBe('proof_target')
    expect(checkProof(F01_5, now, { url: 'https://resource.example.com/protectedresource' })).toBe('proof_target')
    expect(checkProof(F01_5, now, { jkt: F01_7 })).toBe('binding_mismatch')
  })

  test('RFC 9449 §4.2 (F01-3, F01-4): proofs of token requests lack ath', () => {
    const changes = { method: 'POST', url: 'https://server.example.com/token' }
    expect(checkProof(F01_3, 1_562_262_616, changes)).toBe('proof_malformed')
    expect(checkProof(F01_4, 1_562_265_296, changes)).toBe('proof_malformed')
    expect(readCompact(F01_3)?.payload['jti']).toBe(readCompact(F01_4)?.payload['jti'])
  })

  test('RFC 9449 §8 (F01-17): a proof payload with nonce reads as printed', () => {
    const payload =
      '{"jti":"-BwC3ESc6acc2lTc","htm":"POST","htu":"https://server.example.com/token","iat":1562262616,"nonce":"eyJ7S_zG.eyJH0-Z.HX4w-7v"}'
    const segment = encode(payload)
    expect(decodeObject(segment, 0, segment.length)).toMatchObject({ nonce: 'eyJ7S_zG.eyJH0-Z.HX4w-7v' })
  })
})

test('Published keys (F01-5): outside of tests no proof may be signed with the printed key', () => {
  expect(checkProof(F01_5, 1_562_262_618)).toBe('proof_key')
})

describe('answers', () => {
  const algorithms = ['ES256', 'PS256'] as const

  async function refuse(authorization: string | string[], options: Partial<VerifierOptions> = {}): Promise<Refusal> {
    const issuer = await createTestIssuer({ resource: 'https://resource.example.org' })
    const base = { issuer: issuer.options, resource: issuer.resource, clock: issuer.clock, metadata: false }
    const verifier = createVerifier({ ...base, dpop: { algorithms }, ...options })
    const headers = authorization === '' ? {} : { authorization }
    const verdict = await verifier.check(requestView({ url: protectedResource, headers }))
    if (verdict.ok) throw new Error('admitted')
    return verdict.refusal
  }
  const challengeIn = ({ headers }: Refusal) => new Map(headers).get('WWW-Authenticate') ?? ''

  test('RFC 9449 §7.1 (F01-10): the challenge to a request without credentials', async () => {
    expect(challengeIn(await refuse('', { mtls: false }))).toBe('DPoP algs="ES256 PS256"')
  })

  test('RFC 9449 §7.2 (F01-12): the challenge where Bearer is taken as well', async () => {
    expect(challengeIn(await refuse(''))).toBe('Bearer, DPoP algs="ES256 PS256"')
  })

  test('RFC 9449 §7.2 (F01-13): a bad Bearer token puts the error into the Bearer challenge only', async () => {
    const refusal = await refuse(`Bearer ${F01_6}`)
    const [bearer, dpop] = parseChallenges(challengeIn(refusal))
    expect(refusal.status).toBe(401)
    expect(bearer?.parameters.get('error')).toBe('invalid_token')
    expect([...(dpop?.parameters ?? [])]).toEqual([['algs', 'ES256 PS256']])
  })

  test('RFC 9449 §7.2 (F01-14): two Authorization fields are a 400 with the error in both challenges', async () => {
    const refusal = await refuse([`Bearer ${F01_6}`, `DPoP ${F01_6}`])
    expect(refusal.status).toBe(400)
    for (const { parameters } of parseChallenges(challengeIn(refusal))) {
      expect(parameters.get('error')).toBe('invalid_request')
      expect(parameters.has('error_description')).toBe(true)
    }
  })

  test('RFC 9449 §6.1 (F01-8): the example token is no RFC 9068 access token', async () => {
    expect((await refuse(`DPoP ${F01_8}`)).code).toBe('token_type')
  })

  test('RFC 9449 §6.1 (F01-6): an opaque token is no JWT', async () => {
    expect((await refuse(`DPoP ${F01_6}`)).code).toBe('token_malformed')
  })

  test('RFC 9449 §7.1, §9, §8.2 (F01-11, F01-15, F01-16): binding failure, nonce challenge, next nonce', async () => {
    const issuer = await createTestIssuer({ resource: 'https://resource.example.org' })
    const agent = await issuer.agent('travel-7')
    const dpop = { algorithms, nonce: { secret: 's'.repeat(32) } }
    const base = {
      issuer: issuer.options,
      resource: issuer.resource,
      clock: issuer.clock,
      metadata: false,
      mtls: false,
    }
    const verifier = createVerifier({ ...base, dpop } as VerifierOptions)
    const token = await issuer.token({ agent })
    const send = async (by: typeof agent, nonce?: string) =>
      verifier.check(
        requestView({ url: protectedResource, headers: await by.headers('GET', protectedResource, token, { nonce }) }),
      )

    const stolen = await send(await issuer.agent('thief'))
    if (stolen.ok) throw new Error('admitted')
    expect(parseChallenges(challengeIn(stolen.refusal))[0]?.parameters.get('error')).toBe('invalid_token')

    const first = await send(agent)
    if (first.ok) throw new Error('admitted')
    const challenge = parseChallenges(challengeIn(first.refusal))[0]
    expect([challenge?.scheme, challenge?.parameters.get('error')]).toEqual(['DPoP', 'use_dpop_nonce'])
    const nonce = new Map(first.refusal.headers).get('DPoP-Nonce') ?? ''

    issuer.clock.advance(200)
    const later = await send(agent, nonce)
    expect(later.ok && new Map(later.headers).get('Cache-Control')).toBe('no-store')
    expect(later.ok && new Map(later.headers).get('DPoP-Nonce')).not.toBe(nonce)
  })
})
