import fc from 'fast-check'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import { type Algorithm, createVerifier } from '../../src/index.ts'
import { createTestClock } from '../../src/testing/index.ts'
import { makeRawKey, type RawKey } from '../support/jws.ts'
import { issuerUrl, resource } from '../support/kit.ts'
import { differences, dissect } from './differential-classes.ts'
import { bends, type Draft, draftOf, write } from './differential-tokens.ts'
import { judgeNow, runs, startMs, viewOf } from './rig.ts'

const published: readonly Algorithm[] = ['ES256', 'ES384', 'Ed25519', 'PS256', 'RS256']
const accepted: Algorithm[] = [...published, 'EdDSA']
const keys = await Promise.all(
  published.map(async (algorithm) => ({ kid: `k-${algorithm}`, key: await makeRawKey(algorithm) })),
)
const jwks = { keys: keys.map(({ kid, key }) => ({ ...key.publicJwk, kid, alg: key.algorithm, use: 'sig' })) }
const clock = createTestClock(startMs)
const verifier = createVerifier({ issuer: { issuer: issuerUrl, jwks }, resource, clock })
const keySet = createLocalJWKSet(jwks)

/** Judges the token alone: the request has no proof, so an accepted token ends as proof_missing. */
function ourVerdict(token: string): string {
  const verdict = judgeNow(verifier, viewOf(token))
  const code = verdict.ok ? 'admitted' : verdict.refusal.code
  return code.startsWith('token_') || code === 'request_malformed' ? code : 'accepted'
}

async function joseVerdict(token: string): Promise<string> {
  const audience = [resource, `${resource}/`]
  const options = { typ: 'at+jwt', issuer: issuerUrl, audience, algorithms: accepted, clockTolerance: 5 }
  try {
    await jwtVerify(token, keySet, { ...options, currentDate: new Date(clock.now()) })
    return 'accepted'
  } catch (error) {
    return error instanceof Error ? error.name : 'refused'
  }
}

const signer: fc.Arbitrary<{ key: RawKey; kid: string }> = fc
  .tuple(fc.constantFrom(...keys), fc.nat(9))
  .map(([{ key, kid }, dice]) =>
    dice < 3 && key.algorithm === 'Ed25519' ? { key: { ...key, algorithm: 'EdDSA' as const }, kid } : { key, kid },
  )
const bent: fc.Arbitrary<Draft> = fc
  .tuple(signer, fc.array(fc.oneof(...bends), { maxLength: 2 }))
  .map(([{ key, kid }, changes]) => changes.reduce((draft, change) => change(draft), draftOf(key, kid, 'A'.repeat(43))))

test('RFC 9068 §4: jose and we judge every token alike, but for what the classes name', async () => {
  const counts = new Map(differences.map(({ name }) => [name, 0]))
  const agreed = { accepted: 0, refused: 0 }
  expect(differences.length).toBeLessThanOrEqual(12)
  await fc.assert(
    fc.asyncProperty(bent, async (draft) => {
      const token = write(draft)
      const [ours, jose] = [ourVerdict(token), await joseVerdict(token)]
      if ((ours === 'accepted') === (jose === 'accepted')) {
        agreed[ours === 'accepted' ? 'accepted' : 'refused'] += 1
        return
      }
      const parts = dissect(token)
      const cause = differences.find((one) => (one.ours as readonly string[]).includes(ours) && one.explains(parts))
      expect(cause?.name, `ours ${ours}, jose ${jose}: ${parts.texts.join(' . ')} (${token})`).toBeDefined()
      if (cause !== undefined) counts.set(cause.name, (counts.get(cause.name) ?? 0) + 1)
    }),
    runs(1_200),
  )
  console.info(`differential: ${JSON.stringify({ agreed, differ: Object.fromEntries(counts) })}`)
  expect(agreed.accepted).toBeGreaterThan(200)
  expect(agreed.refused).toBeGreaterThan(200)
  for (const [name, count] of counts) expect(count, name).toBeGreaterThan(0)
})
