import type { ReplayAnswer, ReplayStore } from 'onbehalf'
import { beforeEach, describe, expect, test } from 'vitest'
import { withBrokenSignature } from '../../support/bytes.ts'
import { createKit, type Kit, url } from '../../support/kit.ts'

let kit: Kit

beforeEach(async () => {
  kit = await createKit()
})

async function makeCall(jti: string, iat?: number) {
  const token = await kit.token()
  const claims = iat === undefined ? { jti } : { jti, iat }
  return { token, proof: await kit.agent.proof({ method: 'GET', url, token, claims }) }
}

/** A store that answers as told and writes down what it was asked. */
function toldStore(answer: () => unknown) {
  const asked: { key: string; lifetimeMs: number; partition: string }[] = []
  const store: ReplayStore = {
    add(key, lifetimeMs, partition) {
      asked.push({ key, lifetimeMs, partition })
      return answer() as ReplayAnswer
    },
  }
  return { asked, store, verifier: kit.verifierWith({ dpop: { replay: store } }) }
}

describe('single use', () => {
  test('DPOP-21: the same proof a second time is refused', async () => {
    const call = await makeCall('one')
    expect([await kit.code(call), await kit.code(call)]).toEqual(['admitted', 'proof_replayed'])
  })

  test('DPOP-21: the same jti under the same key, for another token and URL, is the same proof', async () => {
    expect(await kit.code(await makeCall('one'))).toBe('admitted')
    const again = { url: `${url}/other`, method: 'POST', proof: { claims: { jti: 'one' } } }
    expect(await kit.code(again)).toBe('proof_replayed')
  })

  test('DPOP-21: jti keeps its case', async () => {
    expect(await kit.code(await makeCall('one'))).toBe('admitted')
    expect(await kit.code(await makeCall('One'))).toBe('admitted')
  })

  test('DPOP-21: two verifiers with one store share its memory', async () => {
    const seen = new Set<string>()
    const replay: ReplayStore = {
      add(key) {
        const isNew = seen.size < seen.add(key).size
        return isNew ? 'fresh' : 'seen'
      },
    }
    const [one, two] = [kit.verifierWith({ dpop: { replay } }), kit.verifierWith({ dpop: { replay } })]
    const call = await makeCall('one')
    expect(await kit.code({ ...call, verifier: one })).toBe('admitted')
    expect(await kit.code({ ...call, verifier: two })).toBe('proof_replayed')
  })

  test('DPOP-21: a refusal after it has used the proof up', async () => {
    const verifier = kit.verifierWith({ access: { scopes: ['tools:read'] } })
    const call = { ...(await makeCall('one')), verifier }
    expect([await kit.code(call), await kit.code(call)]).toEqual(['scope_missing', 'proof_replayed'])
  })
})

describe('retention', () => {
  test('DPOP-23: caught to the last millisecond at which it is fresh, forgotten after', async () => {
    const call = await makeCall('one')
    expect(await kit.code(call)).toBe('admitted')
    kit.issuer.clock.advance(59)
    expect(await kit.code(call)).toBe('proof_replayed')
    kit.issuer.clock.advance(1)
    expect(await kit.code(call)).toBe('proof_replayed')
    kit.issuer.clock.advance(0.001)
    expect(await kit.code(call)).toBe('proof_expired')
    kit.issuer.clock.advance(20)
    await kit.code(await makeCall('two'))
    expect(kit.verifier.health().replay?.size).toBe(1)
  })

  test('DPOP-23: a proof from 10 s ahead is remembered 10 s longer', async () => {
    const iat = kit.issuer.clock.now() / 1_000 + 10
    const call = await makeCall('one', iat)
    expect(await kit.code(call)).toBe('admitted')
    for (const seconds of [60, 9, 1]) {
      kit.issuer.clock.advance(seconds)
      expect(await kit.code(call)).toBe('proof_replayed')
    }
  })

  test.each([5, 60, 300])('DPOP-23: a clock that steps back %i s revives nothing', async (seconds) => {
    const call = await makeCall('one')
    expect(await kit.code(call)).toBe('admitted')
    kit.issuer.clock.advance(61)
    await kit.code(await makeCall('two'))
    kit.issuer.clock.step(-seconds)
    expect(await kit.code(call)).not.toBe('admitted')
  })

  test('DPOP-23: a shared store is told how long the proof can still pass, and 5 s of skew', async () => {
    const { asked, verifier } = toldStore(() => 'fresh')
    const iat = kit.issuer.clock.now() / 1_000 - 20
    expect(await kit.code({ ...(await makeCall('one', iat)), verifier })).toBe('admitted')
    expect(asked[0]?.lifetimeMs).toBe((60 - 20 + 5) * 1_000)
  })
})

