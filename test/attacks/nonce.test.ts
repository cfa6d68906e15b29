import { describe, expect, test } from 'vitest'
import { createVerifier, type Verdict, type Verifier } from '../../src/index.ts'
import { resource, url } from '../support/kit.ts'
import { coldAndWarm, createStage, type Stage, type StageOptions } from './stage.ts'

const secret = 's'.repeat(32)
const withNonce =
  (secrets: string | string[], seconds?: number): StageOptions =>
  (issuer) => ({
    issuer: { ...issuer.options, maxTokenSeconds: 3_600 },
    dpop: { nonce: { secret: secrets, ...(seconds !== undefined && { seconds }) }, freshness: 'nonce' },
  })

function nonceIn(verdict: Verdict): string | undefined {
  const headers = verdict.ok ? verdict.headers : verdict.refusal.headers
  const values = headers.filter(([name]) => name === 'DPoP-Nonce').map(([, value]) => value)
  expect(values.length).toBeLessThan(2)
  return values[0]
}

async function fetchNonce(stage: Stage, verifier: Verifier, token: string): Promise<string> {
  const verdict = await verifier.check(await stage.request({ token }))
  expect(verdict.ok || verdict.refusal.code).toBe('nonce_required')
  const nonce = nonceIn(verdict)
  if (nonce === undefined) throw new Error('a nonce was asked for and none given')
  expect(nonce).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
  return nonce
}

async function codeOf(stage: Stage, verifier: Verifier, token: string, nonce: string): Promise<string> {
  const verdict = await verifier.check(await stage.request({ token, proof: { nonce } }))
  return verdict.ok ? 'admitted' : verdict.refusal.code
}

describe('nonces off', () => {
  coldAndWarm('P15: a nonce nobody asked for is no reason to ask for another', async (stage) => {
    const token = await stage.token()
    await stage.warmUp({ token })
    for (const nonce of ['some-nonce', '', 'x'.repeat(200)]) {
      const verdict = await stage.verifier.check(await stage.request({ token, proof: { nonce } }))
      expect(verdict.ok).toBe(true)
      expect(nonceIn(verdict)).toBe(undefined)
    }
    const bad = await stage.verifier.check(
      await stage.request({ token, proof: { nonce: 'n', claims: { htm: 'PUT' } } }),
    )
    expect(bad.ok || bad.refusal.error).toBe('invalid_dpop_proof')
    expect(nonceIn(bad)).toBe(undefined)
  })

  coldAndWarm('P15: a nonce that is no string is malformed', async (stage) => {
    const token = await stage.token()
    await stage.warmUp({ token })
    for (const nonce of [null, 7, [], {}]) {
      expect(await stage.code({ token, proof: { claims: { nonce } } })).toBe('proof_malformed')
    }
  })
})

describe('nonces on', () => {
  test('P15: every answer that asks for a nonce carries one that is then accepted', async () => {
    const stage = await createStage('cold', withNonce(secret))
    const token = await stage.token()
    for (const nonce of [undefined, '', 'foreign', 'A'.repeat(32)]) {
      const verdict = await stage.verifier.check(await stage.request({ token, proof: { nonce } }))
      expect(verdict.ok || verdict.refusal.error).toBe('use_dpop_nonce')
      expect(await codeOf(stage, stage.verifier, token, nonceIn(verdict) ?? '')).toBe('admitted')
    }
  })

  const year2038 = 2 ** 31 * 1_000
  for (const [name, startMs] of [
    ['2038', year2038],
    ['2^31 slots of 10 s', 2 ** 31 * 10_000],
    ['2106', 2 ** 32 * 1_000],
  ] as const) {
    test(`P42: nonces hold and lapse across ${name} as ever`, async () => {
      const stage = await createStage('cold', withNonce(secret, 300))
      const { clock } = stage.issuer
      clock.step((startMs - 2_000 - clock.now()) / 1_000)
      const token = await stage.token({ lifetimeSeconds: 3_600 })
      const nonce = await fetchNonce(stage, stage.verifier, token)
      const outcomes: string[] = []
      for (let second = 0; second <= 302; second++) {
        outcomes.push(await codeOf(stage, stage.verifier, token, nonce))
        clock.advance(1)
      }
      const end = outcomes.indexOf('nonce_invalid')
      expect(outcomes.slice(0, 290)).toEqual(Array(290).fill('admitted'))
      expect(end).toBeGreaterThanOrEqual(290)
      expect(outcomes.slice(end)).toEqual(Array(outcomes.length - end).fill('nonce_invalid'))
    })
  }

  test('P42: at no step boundary is a fresh nonce refused, also by another instance a little behind', async () => {
    const stage = await createStage('cold', withNonce(secret, 30))
    const { clock, options } = stage.issuer
    const behind = createVerifier({
      issuer: { ...options, maxTokenSeconds: 3_600 },
      resource,
      clock: { now: () => clock.now() - 500, monotonic: () => clock.monotonic() },
      dpop: { nonce: { secret, seconds: 30 }, freshness: 'nonce' },
    })
    const token = await stage.token({ lifetimeSeconds: 3_600 })
    for (let step = 0; step < 40; step++) {
      const nonce = await fetchNonce(stage, stage.verifier, token)
      expect(await codeOf(stage, stage.verifier, token, nonce)).toBe('admitted')
      expect(await codeOf(stage, behind, token, nonce)).toBe('admitted')
      clock.advance(0.25)
    }
  })

  test('P42: instances with one secret accept each other, a rotated secret stays good while listed', async () => {
    const stage = await createStage('cold', withNonce(secret))
    const { clock, options } = stage.issuer
    const instance = (...secrets: string[]) =>
      createVerifier({ issuer: options, resource, clock, dpop: { nonce: { secret: secrets } } })
    const next = 'n'.repeat(32)
    const token = await stage.token()
    const old = await fetchNonce(stage, stage.verifier, token)
    expect(await codeOf(stage, instance(secret), token, old)).toBe('admitted')
    expect(await codeOf(stage, instance(next, secret), token, old)).toBe('admitted')
    expect(await codeOf(stage, instance(next), token, old)).toBe('nonce_invalid')
    const fresh = await fetchNonce(stage, instance(next, secret), token)
    expect(await codeOf(stage, instance(next), token, fresh)).toBe('admitted')
  })

  test('P42: a nonce of another resource with the same secret is foreign', async () => {
    const stage = await createStage('cold', withNonce(secret))
    const { clock, options } = stage.issuer
    const audience = resource
    const other = createVerifier({
      issuer: options,
      resource: 'https://files.example.test',
      audience,
      publicUrl: resource,
      clock,
      dpop: { nonce: { secret } },
    })
    const token = await stage.token()
    const nonce = await fetchNonce(stage, stage.verifier, token)
    expect(await codeOf(stage, other, token, nonce)).toBe('nonce_invalid')
  })

  test('P§1.33: a proof at the end of a nonce is answered with the next one', async () => {
    const stage = await createStage('cold', withNonce(secret, 300))
    const token = await stage.token()
    const nonce = await fetchNonce(stage, stage.verifier, token)
    const proofAt = async () => stage.verifier.check(await stage.request({ token, url, proof: { nonce } }))
    expect(nonceIn(await proofAt())).toBe(undefined)
    stage.issuer.clock.advance(200)
    const late = await proofAt()
    expect(late.ok).toBe(true)
    expect(await codeOf(stage, stage.verifier, token, nonceIn(late) ?? '')).toBe('admitted')
  })
})
