import type { IssuerOptions, Verifier } from 'onbehalf'
import { beforeEach, describe, expect, test } from 'vitest'
import { makeRawKey } from '../../support/jws.ts'
import { until } from '../../support/key-home.ts'
import { createStage, createTenant, held, pending, type Stage, type Tenant } from './tenants.ts'

const { privateKey } = await makeRawKey('ES256')
let stage: Stage
let acme: Tenant
let token: string
let verifier: Verifier

beforeEach(async () => {
  stage = await createStage()
  acme = await stage.tenant('acme')
  verifier = stage.open()
  token = acme.token()
  expect(await stage.judge(verifier, token)).toBe(held)
})

const advance = (seconds: number) => stage.forge.clock.advance(seconds)
const answerWith = (options: unknown) => stage.answers.set(acme.issuer, () => options)
const answerLater = (options: unknown) => stage.answers.set(acme.issuer, async () => options)
const cold = () => stage.judge(verifier, acme.token())
const isIdle = () => verifier.health().resolved?.pending === 0

describe('a yes is used for freshSeconds', () => {
  test('Resolver: up to 80 % of it nothing is asked; then it is asked behind the request, by a cached token too', async () => {
    answerLater(acme.options)
    advance(240)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    expect(await cold()).toBe(held)
    expect(stage.asked.length).toBe(1)
    advance(1)
    for (let request = 0; request < 20; request++) expect(stage.judgeNow(verifier, token)).toBe(held)
    expect(stage.asked.length).toBe(2)
    await until(isIdle)
    advance(240)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    expect(stage.asked.length).toBe(2)
  })

  test('Resolver: once it is over, a request waits for the answer', async () => {
    answerLater(acme.options)
    advance(301)
    expect(stage.judgeNow(verifier, token)).toBe('had to wait')
    await until(isIdle)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    expect(stage.asked.length).toBe(2)
  })

  test('Resolver: it is counted from the question, not from the answer', async () => {
    const slow = await stage.tenant('slow')
    const answer = pending<IssuerOptions>()
    stage.answers.set(slow.issuer, () => answer.promise)
    const code = stage.judge(verifier, slow.token())
    advance(241)
    answer.resolve(slow.options)
    expect(await code).toBe(held)
    expect(await stage.judge(verifier, slow.token())).toBe(held)
    expect(stage.asked.filter((iss) => iss === slow.issuer).length).toBe(2)
  })

  test('Resolver: a wall clock that goes on while the monotonic one stands still ends it as well', async () => {
    answerWith(undefined)
    stage.forge.clock.step(301)
    expect(await stage.judge(verifier, token)).toBe('token_issuer')
  })

  test('Resolver: freshSeconds of the options counts', async () => {
    const short = stage.open({ issuer: { ...stage.resolver, freshSeconds: 10 } })
    expect(await stage.judge(short, token)).toBe(held)
    advance(9)
    expect(stage.judgeNow(short, token)).toBe(held)
    expect(stage.asked.length).toBe(3)
  })
})

describe('while resolve fails', () => {
  const fail = () => stage.answers.set(acme.issuer, () => Promise.reject(new Error('no database')))

  test('Resolver: a yes is held for as long again, then it is gone', async () => {
    fail()
    advance(241)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    await until(isIdle)
    advance(600 - 241)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    expect(stage.judgeNow(verifier, acme.token())).toBe(held)
    await until(isIdle)
    advance(1)
    expect(await stage.judge(verifier, token)).toBe('keys_unavailable')
    expect(await cold()).toBe('keys_unavailable')
    expect(verifier.health().resolved).toEqual({ known: 0, unknown: 0, pending: 0 })
  })

  test('Resolver: it is held too where no request came in time to ask', async () => {
    fail()
    advance(599)
    expect(await stage.judge(verifier, token)).toBe(held)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    advance(2)
    expect(await stage.judge(verifier, token)).toBe('keys_unavailable')
  })

  test('Resolver: it is asked again once a second, not by every request', async () => {
    stage.answers.set(acme.issuer, () => {
      throw new Error('no database')
    })
    advance(241)
    for (let request = 0; request < 20; request++) expect(stage.judgeNow(verifier, token)).toBe(held)
    expect(stage.asked.length).toBe(2)
    advance(1)
    for (let request = 0; request < 20; request++) expect(stage.judgeNow(verifier, token)).toBe(held)
    expect(stage.asked.length).toBe(3)
  })

  test('Resolver: a good answer ends the outage', async () => {
    fail()
    advance(301)
    expect(await stage.judge(verifier, token)).toBe(held)
    answerWith(acme.options)
    advance(1)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    advance(240)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    expect(stage.asked.length).toBe(3)
  })

  test('Resolver: a failure is not remembered as a no', async () => {
    const late = await createTenant(stage.forge, 'late')
    stage.answers.set(late.issuer, () => Promise.reject(new Error('no database')))
    expect(await stage.judge(verifier, late.token())).toBe('keys_unavailable')
    stage.answers.set(late.issuer, () => late.options)
    expect(await stage.judge(verifier, late.token())).toBe(held)
  })
})

