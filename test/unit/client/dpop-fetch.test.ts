import { generateKeyPairSync, sign as signWith } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { decodeJwt, decodeProtectedHeader, EmbeddedJWK, exportJWK, generateKeyPair, jwtVerify } from 'jose'
import type { OptionsError } from 'onbehalf'
import {
  type DpopFetchOptions,
  dpopFetch,
  type RemoteKey,
  type SigningKeyPair,
  type StepUpChallenge,
} from 'onbehalf/client'
import { describe, expect, test } from 'vitest'
import { sha256 } from '../../../src/jose/sha256.ts'
import { listen } from '../../support/servers.ts'

const second = 1_000
const noon = Date.UTC(2026, 0, 1, 12)
const asksForNonce = (nonce: string) => ({
  status: 401,
  headers: { 'dpop-nonce': nonce, 'www-authenticate': 'DPoP error="use_dpop_nonce"' },
})
const needsMore = (challenge: string, status = 403) => ({ status, headers: { 'www-authenticate': challenge } })

interface Canned {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

/** A server that gives these answers in turn and keeps what it was asked; its clock says noon unless an answer says otherwise. */
async function startServer(...answers: Canned[]) {
  const seen: { request: IncomingMessage; body: string }[] = []
  const port = await listen(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    seen.push({ request, body: text })
    const { status, headers, body } = answers.shift() ?? { status: 200 }
    response
      .writeHead(status, { date: new Date(noon).toUTCString(), 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(body ?? {}))
  })
  const headerOf = (name: string) => seen.map(({ request }) => String(request.headers[name]))
  return {
    origin: `http://127.0.0.1:${port}`,
    answers,
    seen,
    tokens: () => headerOf('authorization'),
    proofs: () => headerOf('dpop').map((proof) => decodeJwt(proof)),
    headers: () => headerOf('dpop').map((proof) => decodeProtectedHeader(proof)),
    raw: () => headerOf('dpop'),
  }
}

async function client(options: Partial<DpopFetchOptions> = {}): Promise<typeof fetch> {
  const key = options.key ?? ((await generateKeyPair('ES256')) as SigningKeyPair)
  return dpopFetch({ token: () => 'token-1', clock: () => noon, ...options, key })
}

describe('a proof', () => {
  test('RFC 9449 §4.2: typ, the public key, method, URL without query and fragment, time and the hash of the token', async () => {
    const server = await startServer()
    const pair = (await generateKeyPair('ES256')) as SigningKeyPair
    const send = await client({ key: pair })
    await send(`${server.origin}/a%20b?c=d#e`, { method: 'post', headers: { 'x-mine': '1' } })
    const { kty, crv, x, y } = await exportJWK(pair.publicKey)
    expect(server.headers()).toEqual([{ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } }])
    expect(server.proofs()).toEqual([
      {
        htm: 'POST',
        htu: `${server.origin}/a%20b`,
        iat: noon / second,
        ath: sha256('token-1'),
        jti: expect.any(String),
      },
    ])
    expect(server.seen[0]?.request).toMatchObject({ method: 'POST', headers: { 'x-mine': '1' } })
    expect(server.tokens()).toEqual(['DPoP token-1'])
  })

  test.each(['ES256', 'ES384', 'ES512', 'Ed25519', 'PS256', 'RS256'] as const)(
    'RFC 9449 §4.3: a pair of keys for %s signs proofs that hold',
    async (algorithm) => {
      const server = await startServer()
      const send = await client({ key: (await generateKeyPair(algorithm)) as SigningKeyPair })
      await send(server.origin)
      const [proof = ''] = server.raw()
      const { protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', currentDate: new Date(noon) })
      expect(protectedHeader.alg).toBe(algorithm === 'Ed25519' ? 'EdDSA' : algorithm)
    },
  )

  test('CLIENT-06: a key that lives elsewhere signs, and no private member is sent', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const key: RemoteKey = {
      publicJwk: privateKey.export({ format: 'jwk' }) as RemoteKey['publicJwk'],
      sign: (data) => signWith('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
    }
    const server = await startServer()
    await (await client({ key }))(server.origin)
    const [proof = ''] = server.raw()
    await jwtVerify(proof, EmbeddedJWK, { currentDate: new Date(noon) })
    expect(Object.keys(server.headers()[0]?.jwk ?? {}).sort()).toEqual(['crv', 'kty', 'x', 'y'])
  })

  test('RFC 9449 §11.1: every try has a proof of its own', async () => {
    const server = await startServer(asksForNonce('n1'))
    const send = await client()
    await Promise.all([send(server.origin), send(server.origin)])
    expect(new Set(server.proofs().map(({ jti }) => jti)).size).toBe(server.seen.length)
  })

  test('Client: credentials of the caller are replaced', async () => {
    const server = await startServer()
    await (await client())(server.origin, { headers: { authorization: 'Bearer other', dpop: 'other' } })
    expect(server.tokens()).toEqual(['DPoP token-1'])
    expect(server.raw()[0]).toMatch(/^ey/)
  })
})

describe('the token', () => {
  test('Client: it is asked for the URL, and what it throws the call throws', async () => {
    const server = await startServer()
    const urls: string[] = []
    const token = async ({ href }: URL) => {
      urls.push(href)
      return 'token-2'
    }
    const send = await client({ token })
    await send(new URL(`${server.origin}/x?y`))
    await send(new Request(`${server.origin}/z`))
    expect(urls).toEqual([`${server.origin}/x?y`, `${server.origin}/z`])
    const failing = await client({ token: () => Promise.reject(new RangeError('none')) })
    await expect(failing(server.origin)).rejects.toThrow(RangeError)
  })

  test('Client: a URL without a token gets neither a token nor a proof', async () => {
    const server = await startServer()
    const send = await client({ token: () => undefined })
    await send(server.origin, { headers: { authorization: 'Basic YQ==' } })
    expect(server.seen[0]?.request.headers).toMatchObject({ authorization: 'Basic YQ==' })
    expect(server.seen[0]?.request.headers).not.toHaveProperty('dpop')
  })

  test('RFC 9449 §5: without a token of its own it proves, and leaves Authorization alone', async () => {
    const server = await startServer()
    const send = dpopFetch({ key: (await generateKeyPair('ES256')) as SigningKeyPair })
    await send(server.origin, {
      method: 'POST',
      body: new URLSearchParams({ a: 'b' }),
      headers: { authorization: 'Basic YQ==' },
    })
    expect(server.tokens()).toEqual(['Basic YQ=='])
    expect(server.proofs()[0]).not.toHaveProperty('ath')
    expect(server.seen[0]?.body).toBe('a=b')
  })
})

describe('a nonce', () => {
  test('RFC 9449 §9: a server that asks for one gets a second proof with it, and the next requests have it', async () => {
    const server = await startServer(asksForNonce('n1'))
    const send = await client()
    expect((await send(server.origin)).status).toBe(200)
    await send(server.origin)
    expect(server.proofs().map(({ nonce }) => nonce)).toEqual([undefined, 'n1', 'n1'])
  })

  test('CLIENT-04: the newest counts, also one that came with a good answer, and only at its origin', async () => {
    const server = await startServer({ status: 200, headers: { 'dpop-nonce': 'n2' } })
    const other = await startServer()
    const send = await client()
    await send(server.origin)
    await send(server.origin)
    await send(other.origin)
    expect(server.proofs().map(({ nonce }) => nonce)).toEqual([undefined, 'n2'])
    expect(other.proofs()[0]).not.toHaveProperty('nonce')
  })

  test('RFC 9449 §8: an authorization server asks in the body', async () => {
    const server = await startServer({
      status: 400,
      headers: { 'dpop-nonce': 'n1' },
      body: { error: 'use_dpop_nonce' },
    })
    expect((await (await client())(server.origin, { method: 'POST', body: 'again' })).status).toBe(200)
    expect(server.seen.map(({ body }) => body)).toEqual(['again', 'again'])
  })

  test('Client: an answer that is not JSON, or too long, asks for nothing and stays readable', async () => {
    const asking = { status: 400, headers: { 'dpop-nonce': 'n1' }, body: { error: 'use_dpop_nonce' } }
    const long = { ...asking, body: { ...asking.body, more: 'x'.repeat(100_000) } }
    const server = await startServer({ ...asking, headers: { ...asking.headers, 'content-type': 'text/html' } }, long)
    const send = await client()
    expect(await (await send(server.origin)).json()).toEqual(asking.body)
    expect(await (await send(server.origin)).json()).toEqual(long.body)
    expect(server.seen).toHaveLength(2)
  })

  test('CLIENT-01: it is tried once more, not for ever, and no other refusal is tried again', async () => {
    const asked = await startServer(asksForNonce('n1'), asksForNonce('n2'), asksForNonce('n3'))
    expect((await (await client())(asked.origin)).status).toBe(401)
    expect(asked.seen).toHaveLength(2)
    for (const refused of [
      { status: 401, headers: { 'dpop-nonce': 'n1', 'www-authenticate': 'DPoP error="invalid_dpop_proof"' } },
      { status: 401, headers: { 'www-authenticate': 'DPoP error="use_dpop_nonce"' } },
      { status: 401, headers: { 'dpop-nonce': 'n1', 'www-authenticate': 'Other error="use_dpop_nonce"' } },
      { status: 400, headers: { 'dpop-nonce': 'n1' }, body: { error: 'invalid_request' } },
      { status: 403, headers: { 'dpop-nonce': 'n1', 'www-authenticate': 'DPoP error="use_dpop_nonce"' } },
    ]) {
      const server = await startServer(refused)
      expect((await (await client())(server.origin)).status).toBe(refused.status)
      expect(server.seen).toHaveLength(1)
    }
  })

  test.each([
    ['text', () => ({ body: 'x' }), 2],
    ['bytes', () => ({ body: new Uint8Array([120]) }), 2],
    ['a form', () => ({ body: new URLSearchParams({ x: '' }) }), 2],
    ['a blob', () => ({ body: new Blob(['x']) }), 2],
    ['a stream', () => ({ body: new Blob(['x']).stream(), duplex: 'half' as const }), 1],
  ] as const)('CLIENT-02: %s as the body', async (_name, init, tries) => {
    const server = await startServer(asksForNonce('n1'))
    await (await client())(server.origin, { method: 'POST', ...init() })
    expect(server.seen).toHaveLength(tries)
  })

  test('CLIENT-02: the body of a Request is sent once, a Request without one again', async () => {
    const server = await startServer(asksForNonce('n1'), asksForNonce('n2'))
    const send = await client()
    expect((await send(new Request(server.origin, { method: 'PUT', body: 'once' }))).status).toBe(401)
    expect((await send(new Request(server.origin, { method: 'DELETE' }))).status).toBe(200)
    expect(server.seen.map(({ request }) => request.method)).toEqual(['PUT', 'DELETE', 'DELETE'])
  })
})

describe('a step up', () => {
  test('RFC 6750 §3.1: the hook hears what is needed, and its token is used once more', async () => {
    const server = await startServer(
      needsMore(
        'Bearer realm="x, y", DPoP algs="ES256", error="insufficient_scope", scope="a b", resource_metadata="https://api.example.test/.well-known/x"',
      ),
    )
    const challenges: unknown[] = []
    const onStepUp = async (challenge: StepUpChallenge) => {
      challenges.push(challenge)
      return 'token-2'
    }
    const send = await client({ onStepUp })
    expect((await send(`${server.origin}/pay`)).status).toBe(200)
    expect(challenges).toEqual([
      {
        error: 'insufficient_scope',
        url: new URL(`${server.origin}/pay`),
        scopes: ['a', 'b'],
        acrValues: [],
        maxAge: undefined,
        resourceMetadata: 'https://api.example.test/.well-known/x',
      },
    ])
    expect(server.tokens()).toEqual(['DPoP token-1', 'DPoP token-2'])
    expect(server.proofs().map(({ ath }) => ath)).toEqual([sha256('token-1'), sha256('token-2')])
  })

  test('RFC 9470 §3: another authentication of the user, asked for with 401', async () => {
    const server = await startServer(
      needsMore('DPoP error=insufficient_user_authentication, acr_values="gold silver", max_age=60', 401),
    )
    const send = await client({
      onStepUp: async ({ acrValues, maxAge }) => {
        expect([acrValues, maxAge]).toEqual([['gold', 'silver'], 60])
        return 'token-2'
      },
    })
    expect((await send(server.origin)).status).toBe(200)
  })

  test('CLIENT-03: without a better token the answer stays readable; more than once it is not asked', async () => {
    const challenge = 'DPoP error="insufficient_scope"'
    const server = await startServer(
      { ...needsMore(challenge), body: { why: 1 } },
      needsMore(challenge),
      needsMore(challenge),
    )
    const declining = await client({ onStepUp: async () => undefined })
    expect(await (await declining(server.origin)).json()).toEqual({ why: 1 })
    let asked = 0
    const send = await client({ onStepUp: async () => `token-${++asked}` })
    expect((await send(server.origin)).status).toBe(403)
    expect([asked, server.seen.length]).toEqual([1, 3])
  })

  test('CLIENT-01: a nonce is asked for once in all tries of a request', async () => {
    const needs = needsMore('DPoP error="insufficient_scope"')
    const server = await startServer(asksForNonce('n1'), needs, asksForNonce('n2'))
    const send = await client({ onStepUp: async () => 'token-2' })
    expect((await send(server.origin)).status).toBe(401)
    expect(server.proofs().map(({ nonce }) => nonce)).toEqual([undefined, 'n1', 'n1'])
  })

  test('Client: a nonce and a step-up each get their try', async () => {
    const server = await startServer(asksForNonce('n1'), needsMore('DPoP error="insufficient_scope"'))
    const send = await client({ onStepUp: async () => 'token-2' })
    expect((await send(server.origin)).status).toBe(200)
    expect(server.tokens()).toEqual(['DPoP token-1', 'DPoP token-1', 'DPoP token-2'])
  })
})

describe('the clock', () => {
  test.each([
    ['ahead', 90, 90],
    ['behind', -90, -90],
    ['a day ahead', 86_400, 300],
    ['a day behind', -86_400, -300],
    ['within the whole seconds of Date', 1, 0],
  ])(
    'CLIENT-05: a server whose clock is %s gets proofs by its clock, 300 s off at the most',
    async (_name, ahead, offset) => {
      const date = new Date(noon + ahead * second).toUTCString()
      const server = await startServer({ status: 200, headers: { date } })
      const send = await client()
      await send(server.origin)
      await send(server.origin)
      expect(server.proofs().map(({ iat = 0 }) => iat - noon / second)).toEqual([0, offset])
    },
  )

  test('RFC 9111 §5.1: the date of an answer from a cache, and one that is none, are passed over', async () => {
    const server = await startServer(
      { status: 200, headers: { date: new Date(noon - 200 * second).toUTCString(), age: '200' } },
      { status: 200, headers: { date: 'yesterday' } },
    )
    const send = await client()
    for (let turn = 0; turn < 3; turn++) await send(server.origin)
    expect(server.proofs().map(({ iat }) => iat)).toEqual(Array(3).fill(noon / second))
  })
})

describe('the rest of fetch', () => {
  test('Client: a redirect is an error, since the proof holds for one URL, unless it is left to the caller', async () => {
    const redirect = { status: 307, headers: { location: '/other' } }
    const server = await startServer(redirect, redirect)
    const send = await client()
    await expect(send(server.origin, { redirect: 'follow' })).rejects.toThrow(TypeError)
    expect((await send(server.origin, { redirect: 'manual' })).status).toBe(307)
    expect(server.seen).toHaveLength(2)
  })

  test('Client: a call that is given up rejects', async () => {
    const server = await startServer()
    await expect((await client())(server.origin, { signal: AbortSignal.abort() })).rejects.toThrow()
  })

  test('Client: requests go through the fetch it was given', async () => {
    const send = await client({ fetch: async () => new Response(null, { status: 204 }) })
    expect((await send('https://api.example.test/')).status).toBe(204)
  })
})

describe('options', () => {
  test('Client: each wrong one is named', async () => {
    const pathsOf = (options: unknown) => {
      try {
        dpopFetch(options as DpopFetchOptions)
      } catch (error) {
        return (error as OptionsError).problems.map(({ path }) => path)
      }
      return []
    }
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    expect(pathsOf(undefined)).toContain('dpopFetch')
    expect(pathsOf({})).toEqual(['dpopFetch.key'])
    expect(pathsOf({ key: { privateKey: publicKey, publicKey } })).toEqual(['dpopFetch.key'])
    expect(pathsOf({ key: { publicJwk: {} } })).toEqual(['dpopFetch.key'])
    expect(
      pathsOf({ key: { privateKey, publicKey }, token: 'text', fetch: 1, clock: {}, onStepUp: 1, other: 1 }),
    ).toEqual(['dpopFetch.other', 'dpopFetch.token', 'dpopFetch.fetch', 'dpopFetch.clock', 'dpopFetch.onStepUp'])
  })

  test('Client: a key that can sign no proof rejects the call', async () => {
    const send = await client({ key: { publicJwk: { kty: 'oct' }, sign: (data) => data } })
    await expect(send('https://api.example.test/')).rejects.toThrow(TypeError)
  })
})
