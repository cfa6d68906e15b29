import { createServer } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  createHome,
  held,
  judge,
  judgeNow,
  keysUri,
  metadataUri,
  openidUri,
  refusalOf,
} from '../../support/key-home.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('a set without usable keys', () => {
  test.each([
    ['none', []],
    [
      'none that is usable',
      [
        { kty: 'oct', k: 'AAAA' },
        { kty: 'EC', use: 'enc' },
      ],
    ],
  ])('RFC 7517 §5: a set with %s retires all keys, until one with keys comes', async (_, keys) => {
    const { clock, network, verifier, issuer, token } = await createHome({ jwksUri: keysUri })
    const cached = await token()
    expect(await judge(verifier, cached)).toBe(held)
    network.serve(keysUri, () => ({ keys }))
    clock.advance(601)
    expect(await judge(verifier, await token())).toBe('keys_unavailable')
    expect(await judge(verifier, cached)).not.toBe(held)
    expect(verifier.health().issuers[0]).toMatchObject({ keys: 0, failures: [] })
    await expect(verifier.ready()).rejects.toThrow(Error)
    network.serve(keysUri, () => issuer.jwks)
    clock.advance(30)
    expect(await judge(verifier, await token())).toBe(held)
  })

  test('RFC 7517 §5: keys that are passed over are counted by reason, for the operator', async () => {
    const { network, verifier, issuer, token } = await createHome({ jwksUri: keysUri })
    const others = [{ kty: 'EC', use: 'enc' }, { kty: 'EC', use: 'enc' }, 5, { kty: 'oct', k: 'AAAA', alg: 'HS256' }]
    const many = Array.from({ length: 97 }, () => issuer.jwks.keys[0])
    network.serve(keysUri, () => ({ keys: [...others, ...many] }))
    expect(await judge(verifier, await token())).toBe(held)
    const passedOver = { 'use is not sig': 2, 'not an object': 1, 'private or symmetric': 1, 'beyond the first 100': 1 }
    expect(verifier.health().issuers[0]).toMatchObject({ keys: 96, passedOver })
    const { code, facts } = await refusalOf(verifier, await token({ kid: 'other' }))
    expect(code).toBe('token_key_unknown')
    for (const [reason, count] of Object.entries(passedOver)) expect(facts.cause).toContain(`${count} × ${reason}`)
  })
})

describe('after a failure', () => {
  test('RFC 9110 §10.2.3: the next fetch waits 0.25 s, twice as long each time, 30 s at most', async () => {
    const { clock, network, verifier, token } = await createHome({ jwksUri: keysUri })
    network.cut(true)
    const good = await token()
    await judge(verifier, good)
    for (const [at, wait] of [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30].entries()) {
      clock.advance(wait - 0.001)
      await judge(verifier, good)
      expect(network.count(keysUri), `before ${wait}`).toBe(at + 1)
      clock.advance(0.001)
      await judge(verifier, good)
      expect(network.count(keysUri), `after ${wait}`).toBe(at + 2)
    }
    network.cut(false)
    clock.advance(30)
    expect(await judge(verifier, await token())).toBe(held)
    network.cut(true)
    clock.advance(30)
    await judge(verifier, await token({ kid: 'x' }))
    clock.advance(0.25)
    network.cut(false)
    expect(await judge(verifier, await token({ kid: 'x' }))).toBe('token_key_unknown')
  })

  test('RFC 8414 §3: ready() tries at once, whatever the wait', async () => {
    const { network, verifier, token } = await createHome()
    network.cut(true)
    for (let round = 0; round < 5; round++) await expect(verifier.ready()).rejects.toThrow(Error)
    network.cut(false)
    await verifier.ready()
    expect(judgeNow(verifier, await token())).toBe(held)
  })
})

