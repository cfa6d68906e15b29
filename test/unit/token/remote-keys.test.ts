import { createServer, type Server, type ServerResponse } from 'node:http'
import { createTestClock, type TestClock } from 'onbehalf/testing'
import { afterAll, expect, test } from 'vitest'
import type { IssuerOptions, Verifier } from '../../../src/index.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import { makeRawKey, type RawKey, rawJws } from '../../support/jws.ts'
import { outcomeOf } from '../../support/kit.ts'

const forge: Forge = await createForge()
const issuerUrl = 'https://as.example.test'
const jwksUrl = 'https://as.example.test/jwks'

/** An issuer on a network in memory: URL → answer. */
interface Network {
  readonly fetch: typeof fetch
  readonly calls: string[]
  readonly answers: Map<string, () => Response | Promise<Response>>
}

function createNetwork(): Network {
  const calls: string[] = []
  const answers = new Map<string, () => Response | Promise<Response>>()
  const fetch = async (url: unknown) => {
    calls.push(String(url))
    return (await answers.get(String(url))?.()) ?? new Response('', { status: 404 })
  }
  return { fetch: fetch as typeof globalThis.fetch, calls, answers }
}

interface Site {
  readonly network: Network
  readonly clock: TestClock
  readonly verifier: Verifier
  outcome(token: string): Promise<string>
  serve(keys: readonly RawKey[]): void
}

function createSite(issuer: Partial<IssuerOptions> = { jwksUri: jwksUrl }): Site {
  const network = createNetwork()
  const clock = createTestClock(forge.clock.now())
  const verifier = forge.verifierTrusting({ jwks: undefined, ...issuer }, { clock, fetch: network.fetch })
  return {
    network,
    clock,
    verifier,
    // The tests move the clock by minutes, so each token is made for the present time.
    outcome: async (token) => await forge.code({ verifier, token, proof: { claims: { iat: seconds(clock) } } }),
    serve: (keys) => network.answers.set(jwksUrl, () => Response.json({ keys: keys.map(published) })),
  }
}

const seconds = (clock: TestClock) => Math.floor(clock.now() / 1_000)
const kids = new WeakMap<RawKey, string>([[forge.key, 'k1']])

function published(key: RawKey) {
  return { ...key.publicJwk, kid: kids.get(key), alg: 'ES256', use: 'sig' }
}

async function anotherKey(kid: string): Promise<RawKey> {
  const key = await makeRawKey('ES256')
  kids.set(key, kid)
  return key
}

function tokenAt(clock: TestClock, key: RawKey = forge.key, header: object = {}): string {
  const now = seconds(clock)
  return rawJws(key, { ...forge.header({ kid: kids.get(key) }), ...header }, forge.claims({ iat: now, exp: now + 300 }))
}

const metadataOf =
  (issuer: string, jwks_uri: unknown = jwksUrl) =>
  () =>
    Response.json({ issuer, jwks_uri })

test.each([
  ['https://as.example.test', '/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'],
  ['https://as.example.test/', '/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'],
  [
    'https://as.example.test/t/1',
    '/.well-known/oauth-authorization-server/t/1',
    '/t/1/.well-known/openid-configuration',
  ],
  ['https://as.example.test/t/', '/.well-known/oauth-authorization-server/t', '/t/.well-known/openid-configuration'],
])('AT-17: metadata of %s is looked for at %s, then at %s', async (issuer, first, fallback) => {
  for (const path of [first, fallback]) {
    const site = createSite({ issuer })
    site.serve([forge.key])
    site.network.answers.set(`https://as.example.test${path}`, metadataOf(issuer))
    const now = seconds(site.clock)
    const token = forge.token({ iss: issuer, iat: now, exp: now + 60 })
    expect(await site.outcome(token), path).toBe('admitted')
    const expected = path === first ? [first] : [first, fallback]
    expect(site.network.calls).toEqual([...expected.map((at) => `https://as.example.test${at}`), jwksUrl])
  }
})

test.each([
  'https://as.example.test/',
  'https://AS.example.test',
  'https://evil.example.test',
  'https://as.example.test:443',
  undefined,
  null,
  [issuerUrl],
])('AT-17: metadata that names the issuer %j is not ours', async (named) => {
  const site = createSite({})
  site.serve([forge.key])
  for (const path of ['oauth-authorization-server', 'openid-configuration']) {
    site.network.answers.set(`${issuerUrl}/.well-known/${path}`, metadataOf(named as string))
  }
  expect(await site.outcome(tokenAt(site.clock))).toBe('keys_unavailable')
  expect(site.network.calls).not.toContain(jwksUrl)
  await expect(site.verifier.ready()).rejects.toThrow()
})

