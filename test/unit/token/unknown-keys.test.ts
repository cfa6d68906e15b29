import { describe, expect, test } from 'vitest'
import {
  createHome,
  forgedToken,
  gate,
  held,
  judge,
  judgeNow,
  keysUri,
  metadataUri,
  refusalOf,
} from '../../support/key-home.ts'

describe('a kid nobody knows', () => {
  test('Keys: a kid unknown after the fetch it caused is token_key_unknown, and causes no second fetch', async () => {
    const home = await createHome()
    const { network, verifier } = home
    expect(await judge(verifier, forgedToken(home, 'nobody'))).toBe('token_key_unknown')
    expect(judgeNow(verifier, forgedToken(home, 'nobody'))).toBe('token_key_unknown')
    expect(network.count(keysUri)).toBe(1)
  })

  test('Keys: a kid first seen during the cool-down is keys_unavailable, and causes a fetch when that ends', async () => {
    const home = await createHome()
    const { clock, network, verifier, token } = home
    expect(await judge(verifier, await token())).toBe(held)
    clock.advance(10)
    const refusal = await refusalOf(verifier, forgedToken(home, 'new'))
    expect(refusal.code).toBe('keys_unavailable')
    expect(refusal.headers).toContainEqual(['Retry-After', '20'])
    clock.advance(19.9)
    expect(judgeNow(verifier, forgedToken(home, 'new'))).toBe('keys_unavailable')
    expect(network.count(keysUri)).toBe(1)
    clock.advance(0.1)
    expect(await judge(verifier, forgedToken(home, 'new'))).toBe('token_key_unknown')
    expect(network.count(keysUri)).toBe(2)
    clock.advance(1)
    expect(judgeNow(verifier, forgedToken(home, 'new'))).toBe('token_key_unknown')
  })

  test('Keys: a kid first seen while a fetch is under way is not judged by that fetch', async () => {
    const home = await createHome()
    const { clock, network, verifier, token, issuer } = home
    const shut = gate()
    network.serve(keysUri, async () => {
      await shut.opened
      return Response.json(issuer.jwks)
    })
    const first = judge(verifier, await token())
    clock.advance(2)
    const late = judge(verifier, forgedToken(home, 'late'))
    shut.open()
    expect(await first).toBe(held)
    expect(await late).toBe('keys_unavailable')
    clock.advance(29)
    expect(await judge(verifier, forgedToken(home, 'late'))).toBe('token_key_unknown')
  })

  test('Keys: a rotated key is fetched when a token first names it', async () => {
    const { clock, network, verifier, issuer, token } = await createHome()
    expect(await judge(verifier, await token())).toBe(held)
    clock.advance(40)
    await issuer.rotateKey()
    const fresh = await token()
    expect(await Promise.all([judge(verifier, fresh), judge(verifier, fresh)])).toEqual([held, held])
    expect(network.count(keysUri)).toBe(2)
  })

  test('Keys: where the fetch fails it is our outage, and the known keys stay in use', async () => {
    const home = await createHome()
    const { clock, network, verifier, token } = home
    expect(await judge(verifier, await token())).toBe(held)
    clock.advance(40)
    network.cut(true)
    expect(await judge(verifier, forgedToken(home, 'new'))).toBe('keys_unavailable')
    expect(judgeNow(verifier, await token())).toBe(held)
    network.cut(false)
    clock.advance(30)
    expect(await judge(verifier, forgedToken(home, 'new'))).toBe('token_key_unknown')
  })

  test('RFC 8725 §3.10: kid is a lookup key only: no kid reaches an address, and an endless one causes no fetch', async () => {
    const home = await createHome()
    const { network, verifier } = home
    expect(judgeNow(verifier, forgedToken(home, 'k'.repeat(600)))).toBe('token_key_unknown')
    expect(network.asked).toEqual([])
    for (const kid of ['../../x', 'https://evil.example.test/', 'a\0b', '__proto__', 'constructor', '']) {
      await judge(verifier, forgedToken(home, kid))
    }
    expect([...new Set(network.asked)]).toEqual([metadataUri, keysUri])
  })

  test('Keys: the known kid under another algorithm is an unknown key', async () => {
    const { verifier, token, issuer } = await createHome()
    const kid = issuer.jwks.keys[0]?.kid
    expect(await judge(verifier, await token({ alg: 'ES384', kid }))).toBe('token_key_unknown')
  })
})