describe('whose jti', () => {
  test("DPOP-24: another client's jti is not burnt", async () => {
    const thief = await kit.issuer.agent('thief')
    const own = { prover: thief, token: { agent: thief }, proof: { claims: { jti: 'one' } } }
    expect(await kit.code(own)).toBe('admitted')
    expect(await kit.code(await makeCall('one'))).toBe('admitted')
  })

  test('DPOP-24: nothing that fails before uses a proof up', async () => {
    const call = await makeCall('one')
    const thief = await kit.issuer.agent('thief')
    const failing = [
      { ...call, proof: withBrokenSignature(call.proof) },
      { ...call, method: 'POST' },
      { ...call, url: `${url}/other` },
      { ...call, token: await kit.token() },
      { ...call, token: await kit.token({ agent: thief }) },
      { token: call.token, prover: thief, proof: { claims: { jti: 'one' } } },
    ]
    for (const one of failing) expect(await kit.code(one)).not.toBe('admitted')
    expect(kit.verifier.health().replay?.size).toBe(0)
    expect(await kit.code(call)).toBe('admitted')
  })

  test('DPOP-24: keys are digests of one length whatever the jti, partitions of the client', async () => {
    const { asked, verifier } = toldStore(() => 'fresh')
    const fresh = await kit.issuer.agent('travel-7')
    await kit.code({ verifier, proof: { claims: { jti: 'j' } } })
    await kit.code({ verifier, proof: { claims: { jti: 'j'.repeat(256) } } })
    await kit.code({ verifier, prover: fresh, token: { agent: fresh }, proof: { claims: { jti: 'j' } } })
    const [one, two, three] = asked
    for (const { key } of asked) expect(key).toMatch(/^[\w-]{43}$/)
    expect(new Set(asked.map(({ key }) => key)).size).toBe(3)
    expect(new Set([one?.partition, two?.partition, three?.partition]).size).toBe(1)
  })
})

describe('a store that cannot answer', () => {
  const hopeless: readonly (readonly [string, () => unknown])[] = [
    ['full', () => 'full'],
    ['undefined', () => undefined],
    ['true', () => true],
    ['OK', () => 'OK'],
    ['null', () => null],
    ['an object', () => ({ fresh: true })],
    ['a promise of nonsense', async () => 'yes'],
    ['an exception', fail],
    ['a rejection', async () => fail()],
  ]
  test.each(hopeless)('DPOP-25: %s is replay_unavailable', async (_, answer) => {
    const { verifier } = toldStore(answer)
    const refusal = await kit.refusal({ verifier })
    expect(refusal).toMatchObject({ code: 'replay_unavailable', status: 503, error: null })
    expect(refusal.headers).toContainEqual(['Retry-After', expect.stringMatching(/^\d+$/)])
    expect(refusal.headers.map(([name]) => name)).not.toContain('WWW-Authenticate')
  })

  test('DPOP-25: quota is the client’s to cure', async () => {
    const { verifier } = toldStore(() => 'quota')
    const refusal = await kit.refusal({ verifier })
    expect(refusal).toMatchObject({ code: 'rate_limited', status: 429, error: null })
    expect(refusal.headers).toContainEqual(['Retry-After', expect.stringMatching(/^\d+$/)])
  })

  test('DPOP-25: promises of fresh and seen are understood', async () => {
    expect(await kit.code({ verifier: toldStore(async () => 'fresh').verifier })).toBe('admitted')
    expect(await kit.code({ verifier: toldStore(async () => 'seen').verifier })).toBe('proof_replayed')
  })
})

function fail(): never {
  throw new Error('the store at redis.internal:6379 is down')
}

describe('concurrent duplicates', () => {
  test('DPOP-26: of 50 at once exactly one wins', async () => {
    const call = await makeCall('one')
    const codes = await Promise.all(Array.from({ length: 50 }, () => kit.code(call)))
    expect(codes.filter((code) => code === 'admitted')).toHaveLength(1)
    expect(codes.filter((code) => code === 'proof_replayed')).toHaveLength(49)
  })

  test('DPOP-26: also while a slow store makes each of them wait', async () => {
    const seen = new Set<string>()
    const replay: ReplayStore = {
      async add(key) {
        const answer = seen.has(key) ? 'seen' : 'fresh'
        seen.add(key)
        await Promise.resolve()
        return answer
      },
    }
    const call = { ...(await makeCall('one')), verifier: kit.verifierWith({ dpop: { replay } }) }
    const codes = await Promise.all(Array.from({ length: 50 }, () => kit.code(call)))
    expect(codes.filter((code) => code === 'admitted')).toHaveLength(1)
  })
})