describe('when the answer changes', () => {
  test('Resolver: after a no a cached token is refused at the next request', async () => {
    answerLater(undefined)
    advance(241)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    await until(isIdle)
    expect(stage.judgeNow(verifier, token)).toBe('token_issuer')
    expect(verifier.health()).toMatchObject({ resolved: { known: 0, unknown: 1 }, caches: { tokens: 0 } })
  })

  test('Resolver: a no that is there at once refuses the very request that asked', () => {
    answerWith(undefined)
    advance(241)
    expect(stage.judgeNow(verifier, token)).toBe('token_issuer')
  })

  test('Resolver: keys that left the answer verify nothing any more', async () => {
    const key = await makeRawKey('ES256')
    answerWith({ ...acme.options, jwks: { keys: [{ ...key.publicJwk, kid: 'k1' }] } })
    advance(241)
    expect(await stage.judge(verifier, token)).toBe('token_signature')
    expect(await cold()).toBe('token_signature')
  })

  test('Resolver: cached tokens are judged by the new options', async () => {
    answerWith({ ...acme.options, maxTokenSeconds: 300 })
    advance(241)
    expect(await stage.judge(verifier, token)).toBe('token_lifetime')
  })

  test('Resolver: an answer that is no good drops the issuer, since it is not what was said before', async () => {
    answerWith({ ...acme.options, maxTokenSeconds: -1 })
    advance(241)
    expect(await stage.judge(verifier, token)).toBe('keys_unavailable')
    answerWith(acme.options)
    expect(await stage.judge(verifier, token)).toBe(held)
  })

  test('Resolver: an issuer that comes back does not bring its cached tokens back', async () => {
    answerWith(undefined)
    advance(241)
    expect(await stage.judge(verifier, token)).toBe('token_issuer')
    advance(30)
    answerWith({ ...acme.options, audience: 'urn:other' })
    expect(await stage.judge(verifier, token)).toBe('token_audience')
  })

  test('Resolver: tokens of other issuers stay cached', async () => {
    const globex = await stage.tenant('globex')
    const other = globex.token()
    expect(await stage.judge(verifier, other)).toBe(held)
    answerWith(undefined)
    advance(241)
    expect(await stage.judge(verifier, token)).toBe('token_issuer')
    const tokens = () => verifier.health().caches.tokens
    const before = tokens()
    expect(stage.judgeNow(verifier, other)).toBe(held)
    expect(tokens()).toBe(before)
  })
})

