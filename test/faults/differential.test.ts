import fc from 'fast-check'
import { createVerifier } from 'onbehalf'
import { createTestClock, requestView } from 'onbehalf/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { judgeNow, runs, startMs } from '../properties/rig.ts'
import { makeRawKey } from '../support/jws.ts'
import { issuerUrl, outcomeOf, resource } from '../support/kit.ts'
import { joseJudge, oauth4webapiJudge } from './differential-judges.ts'
import { type Pair, pairsOf } from './differential-pairs.ts'
import { dissectPair, rules } from './differential-rules.ts'
import { isFull } from './size.ts'

const pairs = isFull ? 100_000 : 1_000
const clock = createTestClock(startMs)

beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: startMs })
})
afterAll(() => {
  vi.useRealTimers()
})

test(`RFC 9449 §7.1: ${pairs} tokens with proofs, judged as jose and oauth4webapi judge them, or by a rule with a name`, async () => {
  const issuers = await Promise.all(
    (['ES256', 'Ed25519'] as const).map(async (name) => ({ kid: `k-${name}`, key: await makeRawKey(name) })),
  )
  // RFC 9864 §2: the old name of the algorithm.
  const oldNames = issuers
    .filter(({ key }) => key.algorithm === 'Ed25519')
    .map(({ kid, key }) => ({ kid, key: { ...key, algorithm: 'EdDSA' as const } }))
  const [agent, stranger] = await Promise.all([makeRawKey('ES256'), makeRawKey('ES256')])
  const jwks = { keys: issuers.map(({ kid, key }) => ({ ...key.publicJwk, kid, alg: key.algorithm, use: 'sig' })) }
  const verifier = createVerifier({ issuer: { issuer: issuerUrl, jwks }, resource, clock, dpop: { offload: 'never' } })
  const judges = { jose: joseJudge(jwks as never), oauth4webapi: oauth4webapiJudge(jwks as never) }

  function ours({ token, proof, method, url, scheme, isReplayed }: Pair): string {
    // RFC 9110 §5.5: white space around a field value never arrives.
    const headers = { authorization: `${scheme} ${token}`, ...(proof !== undefined && { dpop: proof.trim() }) }
    const view = () => requestView({ method, url, headers })
    if (isReplayed) judgeNow(verifier, view())
    return outcomeOf(judgeNow(verifier, view()))
  }

  const agreed = { admitted: 0, refused: 0 }
  const counts = new Map(rules.map(({ name }) => [name, 0]))
  /** By kind, with an example. */
  const unexplained = new Map<string, string>()
  const property = fc.asyncProperty(pairsOf({ issuers: [...issuers, ...oldNames], agent, stranger }), async (pair) => {
    const code = ours(pair)
    for (const [who, judge] of Object.entries(judges)) {
      const theirs = await judge(pair)
      if ((code === 'admitted') === (theirs === undefined)) {
        agreed[code === 'admitted' ? 'admitted' : 'refused'] += 1
        continue
      }
      const parts = dissectPair(pair)
      const rule = rules.find(({ codes, explains }) => codes.includes(code) && explains(parts))
      if (rule === undefined) {
        const kind = `ours ${code}, ${who} ${theirs ?? 'admits'}`
        const { header, claims } = parts.proof
        const { token, proof: _, ...rest } = pair
        if (!unexplained.has(kind))
          unexplained.set(kind, JSON.stringify([header, claims, dissectPair(pair).token.claims, rest, token]))
        continue
      }
      counts.set(rule.name, (counts.get(rule.name) ?? 0) + 1)
    }
  })
  await fc.assert(property, runs(pairs))
  console.info(`differential, ${pairs} pairs: ${JSON.stringify({ agreed, differ: Object.fromEntries(counts) })}`)
  expect(Object.fromEntries(unexplained)).toEqual({})
  expect(agreed.admitted).toBeGreaterThan(pairs / 10)
  expect(agreed.refused).toBeGreaterThan(pairs / 10)
  // In the short form some are too rare.
  if (isFull) for (const [name, count] of counts) expect(count, name).toBeGreaterThan(0)
}, 7_200_000)