test.each([
  'http://as.example.test/jwks',
  'ftp://as.example.test/jwks',
  'file:///etc/passwd',
  'data:application/json,{"keys":[]}',
  '/jwks',
  'jwks',
  '',
  null,
  ['https://as.example.test/jwks'],
])('AT-17: a jwks_uri of %j is not followed', async (jwksUri) => {
  const site = createSite({})
  site.network.answers.set(`${issuerUrl}/.well-known/oauth-authorization-server`, metadataOf(issuerUrl, jwksUri))
  expect(await site.outcome(tokenAt(site.clock))).toBe('keys_unavailable')
  expect(site.network.calls.filter((url) => !url.includes('/.well-known/'))).toEqual([])
})

test('AT-20: a storm of unknown kids makes one fetch, another only after the floor of 30 s', async () => {
  const site = createSite()
  site.serve([forge.key])
  expect(await site.outcome(tokenAt(site.clock))).toBe('admitted')
  site.clock.advance(1)
  for (let round = 0; round < 100; round++) {
    expect(await site.outcome(tokenAt(site.clock, forge.key, { kid: `x${round}` }))).toBe('keys_unavailable')
  }
  expect(site.network.calls).toHaveLength(1)
  site.clock.advance(28.999)
  await site.outcome(tokenAt(site.clock, forge.key, { kid: 'late' }))
  expect(site.network.calls).toHaveLength(1)
  site.clock.advance(0.001)
  for (let round = 0; round < 100; round++) {
    expect(await site.outcome(tokenAt(site.clock, forge.key, { kid: `x${round}` }))).toBe('token_key_unknown')
  }
  expect(site.network.calls).toHaveLength(2)
  expect(await site.outcome(tokenAt(site.clock))).toBe('admitted')
})

test('AT-20: a hundred requests at once share one fetch', async () => {
  const site = createSite()
  site.serve([forge.key])
  const outcomes = await Promise.all(Array.from({ length: 100 }, () => site.outcome(tokenAt(site.clock))))
  expect(new Set(outcomes)).toEqual(new Set(['admitted']))
  expect(site.network.calls).toEqual([jwksUrl])
})

test('AT-20: a new key is found by its kid, during a storm of others too', async () => {
  const site = createSite()
  site.serve([forge.key])
  await site.outcome(tokenAt(site.clock))
  const next = await anotherKey('k2')
  site.serve([forge.key, next])
  site.clock.advance(1)
  for (let round = 0; round < 50; round++) await site.outcome(tokenAt(site.clock, forge.key, { kid: `x${round}` }))
  expect(await site.outcome(tokenAt(site.clock, next))).toBe('keys_unavailable')
  site.clock.advance(29)
  expect(await site.outcome(tokenAt(site.clock, next))).toBe('admitted')
  expect(site.network.calls).toHaveLength(2)
})

test('AT-20: a key that left the set stops verifying, for cached tokens too', async () => {
  const site = createSite({ jwksUri: jwksUrl, maxTokenSeconds: 3_600 })
  const next = await anotherKey('k2')
  site.serve([forge.key])
  const now = seconds(site.clock)
  const cached = rawJws(forge.key, forge.header(), forge.claims({ iat: now, exp: now + 3_600 }))
  expect(await site.outcome(cached)).toBe('admitted')
  site.serve([next])
  site.clock.advance(31)
  expect(await site.outcome(cached)).toBe('admitted')
  expect(await site.outcome(tokenAt(site.clock, next))).toBe('admitted')
  expect(await site.outcome(cached)).toBe('token_key_unknown')
  expect(await site.outcome(tokenAt(site.clock))).toBe('token_key_unknown')
})

test('AT-20: without any unknown kid a removed key is gone once the set is no longer fresh', async () => {
  const site = createSite({ jwksUri: jwksUrl, keys: { freshSeconds: 100, staleSeconds: 1_000 } })
  site.serve([forge.key])
  expect(await site.outcome(tokenAt(site.clock))).toBe('admitted')
  site.serve([await anotherKey('k2')])
  site.clock.advance(101)
  expect(await site.outcome(tokenAt(site.clock))).toBe('token_key_unknown')
})

