import type { DpopOptions, NonceOptions, Verdict, Verifier } from 'onbehalf'
import { beforeEach, describe, expect, test } from 'vitest'
import { createKit, headerValues, type Kit, outcomeOf, url } from '../../support/kit.ts'

const secret = 'first-secret-of-thirty-two-bytes'
const other = 'other-secret-of-thirty-two-bytes'

let kit: Kit
let verifier: Verifier

beforeEach(async () => {
  kit = await createKit()
  verifier = withNonces()
})

function withNonces(nonce: Partial<NonceOptions> = {}, dpop: DpopOptions = {}): Verifier {
  return kit.verifierWith({ dpop: { ...dpop, nonce: { secret, ...nonce } } })
}

const nonceOf = (verdict: Verdict) => headerValues(verdict, 'dpop-nonce')[0] ?? ''
const send = (nonce: string | undefined, to = verifier) => kit.call({ verifier: to, proof: { nonce } })
const codeFor = async (nonce: string | undefined, to = verifier) => outcomeOf(await send(nonce, to))
/** The nonce that a client without one is given. */
const given = async (by = verifier) => nonceOf(await send(undefined, by))

describe('required', () => {
  test('DPOP-27: a proof with the nonce just given passes', async () => {
    expect(await codeFor(await given())).toBe('admitted')
  })

  test('DPOP-27: a nonce serves many proofs while it lasts', async () => {
    const nonce = await given()
    expect([await codeFor(nonce), await codeFor(nonce)]).toEqual(['admitted', 'admitted'])
  })

  test.each(['wrong', '', 'A'.repeat(32), 'ä', 'x'.repeat(33)])('DPOP-27: nonce %j is not ours', async (nonce) => {
    const verdict = await send(nonce)
    expect(verdict).toMatchObject({ ok: false, refusal: { code: 'nonce_invalid', status: 401 } })
    expect(verdict).toMatchObject({ refusal: { error: 'use_dpop_nonce' } })
    expect(await codeFor(nonceOf(verdict))).toBe('admitted')
  })

  test('DPOP-27: it is good for its 300 s, with a thirtieth for the slot, and no longer', async () => {
    const nonce = await given()
    kit.issuer.clock.advance(290)
    expect(await codeFor(nonce)).toBe('admitted')
    kit.issuer.clock.advance(11)
    expect(await codeFor(nonce)).toBe('nonce_invalid')
  })

  test('DPOP-27: seconds is how long', async () => {
    const brief = withNonces({ seconds: 10 })
    const nonce = await given(brief)
    kit.issuer.clock.advance(9)
    expect(await codeFor(nonce, brief)).toBe('admitted')
    kit.issuer.clock.advance(2)
    expect(await codeFor(nonce, brief)).toBe('nonce_invalid')
  })

  test('DPOP-27: one from the future is not ours', async () => {
    const nonce = await given()
    kit.issuer.clock.step(-60)
    expect(await codeFor(nonce)).toBe('nonce_invalid')
  })

  test('DPOP-29: a proof without nonce is refused before and after one was given', async () => {
    expect(await codeFor(undefined)).toBe('nonce_required')
    expect(await codeFor(await given())).toBe('admitted')
    expect(await codeFor(undefined)).toBe('nonce_required')
  })

  test('DPOP-29: a missing proof is proof_missing, with a nonce for the next one', async () => {
    const verdict = await kit.call({ verifier, proof: null })
    expect(outcomeOf(verdict)).toBe('proof_missing')
    expect(await codeFor(nonceOf(verdict))).toBe('admitted')
  })

  test('RFC 9449 §8: without nonces none is asked for, given or judged', async () => {
    const verdict = await kit.call({ proof: { nonce: 'whatever' } })
    expect(outcomeOf(verdict)).toBe('admitted')
    expect(headerValues(verdict, 'dpop-nonce')).toEqual([])
    expect(headerValues(await kit.call({ proof: null }), 'dpop-nonce')).toEqual([])
  })
})

