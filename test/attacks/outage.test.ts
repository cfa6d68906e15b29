import request from 'supertest'
import { describe, expect, test } from 'vitest'
import { createVerifier, type Verifier } from '../../src/index.ts'
import { requestView, type TestIssuer } from '../../src/testing/index.ts'
import { createApi } from '../support/express.ts'
import { resource, url } from '../support/kit.ts'
import { createStage, type Stage } from './stage.ts'

const secretHost = 'keys.internal.test'
const jwksUri = `https://${secretHost}/jwks`

type Fetch = typeof fetch
const refusedConnection: Fetch = async () => {
  throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 10.1.2.3:9') })
}
const answering =
  (body: string, status = 200): Fetch =>
  async () =>
    new Response(body, { status })
const hanging: Fetch = (_url, init) =>
  new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)))

const outages: Readonly<Record<string, Fetch>> = {
  'connection refused': refusedConnection,
  'status 500': answering('Internal error at keys.internal.test (10.1.2.3)', 500),
  'status 404': answering('{"keys":[]}', 404),
  HTML: answering('<html>keys.internal.test 10.1.2.3</html>'),
  'an empty body': answering(''),
  'a list': answering('[]'),
  'half an object': answering('{"keys":[{"kty":'),
  'too much': answering(`{"keys":[],"x":"${'x'.repeat(600_000)}"}`),
  'no answer in time': hanging,
  'a synchronous throw': () => {
    throw new Error('keys.internal.test')
  },
  'no response object': async () => undefined as unknown as Response,
}

/** A verifier with fetched keys. On a warm stage the first fetch succeeds; then the outage begins. */
async function createOutage(start: 'cold' | 'warm', outage: Fetch): Promise<{ stage: Stage; verifier: Verifier }> {
  const stage = await createStage('cold')
  let isUp = start === 'warm'
  const verifier = createVerifier({
    issuer: { issuer: stage.issuer.issuer, jwksUri, keys: { timeoutMs: 1 } },
    resource,
    clock: stage.issuer.clock,
    fetch: (...call) => (isUp ? goodKeys(stage.issuer) : outage(...call)),
  })
  if (start === 'warm') {
    const verdict = await verifier.check(await stage.request())
    expect(verdict.ok).toBe(true)
    isUp = false
    stage.issuer.clock.advance(3_601)
  }
  return { stage, verifier }
}

async function goodKeys(issuer: TestIssuer): Promise<Response> {
  return Response.json(issuer.jwks)
}

describe('key outage', () => {
  for (const [name, outage] of Object.entries(outages)) {
    for (const start of ['cold', 'warm'] as const) {
      test(`P4: keys that answer with ${name} are our 503, nothing of it leaks (${start})`, async () => {
        const { stage, verifier } = await createOutage(start, outage)
        const view = await stage.request()
        const response = await request(createApi(verifier))
          .get('/tools')
          .set('Authorization', view.header('authorization')[0] ?? '')
          .set('DPoP', view.header('dpop')[0] ?? '')
        expect(response.status).toBe(503)
        expect(response.body).toMatchObject({ code: 'keys_unavailable', status: 503 })
        expect(response.body).not.toHaveProperty('error')
        expect(response.headers).not.toHaveProperty('www-authenticate')
        expect(Number(response.headers['retry-after'])).toBeGreaterThan(0)
        const all = JSON.stringify([response.headers, response.text])
        for (const secret of [secretHost, '10.1.2.3', 'ECONNREFUSED', 'jwks', 'at ', stage.issuer.issuer]) {
          if (secret !== 'at ') expect(all).not.toContain(secret)
          else expect(response.text).not.toMatch(/\bat \S+:\d+/)
        }
      })
    }

    test(`P4: with ${name} on discovery the same holds`, async () => {
      const stage = await createStage('cold')
      const { issuer, clock } = stage.issuer
      const verifier = createVerifier({
        issuer: { issuer, keys: { timeoutMs: 1 } },
        resource,
        clock,
        fetch: outage,
      })
      const verdict = await verifier.check(await stage.request())
      if (verdict.ok) throw new Error('admitted')
      expect(verdict.refusal.code).toBe('keys_unavailable')
      expect(verdict.refusal.headers.map(([header]) => header)).toEqual(['Retry-After', 'Cache-Control'])
      await expect(verifier.ready()).rejects.toThrow()
    })
  }

  test('P4: a token already verified goes on while its keys are not yet stale', async () => {
    const stage = await createStage('cold')
    let isUp = true
    const verifier = createVerifier({
      issuer: { issuer: stage.issuer.issuer, jwksUri, maxTokenSeconds: 3_600 },
      resource,
      clock: stage.issuer.clock,
      fetch: (...call) => (isUp ? goodKeys(stage.issuer) : refusedConnection(...call)),
    })
    const token = await stage.token({ lifetimeSeconds: 3_600 })
    const judge = async () => (await verifier.check(await stage.request({ token }))).ok
    expect(await judge()).toBe(true)
    isUp = false
    for (const seconds of [599, 1, 1_000, 1_000]) {
      stage.issuer.clock.advance(seconds)
      expect(await judge()).toBe(true)
    }
  })

  test('P4: what is wrong with the request is said all the same, without asking for keys', async () => {
    const { stage, verifier } = await createOutage('cold', refusedConnection)
    const codes = await Promise.all(
      [
        requestView({ url }),
        await stage.request({ token: 'x' }),
        await stage.request({ token: { header: { typ: 'JWT' } } }),
      ].map(async (view) => {
        const verdict = await verifier.check(view)
        return verdict.ok || verdict.refusal.code
      }),
    )
    expect(codes).toEqual(['credentials_missing', 'token_malformed', 'token_type'])
  })
})