test('AT-20: while the issuer is down known keys hold for staleSeconds, then it is our outage', async () => {
  const site = createSite({ jwksUri: jwksUrl, keys: { freshSeconds: 100, staleSeconds: 1_000 } })
  site.serve([forge.key])
  expect(await site.outcome(tokenAt(site.clock))).toBe('admitted')
  site.network.answers.set(jwksUrl, () => Promise.reject(new Error('connect ECONNREFUSED 127.0.0.1:9')))
  for (let at = 100; at <= 1_000; at += 100) {
    site.clock.advance(100)
    expect(await site.outcome(tokenAt(site.clock)), `${at}`).toBe('admitted')
    expect(await site.outcome(tokenAt(site.clock, forge.key, { kid: 'x' })), `${at}`).toBe('keys_unavailable')
  }
  site.clock.advance(1)
  expect(await site.outcome(tokenAt(site.clock))).toBe('keys_unavailable')
  // One in each round, as the rounds are further apart than the longest wait.
  expect(site.network.calls.length).toBeLessThanOrEqual(1 + 2 * 11)
  site.serve([forge.key])
  site.clock.advance(30)
  expect(await site.outcome(tokenAt(site.clock))).toBe('admitted')
})

test('AT-20: an outage is a 503 that names no host, with Retry-After and without a challenge', async () => {
  const site = createSite()
  site.network.answers.set(jwksUrl, () => Promise.reject(new Error('connect ECONNREFUSED 127.0.0.1:9')))
  const verdict = await forge.call({ verifier: site.verifier, token: tokenAt(site.clock) })
  if (verdict.ok) throw new Error('admitted')
  const { refusal } = verdict
  expect(refusal).toMatchObject({ code: 'keys_unavailable', status: 503, error: null })
  const wire = JSON.stringify([refusal.headers, refusal.body])
  expect(wire).not.toMatch(/example|127\.0|ECONN|WWW-Authenticate/i)
  expect(new Map(refusal.headers).get('Retry-After')).toBe('1')
})

test('JOSE-15: a kid of any content is only compared, and shown to the operator cut short', async () => {
  const verifier = forge.verifierWith()
  const kids = [
    '../../etc/passwd',
    "' OR 1=1 --",
    '\u0000',
    'k1\u0000',
    '$(x)',
    'https://evil.test/',
    'k'.repeat(5_000),
  ]
  for (const kid of kids) {
    const verdict = await forge.call({ verifier, token: forge.token({}, { kid }) })
    expect(verdict, kid.slice(0, 20)).toMatchObject({ ok: false, refusal: { code: 'token_key_unknown' } })
    const shown = verdict.ok ? '' : (verdict.refusal.facts.keyId ?? '')
    expect(shown.length).toBeLessThanOrEqual(64)
    const wire = verdict.ok ? '' : JSON.stringify([verdict.refusal.headers, verdict.refusal.body])
    expect(wire).not.toContain(kid.slice(0, 64))
  }
})

test('JOSE-15: a kid of a megabyte is refused by the size of its token', async () => {
  const verdict = await forge.call({
    verifier: forge.verifierWith(),
    token: forge.token({}, { kid: 'k'.repeat(1_048_576) }),
  })
  expect(outcomeOf(verdict)).toBe('request_malformed')
})

test("JOSE-15: a kid too long to be anybody's causes no fetch and is not remembered", async () => {
  const site = createSite()
  site.serve([forge.key])
  for (let round = 0; round < 10; round++) {
    const kid = `${round}`.padEnd(513, 'x')
    expect(await site.outcome(tokenAt(site.clock, forge.key, { kid }))).toBe('token_key_unknown')
  }
  expect(site.network.calls).toEqual([])
  expect(await site.outcome(tokenAt(site.clock))).toBe('admitted')
  expect(site.network.calls).toEqual([jwksUrl])
})

// JOSE-16 on real sockets, loopback only.

const servers: Server[] = []
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections()
})

async function serveOnLoopback(answer: (response: ServerResponse, url: string) => void) {
  const requests: { url: string; headers: Record<string, unknown> }[] = []
  const server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', headers: request.headers })
    answer(response, request.url ?? '')
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return { origin: `http://127.0.0.1:${address.port}`, requests }
}

