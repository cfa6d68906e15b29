import { describe, expect, test } from 'vitest'
import { memoryReplayStore, type ReplayStore } from '../../src/index.ts'
import { ecdsaTwin, respell } from '../support/bytes.ts'
import { type Outcome, url } from '../support/kit.ts'
import { coldAndWarm, createStage, type Stage, type StageOptions } from './stage.ts'

const maxAges = { default: [60, 10], mcp: [300, 300] } as const
const latency = () => new Promise((resolve) => setImmediate(resolve))

/** Sends one proof every second while a verifier could still accept it. */
async function replayEverySecond(stage: Stage, iatOffset: number, seconds: number): Promise<Outcome[]> {
  const token = await stage.token({ lifetimeSeconds: 900 })
  await stage.warmUp({ token })
  const iat = stage.issuer.clock.now() / 1_000 + iatOffset
  const proof = await stage.request({ token, proof: { claims: { iat } } })
  const outcomes: Outcome[] = []
  for (let second = 0; second <= seconds; second++) {
    outcomes.push(await stage.judge(proof))
    stage.issuer.clock.advance(1)
  }
  return outcomes
}

describe('replay', () => {
  for (const [preset, [maxAge, future]] of Object.entries(maxAges)) {
    for (const offset of [-maxAge, -maxAge + 1, -1, 0, 1, future - 1, future]) {
      const options: StageOptions = (issuer) => ({
        issuer: { ...issuer.options, maxTokenSeconds: 900 },
        dpop: preset === 'mcp' ? { preset } : {},
      })
      coldAndWarm(
        `P1: a proof dated ${offset} s is taken once at most until it is too old (${preset})`,
        async (stage) => {
          const outcomes = await replayEverySecond(stage, offset, maxAge + future + 2)
          expect(outcomes.filter((outcome) => outcome === 'admitted')).toHaveLength(1)
          expect(outcomes[0]).toBe('admitted')
          expect(outcomes.at(-1)).toBe('proof_expired')
        },
        options,
      )
    }
  }

  test('P1: a shared store is told to remember longer than any clock of ours could take the proof', async () => {
    const lifetimes: number[] = []
    const store: ReplayStore = { add: (_key, lifetimeMs) => (lifetimes.push(lifetimeMs) > 0 ? 'fresh' : 'full') }
    const stage = await createStage('cold', { dpop: { replay: store } })
    const iat = stage.issuer.clock.now() / 1_000 + 10
    await stage.code({ proof: { claims: { iat } } })
    expect(lifetimes[0]).toBeGreaterThan((10 + 60) * 1_000)
  })

  coldAndWarm(
    'P19: of many identical proofs at once exactly one passes, with a slow store',
    async (stage) => {
      const token = await stage.token()
      await stage.warmUp({ token })
      const view = await stage.request({ token })
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => stage.judge(view)))
      expect(outcomes.filter((outcome) => outcome === 'admitted')).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === 'proof_replayed')).toHaveLength(49)
    },
    { dpop: { replay: slowStore() } },
  )

  coldAndWarm('P19: of many identical proofs at once exactly one passes, with the built-in store', async (stage) => {
    const token = await stage.token()
    await stage.warmUp({ token })
    const view = await stage.request({ token })
    const verdicts = await Promise.all(Array.from({ length: 50 }, () => stage.verifier.check(view)))
    expect(verdicts.filter(({ ok }) => ok)).toHaveLength(1)
  })

  coldAndWarm('P20: the same jti under two keys is two proofs', async (stage) => {
    const other = await stage.issuer.agent('planner-2')
    const mine = await stage.token()
    const theirs = await stage.issuer.token({ agent: other, human: 'alice' })
    await stage.warmUp({ token: mine })
    expect(await stage.code({ token: mine, proof: { claims: { jti: 'a-bc' } } })).toBe('admitted')
    expect(await stage.code({ token: theirs, prover: other, proof: { claims: { jti: 'a-bc' } } })).toBe('admitted')
    expect(await stage.code({ token: mine, proof: { claims: { jti: 'a-bc' } } })).toBe('proof_replayed')
  })

  test('P20: the replay key is a digest of fixed length, whatever the jti', async () => {
    const keys: string[] = []
    const store: ReplayStore = { add: (key) => (keys.push(key) > 0 ? 'fresh' : 'full') }
    const stage = await createStage('cold', { dpop: { replay: store } })
    const token = await stage.token()
    for (const jti of ['a', 'bc', 'x'.repeat(256), 'a\0b', '\u{1f600}']) {
      expect(await stage.code({ token, proof: { claims: { jti } } })).toBe('admitted')
    }
    expect(new Set(keys).size).toBe(5)
    for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  coldAndWarm('P21: only proofs of a good token and its key reach the replay memory', async (stage) => {
    const token = await stage.token()
    await stage.warmUp({ token })
    const before = stage.verifier.health().replay?.size
    const thief = await stage.issuer.agent('thief')
    for (let at = 0; at < 100; at++) {
      await stage.code({ token: `${token.slice(0, -8)}AAAAAAAA` })
      await stage.code({ token, prover: thief })
      await stage.code({ token, proof: { claims: { ath: 'none' } } })
      await stage.code({ token, headers: { authorization: [] } })
    }
    expect(stage.verifier.health().replay?.size).toBe(before)
    expect(await stage.code({ token })).toBe('admitted')
  })

  test('P21: jti is at most 256 characters', async () => {
    const stage = await createStage('cold')
    const token = await stage.token()
    expect(await stage.code({ token, proof: { claims: { jti: 'x'.repeat(257) } } })).toBe('proof_malformed')
  })

  test('P21: a full memory refuses and never forgets a live proof', async () => {
    const stage = await createStage('cold', { dpop: { replay: memoryReplayStore({ capacity: 3, quota: 1 }) } })
    const token = await stage.token()
    const first = await stage.request({ token })
    expect(await stage.judge(first)).toBe('admitted')
    for (let at = 0; at < 2; at++) await stage.code({ token })
    expect(await stage.code({ token })).toBe('replay_unavailable')
    expect(await stage.judge(first)).toBe('proof_replayed')
  })

  coldAndWarm('P12: another spelling of a proof is malformed, its ECDSA twin a replay', async (stage) => {
    const token = await stage.token()
    await stage.warmUp({ token })
    const proof = await stage.agent.proof({ method: 'GET', url, token })
    const send = async (dpop: string) => stage.code({ token, headers: { dpop } })
    expect(await send(proof)).toBe('admitted')
    expect(await send(respell(proof))).toBe('proof_malformed')
    expect(await send(ecdsaTwin(proof))).toBe('proof_replayed')
  })

  coldAndWarm('P12: the ECDSA twin of a token is the same token by id, under a proof of its own', async (stage) => {
    const token = await stage.token({ claims: { jti: 'token-1' } })
    await stage.warmUp({ token })
    const twin = ecdsaTwin(token)
    const verdict = await stage.verifier.check(await stage.request({ token: twin }))
    expect(verdict.ok && verdict.context.token.id).toBe('token-1')
    const stolen = await stage.agent.proof({ method: 'GET', url, token })
    expect(await stage.code({ token: twin, headers: { dpop: stolen } })).toBe('proof_token_hash')
    expect(await stage.code({ token: respell(token) })).toBe('token_malformed')
  })

  coldAndWarm('P§4.18: another spelling of htu does not make a used jti new', async (stage) => {
    const token = await stage.token()
    await stage.warmUp({ token })
    const send = async (htu: string) => stage.code({ token, proof: { claims: { jti: 'once', htu } } })
    expect(await send('https://api.example.test/tools')).toBe('admitted')
    for (const htu of ['HTTPS://API.example.test/tools', 'https://api.example.test:443/t%6Fols', `${url}?a=b`]) {
      expect(await send(htu)).toBe('proof_replayed')
    }
  })
})

function slowStore(): ReplayStore {
  const seen = new Set<string>()
  return {
    async add(key) {
      await latency()
      if (seen.has(key)) return 'seen'
      seen.add(key)
      await latency()
      return 'fresh'
    },
  }
}