describe('the same answer', () => {
  /** How often the keys are fetched anew tells whether the issuer was kept. */
  async function fetchesAfter(first: () => object, second: () => object): Promise<number> {
    let fetches = 0
    const fetcher: typeof fetch = async () => {
      fetches++
      return Response.json(acme.options.jwks)
    }
    const own = stage.open({ fetch: fetcher })
    const common = { issuer: acme.issuer, jwksUri: `${acme.issuer}/jwks`, maxTokenSeconds: 3_600 }
    answerWith({ ...common, ...first() })
    expect(await stage.judge(own, token)).toBe(held)
    answerWith({ ...second(), ...common })
    advance(241)
    expect(await stage.judge(own, token)).toBe(held)
    return fetches
  }

  const roles = () => ['admin']
  const client = () => ({ id: 'api', privateKey: { ...privateKey.export({ format: 'jwk' }) } })
  const endpoint = 'https://as.example.test/introspect'

  test.each<[string, () => object, () => object]>([
    ['written anew', () => ({ algorithms: ['ES256', 'PS256'] }), () => ({ algorithms: ['ES256', 'PS256'] })],
    ['in another order', () => ({ algorithms: ['PS256', 'ES256'] }), () => ({ algorithms: ['ES256', 'PS256'] })],
    ['with a default spelt out', () => ({}), () => ({ actorIssuers: 'own', dangerously: {} })],
    ['with the same function', () => ({ dialect: { name: 'x', roles } }), () => ({ dialect: { name: 'x', roles } })],
  ])('Resolver: %s keeps keys and cached tokens', async (_, first, second) => {
    expect(await fetchesAfter(first, second)).toBe(1)
  })

  test.each<[string, () => object, () => object]>([
    ['another algorithm', () => ({ algorithms: ['ES256'] }), () => ({ algorithms: ['ES256', 'PS256'] })],
    [
      'another function',
      () => ({ dialect: { name: 'x', roles: () => [] } }),
      () => ({ dialect: { name: 'x', roles: () => [] } }),
    ],
    ['an agent client', () => ({}), () => ({ agentClients: ['travel-app'] })],
  ])('Resolver: %s is another answer', async (_, first, second) => {
    expect(await fetchesAfter(first, second)).toBe(2)
  })

  test('Resolver: a client key is compared by what it is', async () => {
    let asked = 0
    const fetcher: typeof fetch = async () => {
      asked++
      return Response.json({ active: true })
    }
    const own = stage.open({ fetch: fetcher })
    const introspection = () => ({ for: 'all', endpoint, client: client() })
    answerWith({ ...acme.options, introspection: introspection() })
    expect(await stage.judge(own, token)).toBe(held)
    const { privateKey: other } = await makeRawKey('ES256')
    answerWith({ ...acme.options, introspection: introspection() })
    advance(241)
    expect(await stage.judge(own, token)).toBe(held)
    expect(asked).toBe(2)
    const changed = { ...introspection(), client: { id: 'api', privateKey: other.export({ format: 'jwk' }) } }
    answerWith({ ...acme.options, introspection: changed })
    advance(241)
    expect(await stage.judge(own, token)).toBe(held)
    expect(asked).toBe(3)
  })
})

describe('max', () => {
  test('Resolver: the issuer that was unused longest goes, and its cached tokens with it', async () => {
    const small = stage.open({ issuer: { ...stage.resolver, max: 2 } })
    const [globex, initech] = [await stage.tenant('globex'), await stage.tenant('initech')]
    const ofGlobex = globex.token()
    expect(await stage.judge(small, token)).toBe(held)
    expect(await stage.judge(small, ofGlobex)).toBe(held)
    // A cached token counts as use.
    expect(stage.judgeNow(small, token)).toBe(held)
    expect(await stage.judge(small, initech.token())).toBe(held)
    expect(small.health().resolved?.known).toBe(2)
    stage.asked.length = 0
    expect(await stage.judge(small, token)).toBe(held)
    expect(stage.asked).toEqual([])
    expect(await stage.judge(small, ofGlobex)).toBe(held)
    expect(stage.asked).toEqual([globex.issuer])
  })

  test('Resolver: an issuer that goes fetches no more keys', async () => {
    const signals: AbortSignal[] = []
    const fetcher: typeof fetch = (_, init) => {
      if (init?.signal) signals.push(init.signal)
      return new Promise(() => {})
    }
    const small = stage.open({ issuer: { ...stage.resolver, max: 1 }, fetch: fetcher })
    const remote = await stage.tenant('remote')
    stage.answers.set(remote.issuer, () => ({ issuer: remote.issuer, jwksUri: `${remote.issuer}/jwks` }))
    const code = stage.judge(small, remote.token())
    expect(await stage.judge(small, token)).toBe(held)
    expect(await code).toBe('keys_unavailable')
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  })
})