async function outcomeFrom(jwksUri: string): Promise<string> {
  const verifier = forge.verifierTrusting({ jwks: undefined, jwksUri, keys: { timeoutMs: 300 } })
  return forge.code({ verifier, token: forge.token() })
}

const goodBody = JSON.stringify({ keys: [published(forge.key)] })

test('JOSE-16: keys are fetched from a loopback host over http when it is configured, without cookies or credentials', async () => {
  const { origin, requests } = await serveOnLoopback((response) => {
    response.setHeader('set-cookie', 'a=b').end(goodBody)
  })
  expect(await outcomeFrom(`${origin}/jwks`)).toBe('admitted')
  expect(await outcomeFrom(`${origin}/jwks`)).toBe('admitted')
  for (const { headers } of requests) {
    for (const name of ['cookie', 'authorization', 'dpop', 'referer']) expect(headers).not.toHaveProperty(name)
  }
})

test.each([301, 302, 303, 307, 308])('JOSE-16: a redirect (%i) is not followed', async (status) => {
  const { origin, requests } = await serveOnLoopback((response, url) => {
    if (url === '/good') response.end(goodBody)
    else response.writeHead(status, { location: '/good' }).end()
  })
  expect(await outcomeFrom(`${origin}/jwks`)).toBe('keys_unavailable')
  expect(requests.map(({ url }) => url)).toEqual(['/jwks'])
})

test.each<readonly [string, (response: ServerResponse) => void]>([
  ['an error page', (response) => response.writeHead(500).end('<html>')],
  ['HTML', (response) => response.end('<!doctype html><p>welcome')],
  ['another success', (response) => response.writeHead(201).end(goodBody)],
  ['nothing', (response) => response.end()],
  ['a list', (response) => response.end('[]')],
  ['a body with a duplicate member', (response) => response.end(goodBody.replace('{', '{"keys":[],'))],
  ['a body of more than 512 KiB', (response) => response.end(goodBody.padEnd(524_289))],
  ['a cut connection', (response) => response.writeHead(200, { 'content-length': '9999' }).end('{').destroy()],
  ['a silent connection', () => {}],
  ['a body that never ends', (response) => response.writeHead(200).write('{')],
])('JOSE-16: %s gives no keys', async (_, answer) => {
  const { origin } = await serveOnLoopback(answer)
  expect(await outcomeFrom(`${origin}/jwks`)).toBe('keys_unavailable')
})

test('JOSE-16: a body of 512 KiB is still read', async () => {
  const { origin } = await serveOnLoopback((response) => response.end(goodBody.padEnd(524_288)))
  expect(await outcomeFrom(`${origin}/jwks`)).toBe('admitted')
})

test.each([
  'http://as.example.test/jwks',
  'https://user:pass@as.example.test/jwks',
  'https://as.example.test/jwks#x',
  'jwks',
])('JOSE-16: %s cannot be configured', (jwksUri) => {
  expect(() => forge.verifierTrusting({ jwks: undefined, jwksUri })).toThrow()
})

test.each([
  'https://127.0.0.1/jwks',
  'https://127.9.9.9/jwks',
  'https://localhost/jwks',
  'https://10.0.0.1/jwks',
  'https://172.16.0.1/jwks',
  'https://172.31.255.255/jwks',
  'https://192.168.1.1/jwks',
  'https://169.254.169.254/latest/meta-data',
  'https://100.64.0.1/jwks',
  'https://0.0.0.0/jwks',
  'https://0x7f.1/jwks',
  'https://2130706433/jwks',
  'https://[::1]/jwks',
  'https://[::]/jwks',
  'https://[::ffff:10.0.0.1]/jwks',
  'https://[::7f00:1]/jwks',
  'https://[fc00::1]/jwks',
  'https://[fe80::1]/jwks',
  'https://[fec0::1]/jwks',
  'https://[2002:7f00:1::]/jwks',
  'https://[64:ff9b::7f00:1]/jwks',
  'https://user@as.example.test/jwks',
  'http://127.0.0.1/jwks',
])('JOSE-16: metadata of a public issuer cannot send us to %s', async (jwksUri) => {
  const site = createSite({})
  site.network.answers.set(`${issuerUrl}/.well-known/oauth-authorization-server`, metadataOf(issuerUrl, jwksUri))
  site.network.answers.set(jwksUri, () => new Response(goodBody))
  expect(await site.outcome(tokenAt(site.clock))).toBe('keys_unavailable')
  expect(site.network.calls).not.toContain(jwksUri)
})
