import { describe, expect, test } from 'vitest'
import { createHome, forgedToken, held, judge, keysUri, metadataUri } from '../support/key-home.ts'
import { isFull } from './size.ts'

const kids = isFull ? 100_000 : 20_000
const coolDownSeconds = 30

describe('many callers at once', () => {
  test('P4: 1 000 cold callers cause one fetch of the metadata and one of the keys', async () => {
    const home = await createHome()
    const token = await home.token()
    const codes = await Promise.all(Array.from({ length: 1_000 }, () => judge(home.verifier, token)))
    expect(new Set(codes)).toEqual(new Set([held]))
    expect([home.network.count(metadataUri), home.network.count(keysUri)]).toEqual([1, 1])
  })

  test(`P4: ${kids} random key ids cause at most two fetches in each cool-down`, async () => {
    const home = await createHome()
    expect(await judge(home.verifier, await home.token())).toBe(held)
    const rounds = 10
    const codes = new Set<string>()
    for (let round = 0; round < rounds; round++) {
      const before = home.network.count(keysUri)
      for (let nth = 0; nth < kids / rounds; nth++) {
        home.clock.advance(coolDownSeconds / (kids / rounds))
        codes.add(await judge(home.verifier, forgedToken(home, `kid-${round}-${nth}`)))
      }
      expect(home.network.count(keysUri) - before).toBeLessThanOrEqual(2)
      expect(await judge(home.verifier, await home.token())).toBe(held)
    }
    expect([...codes].sort()).toEqual(['keys_unavailable', 'token_key_unknown'])
  }, 120_000)
})
