import { describe, expect, test } from 'vitest'
import type { IssuerOptions } from '../../../src/index.ts'
import { FetchError, reasonOf } from '../../../src/token/fetch-error.ts'
import { createHome, type Home, keysUri, metadataUri, type Reply, refusalOf } from '../../support/key-home.ts'
import { issuerUrl } from '../../support/kit.ts'

/** What `ready()` rejects with. */
async function failureOf({ open }: Home, trust: Partial<IssuerOptions>): Promise<FetchError> {
  const error: unknown = await open(trust)
    .ready()
    .catch((thrown: unknown) => thrown)
  const { cause } = error as Error
  if (!(cause instanceof FetchError)) throw new Error('another error', { cause })
  return cause
}

async function reasonWith(url: string, reply: Reply): Promise<string> {
  const home = await createHome()
  home.network.serve(url, reply)
  const { failures } = await failureOf(home, url === keysUri ? { jwksUri: keysUri } : {})
  expect(failures[0]?.url).toBe(url)
  return failures[0]?.reason ?? ''
}

function expectDistinct(reasons: readonly string[]): void {
  expect(new Set(reasons).size).toBe(reasons.length)
  for (const reason of reasons) expect(reason).toMatch(/\w$/)
}

describe('why keys could not be fetched', () => {
  test('RFC 7517 §5: each fault of a set has a reason of its own', async () => {
    expectDistinct([
      await reasonWith(keysUri, () => ({})),
      await reasonWith(keysUri, () => new Response('<html>')),
      await reasonWith(keysUri, () => new Response(' '.repeat(524_289))),
      await reasonWith(keysUri, () => new Response('', { status: 503 })),
      await reasonWith(keysUri, () => Promise.reject(new Error('gone'))),
    ])
    expect(await reasonWith(keysUri, () => new Response(null))).toBe(await reasonWith(keysUri, () => new Response('')))
  })

  test('RFC 8414 §2: each fault of the metadata has a reason of its own', async () => {
    const naming = (jwksUri: unknown) => reasonWith(metadataUri, () => ({ issuer: issuerUrl, jwks_uri: jwksUri }))
    expectDistinct([
      await reasonWith(metadataUri, () => ({ issuer: 'https://other.test', jwks_uri: keysUri })),
      await naming(undefined),
      await naming('/keys'),
      await naming('http://127.0.0.1/keys'),
      await naming('https://127.0.0.1/keys'),
    ])
  })

  test('RFC 8414 §3: all that was tried is in the cause, and the errors say by their names whose they are', async () => {
    const home = await createHome()
    home.network.cut(true)
    const refusal = await refusalOf(home.verifier, await home.token())
    const { failures } = home.verifier.health().issuers[0] ?? { failures: [] }
    expect(failures).toHaveLength(2)
    expect(refusal.facts.cause).toBe(failures.map(({ url, reason }) => `${url}: ${reason}`).join('; '))
    home.network.cut(false)
    home.network.serve(keysUri, () => new Response('', { status: 503 }))
    expect(await failureOf(home, { jwksUri: keysUri })).toMatchObject({
      name: 'FetchError',
      cause: { name: 'AnswerError' },
    })
  })

  test('P30: no more of a URL is kept than 512 characters, and no query', async () => {
    const home = await createHome()
    const long = `https://as.example.test/${'k'.repeat(600)}`
    const urls: unknown[] = []
    for (const jwksUri of [long, `${keysUri}?secret=1`]) {
      const { failures } = await failureOf(home, { jwksUri })
      urls.push(...failures.map(({ url }) => url))
    }
    expect(urls).toEqual([long.slice(0, 512), keysUri])
  })

  test('Close: a fetch that it ends has a reason', async () => {
    const { network, open, token } = await createHome()
    network.serve(keysUri, () => new Promise<Response>(() => {}))
    const verifier = open({ jwksUri: keysUri })
    const waiting = refusalOf(verifier, await token())
    await verifier.close()
    expect((await waiting).facts.cause).toMatch(/: \w/)
  })
})

describe('reasonOf', () => {
  const within = (depth: number, error: unknown): unknown =>
    depth === 0 ? error : new Error(`level ${depth}`, { cause: within(depth - 1, error) })

  test('RFC 8414 §3: the error code of the system, else the innermost message, five causes deep', () => {
    const coded = Object.assign(new Error('inner'), { code: 'ECONNREFUSED' })
    expect(reasonOf(within(4, coded))).toBe('ECONNREFUSED')
    expect(reasonOf(within(5, coded))).toBe('level 1')
    expect(reasonOf(within(1, new Error('inner')))).toBe('inner')
    expect(reasonOf(Object.assign(new Error('inner'), { code: 7 }))).toBe('inner')
    const own = new Error('own')
    own.cause = own
    expect(reasonOf(own)).toBe('own')
  })

  test('P30: no more is kept than 64 characters of a code and 200 of a message', () => {
    const long = 'x'.repeat(300)
    expect(reasonOf(Object.assign(new Error('inner'), { code: long }))).toBe(long.slice(0, 64))
    expect(reasonOf(new Error(long))).toBe(long.slice(0, 200))
  })

  test('P41: what is no error is a failure all the same', () => {
    for (const thrown of ['text', undefined, null, { message: 'x', code: 'y' }])
      expect(reasonOf(thrown)).toMatch(/^\w+$/)
    expect(reasonOf('text')).toBe(reasonOf(undefined))
  })
})
