import { decodeProtectedHeader } from 'jose'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { makeRawKey } from '../support/jws.ts'
import { createHome, forgedToken, type Home, held, judge, judgeNow, keysUri, type Reply } from '../support/key-home.ts'
import { usedMegabytes } from './heap.ts'
import { isFull } from './size.ts'
import { fakeDeadlines, patiently } from './waiting.ts'

const fetches = isFull ? 400 : 40

/** The ways in which an issuer's key set fails, and what a token of a good key gets: cold, and with keys known before. */
interface KeyFault {
  readonly name: string
  reply(home: Home, other: Members): Reply
  readonly cold: string
  readonly known: string
}
type Members = Record<string, unknown>

const down = 'keys_unavailable'

function failing(name: string, reply: KeyFault['reply']): KeyFault {
  return { name, reply, cold: down, known: held }
}

/** A well-formed set without a usable key is the issuer's word that it has none. */
function withdrawn(name: string, reply: KeyFault['reply']): KeyFault {
  return { name, reply, cold: down, known: down }
}

function harmless(name: string, reply: KeyFault['reply']): KeyFault {
  return { name, reply, cold: held, known: held }
}

const keyFaults: readonly KeyFault[] = [
  failing('a refused connection', () => () => {
    throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 10.1.2.3:9') })
  }),
  failing('no answer', () => () => new Promise<never>(() => {})),
  failing('a body that never ends', (home) => () => streamed(home, () => {})),
  failing('a connection reset half-way', (home) => () => streamed(home, (end) => end.error(new Error('ECONNRESET')))),
  failing('status 404', () => () => new Response('{"keys":[]}', { status: 404 })),
  failing('status 500', () => () => new Response('oops', { status: 500 })),
  failing('a redirect', () => () => new Response(null, { status: 302, headers: { location: 'https://evil.test' } })),
  failing('text that is not JSON', () => () => new Response('<html></html>')),
  failing('a document without keys', () => () => ({ key: [] })),
  withdrawn('an empty set', () => () => ({ keys: [] })),
  failing('513 KiB', (home) => () => ({ ...home.issuer.jwks, padding: 'x'.repeat(513 * 1_024) })),
  harmless('101 keys', (home, other) => () => {
    const others = Array.from({ length: 100 }, (_, nth) => ({ ...other, kid: `other-${nth}` }))
    return { keys: [...home.issuer.jwks.keys, ...others] }
  }),
  harmless('one kid twice', (home, other) => () => {
    const [key] = home.issuer.jwks.keys
    return { keys: [key, { ...other, kid: key?.kid }] }
  }),
  withdrawn('keys of another type', (home) => () => {
    return { keys: home.issuer.jwks.keys.map((key) => ({ ...key, kty: 'RSA' })) }
  }),
]

/** The first half of a good key set. */
function streamed(home: Home, end: (controller: ReadableStreamDefaultController) => void): Response {
  const text = JSON.stringify(home.issuer.jwks)
  const half = new TextEncoder().encode(text.slice(0, text.length / 2))
  let isSent = false
  return new Response(
    new ReadableStream({
      pull(controller) {
        if (isSent) end(controller)
        else controller.enqueue(half)
        isSent = true
      },
    }),
  )
}

const { publicJwk } = await makeRawKey('ES256')
const other: Members = { ...publicJwk, alg: 'ES256', use: 'sig' }

beforeEach(fakeDeadlines)
afterEach(() => {
  vi.useRealTimers()
})

/** In seconds: `keys.timeoutMs`. */
const deadline = 5

/** Throws where it does not come within the deadline. */
async function outcome(home: Home, token: string): Promise<string> {
  return patiently(judge(home.verifier, token), deadline)
}

/** Everything that must never hold: another key id, and the right one with a wrong signature. */
async function requireNoForgery(home: Home, kid: string): Promise<void> {
  const codes = [await outcome(home, forgedToken(home, 'unknown')), await outcome(home, forgedToken(home, kid))]
  for (const code of codes) expect([down, 'token_key_unknown', 'token_signature']).toContain(code)
}

describe.each(keyFaults)('an issuer with $name', ({ reply, cold, known }) => {
  test.each<[string, number | undefined, string]>([
    ['cold', undefined, cold],
    ['warm', 31, known],
    ['stale', 601, known],
  ])('P4: %s, it admits what it may, forgets nothing else, and recovers', async (_state, age, expected) => {
    const home = await createHome()
    const token = await home.token()
    const kid = decodeProtectedHeader(token).kid ?? ''
    if (age !== undefined) {
      expect(await outcome(home, token)).toBe(held)
      home.clock.advance(age)
    }
    home.network.serve(keysUri, reply(home, other))
    const fetchesBefore = home.network.count(keysUri)
    await requireNoForgery(home, kid)
    expect(home.network.count(keysUri)).toBe(fetchesBefore + 1)
    const next = await home.token()
    for (const one of [next, next]) expect(await outcome(home, one)).toBe(expected)
    expect(home.network.count(keysUri)).toBe(fetchesBefore + 1)

    home.network.serve(keysUri, () => home.issuer.jwks)
    home.clock.advance(31)
    expect(await outcome(home, next)).toBe(held)
    await requireNoForgery(home, kid)
  })

  test('P4: cold, the first answer is a 503 within the deadline, and no later one has to wait', async () => {
    const home = await createHome()
    home.network.serve(keysUri, reply(home, other))
    expect(await outcome(home, await home.token())).toBe(cold)
    expect(judgeNow(home.verifier, await home.token())).toBe(cold)
  })

  test(`P4: ${fetches} fetches of it, and the memory in use grows by less than 10 MB`, async () => {
    const home = await createHome()
    home.network.serve(keysUri, reply(home, other))
    async function fetchOften(times: number): Promise<void> {
      for (let nth = 0; nth < times; nth++) {
        home.clock.advance(31)
        await outcome(home, forgedToken(home, 'unknown'))
      }
    }
    await fetchOften(3)
    const before = usedMegabytes()
    const asked = home.network.count(keysUri)
    await fetchOften(fetches)
    expect(home.network.count(keysUri) - asked).toBe(fetches)
    expect(usedMegabytes() - before).toBeLessThan(10)
  })

  test('P4: after the hard stop every token gets 503, or what the fault allows', async () => {
    const home = await createHome()
    expect(await outcome(home, await home.token())).toBe(held)
    home.network.serve(keysUri, reply(home, other))
    home.clock.advance(3_601)
    expect(await outcome(home, await home.token())).toBe(cold)
  })
})