describe('what a nonce is', () => {
  test('DPOP-28: one DPoP-Nonce of NQCHARs, never stored', async () => {
    for (const nonce of [undefined, 'wrong']) {
      const verdict = await send(nonce)
      expect(headerValues(verdict, 'dpop-nonce')).toEqual([expect.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]+$/)])
      expect(headerValues(verdict, 'cache-control')).toEqual(['no-store'])
    }
  })

  test('DPOP-28: without the secret none can be computed', async () => {
    const stranger = withNonces({ secret: other })
    expect(await given(stranger)).not.toBe(await given())
  })

  test('DPOP-28: no character of it can be changed', async () => {
    const nonce = await given()
    for (const at of nonce.split('').keys()) {
      const swapped = nonce[at] === 'A' ? 'B' : 'A'
      expect(await codeFor(nonce.slice(0, at) + swapped + nonce.slice(at + 1))).toBe('nonce_invalid')
    }
  })

  test('DPOP-28: nonces of a thousand slots are all different, in their unpredictable part too', async () => {
    const nonces = new Set<string>()
    const tails = new Set<string>()
    for (let slot = 0; slot < 1_000; slot++) {
      kit.issuer.clock.advance(10)
      const nonce = await given()
      nonces.add(nonce)
      tails.add(nonce.slice(8))
    }
    expect([nonces.size, tails.size]).toEqual([1_000, 1_000])
  })

  test('DPOP-31: one of another secret is not ours', async () => {
    const stranger = withNonces({ secret: other })
    expect(await codeFor(await given(stranger))).toBe('nonce_invalid')
  })

  test('DPOP-31: nor is one of another resource with the same secret', async () => {
    const neighbour = kit.verifierWith({
      resource: 'https://other.example.test',
      audience: kit.issuer.resource,
      publicUrl: new URL(url).origin,
      dpop: { nonce: { secret } },
    })
    expect(await codeFor(await given(neighbour))).toBe('nonce_invalid')
    expect(await codeFor(await given(neighbour), neighbour)).toBe('admitted')
  })

  test('DPOP-31: another instance with the secret takes it', async () => {
    expect(await codeFor(await given(withNonces()))).toBe('admitted')
  })

  test('DPOP-31: every secret of the list is accepted, the first mints', async () => {
    const rotated = withNonces({ secret: [other, Buffer.from(secret)] })
    expect(await codeFor(await given(verifier), rotated)).toBe('admitted')
    expect(await given(rotated)).toBe(await given(withNonces({ secret: other })))
    expect(await codeFor(await given(rotated), verifier)).toBe('nonce_invalid')
  })
})

describe('the next one', () => {
  test('DPOP-30: an admitted answer carries a fresh one from half of its life on', async () => {
    const nonce = await given()
    kit.issuer.clock.advance(149)
    expect((await send(nonce)).ok).toBe(true)
    expect(headerValues(await send(nonce), 'dpop-nonce')).toEqual([])
    kit.issuer.clock.advance(1)
    const verdict = await send(nonce)
    expect(verdict).toMatchObject({ ok: true })
    expect(headerValues(verdict, 'cache-control')).toEqual(['no-store'])
    expect(headerValues(verdict, 'dpop-nonce')).toHaveLength(1)
    expect(nonceOf(verdict)).not.toBe(nonce)
    kit.issuer.clock.advance(200)
    expect([await codeFor(nonce), await codeFor(nonceOf(verdict))]).toEqual(['nonce_invalid', 'admitted'])
  })

  test('Nonce: a refusal that is not about the proof carries none', async () => {
    const verdict = await kit.call({ verifier, token: { lifetimeSeconds: 301 } })
    expect(outcomeOf(verdict)).toBe('token_lifetime')
    expect(headerValues(verdict, 'dpop-nonce')).toEqual([])
  })
})

describe('freshness', () => {
  const day = 86_400
  const codeAt = (offset: number, nonce: string, to: Verifier) =>
    kit.code({ verifier: to, proof: { nonce, claims: { iat: kit.issuer.clock.now() / 1_000 + offset } } })

  test.each([-day, 0, day])('DPOP-32: freshness nonce takes an iat %i s off', async (offset) => {
    const lax = withNonces({}, { freshness: 'nonce' })
    expect(await codeAt(offset, await given(lax), lax)).toBe('admitted')
    expect(await codeAt(offset, 'wrong', lax)).toBe('nonce_invalid')
  })

  test.each(['both', undefined, 'iat'] as const)('DPOP-32: freshness %s judges iat as well', async (freshness) => {
    const strict = withNonces({}, freshness === undefined ? {} : { freshness })
    expect(await codeAt(-61, await given(strict), strict)).toBe('proof_expired')
    expect(await codeAt(11, await given(strict), strict)).toBe('proof_not_active')
    expect(await codeAt(-60, await given(strict), strict)).toBe('admitted')
  })

  test('DPOP-32: a proof that only its nonce bounds is remembered as long as that lasts', async () => {
    const lax = withNonces({}, { freshness: 'nonce' })
    const token = await kit.token()
    const nonce = await given(lax)
    const proof = await kit.agent.proof({ method: 'GET', url, token, nonce, claims: { iat: 0 } })
    expect(await kit.code({ verifier: lax, token, proof })).toBe('admitted')
    kit.issuer.clock.advance(285)
    expect(await kit.code({ verifier: lax, token, proof })).toBe('proof_replayed')
    kit.issuer.clock.advance(14)
    expect(await kit.code({ verifier: lax, token, proof })).toBe('proof_replayed')
  })
})