describe('causes', () => {
  const failing = (code: string) => () => {
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('inner'), { code }) })
  }

  test('RFC 8414 §3: each URL that was tried has its own reason, in facts, in health() and behind ready()', async () => {
    const { network, verifier, token } = await createHome()
    network.serve(metadataUri, failing('ENOTFOUND'))
    network.serve(openidUri, () => ({ issuer: 'https://other.test' }))
    const { facts } = await refusalOf(verifier, await token())
    const failures = verifier.health().issuers[0]?.failures ?? []
    expect(failures.map(({ url }) => url)).toEqual([metadataUri, openidUri])
    expect(failures[0]?.reason).toBe('ENOTFOUND')
    expect(failures[1]?.reason).not.toBe('ENOTFOUND')
    for (const { url, reason } of failures) expect(facts.cause).toContain(`${url}: ${reason}`)
    const error: unknown = await verifier.ready().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ cause: { failures, cause: { errors: [{ cause: { code: 'ENOTFOUND' } }, {}] } } })
  })

  test.each(['ECONNREFUSED', 'CERT_HAS_EXPIRED', 'UND_ERR_CONNECT_TIMEOUT'])(
    'RFC 8414 §3: %s behind "fetch failed" is what the operator reads',
    async (code) => {
      const { network, verifier } = await createHome({ jwksUri: `${keysUri}?secret=1` })
      network.serve(`${keysUri}?secret=1`, failing(code))
      await expect(verifier.ready()).rejects.toMatchObject({ cause: { failures: [{ url: keysUri, reason: code }] } })
    },
  )

  test('RFC 8414 §3: a closed port is ECONNREFUSED, a plain server behind https a TLS fault', async () => {
    const { open } = await createHome()
    const server = createServer(
      (socket) =>
        void socket
          .on('error', () => {})
          .resume()
          .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const reasonFor = async (jwksUri: string) => {
      const verifier = open({ jwksUri }, { fetch: undefined })
      await expect(verifier.ready()).rejects.toThrow(Error)
      return verifier.health().issuers[0]?.failures[0]?.reason
    }
    expect(await reasonFor(`https://127.0.0.1:${port}/keys`)).toMatch(/^(?:ERR_SSL_\w+|EPROTO)$/)
    await new Promise((resolve) => server.close(resolve))
    expect(await reasonFor(`http://127.0.0.1:${port}/keys`)).toBe('ECONNREFUSED')
  })

  test('RFC 8414 §3: a status and a time-out are named', async () => {
    const { network, open } = await createHome()
    const reasonFor = async (timeoutMs: number) => {
      const verifier = open({ jwksUri: keysUri, keys: { timeoutMs } })
      await expect(verifier.ready()).rejects.toThrow(Error)
      return verifier.health().issuers[0]?.failures[0]?.reason
    }
    network.serve(keysUri, () => new Response('', { status: 418 }))
    expect(await reasonFor(5_000)).toContain('418')
    network.serve(keysUri, () => new Promise<Response>(() => {}))
    expect(await reasonFor(7)).toContain('7 ms')
  })
})

describe('documents as servers send them', () => {
  test('RFC 8259 §8.1: a byte order mark before a key set and metadata is overlooked', async () => {
    const { network, verifier, issuer, token } = await createHome()
    const marked = (document: unknown) => new Response(`\ufeff${JSON.stringify(document)}`)
    network.serve(metadataUri, () => marked({ issuer: issuer.issuer, jwks_uri: keysUri }))
    network.serve(keysUri, () => marked(issuer.jwks))
    expect(await judge(verifier, await token())).toBe(held)
  })

  test('RFC 8259 §6: numbers of any size in a key set and in metadata are overlooked', async () => {
    const { network, verifier, issuer, token } = await createHome()
    const numbered = (document: object) =>
      new Response(`{"n":12345678901234567890,${JSON.stringify(document).slice(1)}`)
    network.serve(metadataUri, () => numbered({ issuer: issuer.issuer, jwks_uri: keysUri }))
    network.serve(keysUri, () => numbered(issuer.jwks))
    expect(await judge(verifier, await token())).toBe(held)
  })

  test('RFC 8414 §3: the global fetch is the one of the moment', async () => {
    const { network, open, token } = await createHome()
    const verifier = open({ jwksUri: keysUri }, { fetch: undefined })
    vi.stubGlobal('fetch', network.fetch)
    expect(await judge(verifier, await token())).toBe(held)
  })
})
