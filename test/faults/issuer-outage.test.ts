import { requestView } from 'onbehalf/testing'
import { expect, test } from 'vitest'
import { createHome, forgedToken, judge, judgeNow, keysUri } from '../support/key-home.ts'
import { outcomeOf, url } from '../support/kit.ts'
import { isFull } from './size.ts'

const outageSeconds = 600
const perSecond = isFull ? 200 : 20
const staleSeconds = 3_600

test(`P4: an issuer is down for ${outageSeconds} s under load, and no request with a known key fails until the hard stop`, async () => {
  const home = await createHome({ maxTokenSeconds: 2 * staleSeconds, keys: { staleSeconds } })
  const { clock, verifier, network } = home
  const life = { claims: { exp: clock.now() / 1_000 + 2 * staleSeconds } }
  const makeTokens = (count: number) =>
    Promise.all(Array.from({ length: count }, () => home.issuer.token({ agent: home.agent, human: 'alice', ...life })))
  const [warm, cold] = await Promise.all([makeTokens(20), makeTokens(outageSeconds)])
  async function admission(token: string): Promise<string> {
    const dpop = await home.agent.proof({ method: 'GET', url, token })
    return outcomeOf(
      verifier.checkNow(requestView({ url, headers: { authorization: `DPoP ${token}`, dpop } })) as never,
    )
  }
  for (const token of warm) await judge(verifier, token)
  clock.advance(31)
  // The issuer is asked about this key id, and does not know it.
  expect(await judge(verifier, forgedToken(home, 'retired'))).toBe('token_key_unknown')

  network.cut(true)
  const fetchesBefore = network.count(keysUri)
  const failed: string[] = []
  const seen = { retired: new Set<string>(), fresh: new Set<string>() }
  for (let second = 0; second < outageSeconds; second++) {
    // A token of a known key that was never seen before, and one that is cached.
    for (const token of [cold[second] ?? '', warm[second % warm.length] ?? '']) {
      const code = await admission(token)
      if (code !== 'admitted') failed.push(code)
    }
    for (let nth = 2; nth < perSecond; nth++) {
      clock.advance(1 / perSecond)
      const code = judgeNow(verifier, warm[nth % warm.length] ?? '')
      if (code !== 'proof_missing') failed.push(code)
    }
    clock.advance(2 / perSecond)
    seen.retired.add(await judge(verifier, forgedToken(home, 'retired')))
    seen.fresh.add(await judge(verifier, forgedToken(home, `new-${second}`)))
  }
  expect(failed).toEqual([])
  expect([...seen.retired]).toEqual(['token_key_unknown'])
  expect([...seen.fresh]).toEqual(['keys_unavailable'])
  // Waits of 0.25 s, doubled up to 30 s.
  expect(network.count(keysUri) - fetchesBefore).toBeLessThanOrEqual(outageSeconds / 30 + 8)

  clock.advance(staleSeconds - outageSeconds + 1)
  for (const token of [...warm, forgedToken(home, 'retired'), forgedToken(home, 'new')]) {
    expect(await judge(verifier, token)).toBe('keys_unavailable')
  }
  network.cut(false)
  clock.advance(31)
  expect(await judge(verifier, warm[0] ?? '')).toBe('proof_missing')
  console.info(`issuer down: ${outageSeconds * perSecond} requests, ${failed.length} failed`)
}, 120_000)
