import type { IssuerOptions, Verifier } from 'onbehalf'
import { beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../support/key-home.ts'
import { createStage, held, pending, type Stage, type Tenant } from './tenants.ts'

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
const answerLater = () => stage.answers.set(acme.issuer, async () => acme.options)
const isIdle = () => verifier.health().resolved?.pending === 0
/** How often the resolver was asked about the tenant. */
const asked = () => stage.asked.filter((iss) => iss === acme.issuer).length

function failAtOnce(): void {
  stage.answers.set(acme.issuer, () => {
    throw new Error('no database')
  })
}

/** Takes all turns. */
function crowd() {
  const answer = pending<undefined>()
  const names = Array.from({ length: 16 }, (_, number) => `https://t${number}.evil.test`)
  for (const name of names) stage.answers.set(name, () => answer.promise)
  const waiting = names.map((iss) => stage.judge(verifier, acme.token({ iss })))
  return async () => {
    answer.resolve(undefined)
    await Promise.all(waiting)
    await until(isIdle)
  }
}

describe('renewal', () => {
  test('Resolver: each time an answer grows old it is asked for again behind the request', async () => {
    answerLater()
    for (const times of [2, 3, 4]) {
      advance(241)
      expect(stage.judgeNow(verifier, token)).toBe(held)
      await until(isIdle)
      expect(asked()).toBe(times)
    }
  })

  test('Resolver: a good answer after an outage is believed for freshSeconds, not for twice as long', async () => {
    failAtOnce()
    advance(241)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    answerLater()
    advance(1)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    await until(isIdle)
    advance(301)
    expect(stage.judgeNow(verifier, token)).toBe('had to wait')
  })

  test('Resolver: after a failure it is not asked before a second has passed', async () => {
    failAtOnce()
    advance(241)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    advance(0.999)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    expect(asked()).toBe(2)
    advance(0.001)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    expect(asked()).toBe(3)
  })

  test('Resolver: where no request came in time to ask, a yes is held up to twice freshSeconds', async () => {
    failAtOnce()
    advance(600)
    expect(stage.judgeNow(verifier, token)).toBe(held)
  })

  test('Resolver: many requests that wait for a turn to renew cause one question', async () => {
    const leave = crowd()
    advance(241)
    for (let request = 0; request < 20; request++) expect(stage.judgeNow(verifier, token)).toBe(held)
    expect(asked()).toBe(1)
    await leave()
    expect(asked()).toBe(2)
  })

  test('Resolver: an issuer that is gone when its turn comes is not asked about', async () => {
    const leave = crowd()
    advance(241)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    advance(360)
    expect(stage.judgeNow(verifier, token)).toBe('keys_unavailable')
    await leave()
    expect(asked()).toBe(1)
  })
})

describe('what is kept for a resolved issuer', () => {
  test('Resolver: a token stays verified between requests', async () => {
    const context = () => stage.forge.context({ verifier, token })
    const first = await context()
    expect(await context()).toBe(first)
    advance(200)
    expect(await context()).toBe(first)
  })

  test('RFC 7662 §4: of tokens that are not active no more are remembered than cache.tokens', async () => {
    let questions = 0
    const fetcher: typeof fetch = async () => {
      questions++
      return Response.json({ active: false })
    }
    const client = { id: 'api', secret: 'secret' }
    const introspection = { for: 'all', endpoint: 'https://acme.example.test/introspect', client } as const
    stage.answers.set(acme.issuer, () => ({ ...acme.options, introspection }))
    const small = stage.open({ cache: { tokens: 2 }, fetch: fetcher })
    const tokens = [acme.token(), acme.token(), acme.token()]
    for (const one of [...tokens, ...tokens]) expect(await stage.judge(small, one)).toBe('token_revoked')
    expect(questions).toBe(6)
  })

  test('Close: it ends the fetch of keys that is under way', async () => {
    const signals: AbortSignal[] = []
    const fetcher: typeof fetch = (_, init) => {
      if (init?.signal) signals.push(init.signal)
      return new Promise(() => {})
    }
    const remote = stage.open({ fetch: fetcher })
    stage.answers.set(acme.issuer, () => ({ issuer: acme.issuer, jwksUri: `${acme.issuer}/jwks` }))
    const code = stage.judge(remote, token)
    await remote.close()
    // At once, and not when the fetch runs into its own deadline.
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    expect(await code).toBe('keys_unavailable')
  })
})

test('Resolver: each kind of outage has a cause of its own', async () => {
  const causeOf = async () => {
    const { code, facts } = await stage.forge.refusal({ verifier, token: stranger.token() })
    expect([code, facts.issuer]).toEqual(['keys_unavailable', stranger.issuer])
    return facts.cause
  }
  const stranger = await stage.tenant('stranger')
  const leave = crowd()
  const crowded = await causeOf()
  await leave()
  stage.answers.set(stranger.issuer, () => Promise.reject(new Error('secret')))
  const failed = await causeOf()
  const late = pending<IssuerOptions>()
  stage.answers.set(stranger.issuer, () => late.promise)
  const waiting = causeOf()
  await until(() => verifier.health().resolved?.pending === 1)
  await verifier.close()
  late.resolve(stranger.options)
  const closed = await waiting
  expect(await causeOf()).toBe(closed)
  expect(new Set([crowded, failed, closed]).size).toBe(3)
  for (const cause of [crowded, failed, closed]) expect(cause).toMatch(/^(?!.*secret)\w/)
})