describe('floods', () => {
  test('P28: a thousand random kids cause one fetch', async () => {
    const home = await createHome()
    const { clock, network, verifier, token } = home
    expect(await judge(verifier, await token())).toBe(held)
    clock.advance(40)
    const kids = Array.from({ length: 1_000 }, (_, at) => forgedToken(home, `random-${at}`))
    const codes = await Promise.all(kids.map((text) => judge(verifier, text)))
    expect([...new Set(codes)]).toEqual(['token_key_unknown'])
    expect(network.count(keysUri)).toBe(2)
  })

  test('P28: a hundred thousand random kids keep no memory, and known keys never wait', async () => {
    const home = await createHome()
    const { clock, network, verifier, token } = home
    const good = await token()
    expect(await judge(verifier, good)).toBe(held)
    clock.advance(5)
    const rounds = [0, 0]
    for (const round of rounds.keys()) {
      for (let at = 0; at < 50_000; at++) {
        // Each kid is a text of its own, half a kilobyte long.
        const code = judgeNow(verifier, forgedToken(home, `${round}-${at}-${'k'.repeat(490)}`))
        if (code !== 'keys_unavailable') throw new Error(code)
      }
      expect(judgeNow(verifier, good)).toBe(held)
      rounds[round] = await heapBytes()
    }
    expect(network.count(keysUri)).toBe(1)
    // Fifty thousand kids remembered would be 25 MB.
    expect((rounds[1] ?? 0) - (rounds[0] ?? 0)).toBeLessThan(5_000_000)
  })

  async function heapBytes(): Promise<number> {
    const { setFlagsFromString } = await import('node:v8')
    const { runInNewContext } = await import('node:vm')
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    collect()
    return process.memoryUsage().heapUsed
  }

  test('P27: bad kids do not keep a rotated key out for longer than the cool-down', async () => {
    const home = await createHome()
    const { clock, network, verifier, issuer, token } = home
    expect(await judge(verifier, await token())).toBe(held)
    await issuer.rotateKey()
    const fresh = await token()
    let seconds = 0
    for (; seconds < 60; seconds++) {
      clock.advance(1)
      for (let at = 0; at < 100; at++) void verifier.check(viewOfForged(seconds, at))
      if ((await judge(verifier, fresh)) === held) break
    }
    expect(seconds).toBeLessThanOrEqual(30)
    expect(network.count(keysUri)).toBe(2)

    function viewOfForged(second: number, at: number) {
      const text = forgedToken(home, `bad-${second}-${at}`)
      return {
        method: 'GET',
        target: '/',
        header: (name: string) => (name === 'authorization' ? [`DPoP ${text}`] : []),
      }
    }
  })

  test('P29: an issuer that is down a minute is asked ever more rarely, whatever comes in', async () => {
    const home = await createHome({ jwksUri: keysUri })
    const { clock, network, verifier, token } = home
    network.cut(true)
    for (let second = 0; second <= 60; second++) {
      const good = await token()
      const codes = await Promise.all(Array.from({ length: 100 }, () => judge(verifier, good)))
      expect([...new Set(codes)]).toEqual(['keys_unavailable'])
      clock.advance(1)
    }
    // After 0.25 s, doubled up to 30 s; the clock here moves by whole seconds.
    expect(network.count(keysUri)).toBe(8)
    network.cut(false)
    clock.advance(30)
    expect(await judge(verifier, await token())).toBe(held)
  })

  test('Keys: a thousand first requests at once share one fetch', async () => {
    const { network, verifier, token } = await createHome()
    const good = await token()
    const codes = await Promise.all(Array.from({ length: 1_000 }, () => judge(verifier, good)))
    expect([...new Set(codes)]).toEqual([held])
    expect(network.asked).toEqual([metadataUri, keysUri])
  })
})
