import type { IssuerOptions } from 'onbehalf'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import * as warnings from '../../../src/internal/process-warnings.ts'
import { until } from '../../support/key-home.ts'
import { createStage, createTenant, held, pending, type Stage, type Tenant } from './tenants.ts'

/** Anybody can send a token that names any issuer: its signature is not verified yet. */

let stage: Stage
let acme: Tenant

beforeEach(async () => {
  stage = await createStage()
  acme = await stage.tenant('acme')
})

describe('what is never asked about', () => {
  const long = `https://as.example.test/${'a'.repeat(512 - 'https://as.example.test/'.length)}`

  test.each<[string, unknown]>([
    ['513 characters', `${long}a`],
    ['a control character', 'https://as.example.test/\u0007'],
    ['a line feed', 'https://as.example.test/\n'],
    ['a C1 control', 'https://as.example.test/\u009b'],
    ['DEL', 'https://as.example.test/\u007f'],
    ['a space', 'https://as.example.test/ x'],
    ['a backslash', 'https:\\\\as.example.test'],
    ['http', 'http://as.example.test'],
    ['another scheme', 'file:///etc/passwd'],
    ['data', 'data:application/json,{}'],
    ['userinfo', 'https://user:secret@as.example.test'],
    ['userinfo without a password', 'https://as.example.test@evil.test'],
    ['a fragment', 'https://as.example.test/#x'],
    ['an empty fragment', 'https://as.example.test/#'],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['nothing', ''],
    ['no URL', 'acme'],
    ['a relative URL', '//as.example.test'],
    ['a list', ['https://as.example.test']],
    ['an object', { toString: 'https://as.example.test' }],
    ['a number', 7],
    ['null', null],
    ['no issuer', undefined],
  ])('Resolver: %s is token_issuer without a question', async (_, iss) => {
    const fetcher = vi.fn<typeof fetch>()
    expect(await stage.judge(stage.open({ fetch: fetcher }), acme.token({ iss }))).toBe('token_issuer')
    expect([stage.asked, fetcher.mock.calls]).toEqual([[], []])
  })

  test.each([
    ['512 characters', long],
    ['http on a loopback host', 'http://127.0.0.1:8080/acme'],
    ['http on a host that allowHttp names', 'http://keycloak:8080/realms/acme'],
  ])('Resolver: %s is asked about, and nothing is fetched', async (_, iss) => {
    const fetcher = vi.fn<typeof fetch>()
    const verifier = stage.open({ fetch: fetcher, dangerously: { allowHttp: ['keycloak'] } })
    expect(await stage.judge(verifier, acme.token({ iss }))).toBe('token_issuer')
    expect([stage.asked, fetcher.mock.calls]).toEqual([[iss], []])
  })
})

describe('a resolver that answers nonsense', () => {
  test.each<[string, () => unknown]>([
    ['null', () => null],
    ['false', () => false],
    ['true', () => true],
    ['a string', () => acme.issuer],
    ['a list', () => [acme.options]],
    ['a function', () => () => acme.options],
    ['an instance of a class', () => new (class Tenant {})()],
    ['options without issuer', () => ({ jwks: acme.options.jwks })],
    ['another issuer’s options', () => ({ ...acme.options, issuer: 'https://globex.example.test' })],
    ['an issuer with a slash more', () => ({ ...acme.options, issuer: `${acme.issuer}/` })],
    ['inherited options', () => Object.create(acme.options)],
    ['an unknown member', () => ({ ...acme.options, jwk: {} })],
    ['a wrong member', () => ({ ...acme.options, maxTokenSeconds: '3600' })],
    ['a wrong dialect', () => ({ ...acme.options, dialect: 'rfc9069' })],
    ['no usable key', () => ({ ...acme.options, jwks: { keys: [] } })],
    ['http keys', () => ({ issuer: acme.issuer, jwksUri: 'http://keys.example.test' })],
    [
      'a getter that throws',
      () => ({
        get issuer() {
          throw new Error('no')
        },
      }),
    ],
    ['a Proxy that was revoked', revokedProxy],
    ['a promise of null', async () => null],
    ['a rejection', () => Promise.reject(new Error('no'))],
    ['a rejection of undefined', () => Promise.reject(undefined)],
    ['a throw', thrower],
    // biome-ignore lint/suspicious/noThenProperty: a thenable is meant
    ['a thenable that throws', () => ({ then: thrower })],
  ])('P41: %s is keys_unavailable, and no promise is left rejected', async (_, answer) => {
    stage.answers.set(acme.issuer, answer)
    const fetcher = vi.fn<typeof fetch>()
    const verifier = stage.open({ fetch: fetcher })
    expect(await stage.judge(verifier, acme.token())).toBe('keys_unavailable')
    expect(fetcher.mock.calls).toEqual([])
    expect(verifier.health().resolved).toEqual({ known: 0, unknown: 0, pending: 0 })
    stage.answers.set(acme.issuer, () => acme.options)
    expect(await stage.judge(verifier, acme.token())).toBe(held)
  })

  test('P41: silence is keys_unavailable after hookTimeoutMs, and a later answer changes nothing', async () => {
    const answer = pending<IssuerOptions>()
    stage.answers.set(acme.issuer, () => answer.promise)
    const verifier = stage.open({ hookTimeoutMs: 10 })
    expect(await stage.judge(verifier, acme.token())).toBe('keys_unavailable')
    answer.resolve(acme.options)
    await answer.promise
    expect(verifier.health().resolved).toEqual({ known: 0, unknown: 0, pending: 0 })
  })

  test('P41: an answer that changes between two readings is read once', async () => {
    let reads = 0
    const options = {
      ...acme.options,
      get issuer() {
        return reads++ === 0 ? acme.issuer : 'https://globex.example.test'
      },
    }
    stage.answers.set(acme.issuer, () => options)
    expect(await stage.judge(stage.open(), acme.token())).toBe(held)
    expect(reads).toBe(1)
  })

  test('Resolver: the process is warned, without the issuer that the caller chose and without secrets', async () => {
    const warned = vi.spyOn(warnings, 'hintAtWrongResolver').mockReturnValue()
    const client = { id: 'api', secret: 'hush', key: 'hush' }
    stage.answers.set(acme.issuer, () => ({ ...acme.options, introspection: { for: 'all', client } }) as never)
    await stage.judge(stage.open(), acme.token())
    const [[text = ''] = []] = warned.mock.calls
    warned.mockRestore()
    expect(text).toContain('issuer.resolve().introspection.client.key')
    expect(text).not.toMatch(/hush|acme/)
  })

  test('Resolver: the cause is among the facts, for the operator alone', async () => {
    stage.answers.set(acme.issuer, () => ({ ...acme.options, maxTokenSeconds: 0 }))
    const refusal = await stage.forge.refusal({ verifier: stage.open(), token: acme.token() })
    expect(refusal).toMatchObject({ code: 'keys_unavailable', status: 503, facts: { issuer: acme.issuer } })
    expect(refusal.facts.cause).toContain('issuer.resolve().maxTokenSeconds')
    expect(JSON.stringify([refusal.headers, refusal.body])).not.toContain('acme')
  })
})

describe('a flood of issuers that the caller makes up', () => {
  const madeUp = (number: number) => acme.token({ iss: `https://t${number}.evil.test` })

  test('Resolver: it keeps no more than 1 000 of them and pushes out no known one', async () => {
    const verifier = stage.open({ issuer: { ...stage.resolver, max: 1 } })
    const token = acme.token()
    expect(await stage.judge(verifier, token)).toBe(held)
    for (let number = 0; number < 1_100; number++) {
      expect(stage.judgeNow(verifier, madeUp(number))).toBe('token_issuer')
    }
    expect(verifier.health().resolved).toEqual({ known: 1, unknown: 1_000, pending: 0 })
    expect(stage.judgeNow(verifier, token)).toBe(held)
    expect(stage.judgeNow(verifier, acme.token())).toBe(held)
    expect(stage.asked.filter((iss) => iss === acme.issuer).length).toBe(1)
  })

  test('Resolver: 16 questions are under way at most; known issuers notice nothing', async () => {
    const token = acme.token()
    const answer = pending<undefined>()
    let parallel = 0
    const resolve = (iss: string) => {
      if (iss === acme.issuer) return acme.options
      parallel++
      return answer.promise
    }
    const verifier = stage.open({ issuer: [{ resolve: () => undefined }, { resolve }] })
    expect(await stage.judge(verifier, token)).toBe(held)
    const waiting = Array.from({ length: 16 }, (_, number) => stage.judge(verifier, madeUp(number)))
    for (let number = 16; number < 200; number++) {
      expect(stage.judgeNow(verifier, madeUp(number))).toBe('keys_unavailable')
    }
    expect([parallel, verifier.health().resolved?.pending]).toEqual([16, 16])
    expect(stage.judgeNow(verifier, token)).toBe(held)
    answer.resolve(undefined)
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['token_issuer']))
    expect(verifier.health().resolved?.pending).toBe(0)
  })

  test('Resolver: a known issuer is asked about as soon as a turn is free, before the next stranger', async () => {
    const token = acme.token()
    const verifier = stage.open()
    expect(await stage.judge(verifier, token)).toBe(held)
    const strangers = Array.from({ length: 16 }, () => pending<undefined>())
    for (const [number, { promise }] of strangers.entries()) {
      stage.answers.set(`https://t${number}.evil.test`, () => promise)
    }
    const renewed = pending<IssuerOptions>()
    stage.answers.set(acme.issuer, () => renewed.promise)
    stage.forge.clock.advance(241)
    const waiting = strangers.map((_, number) => stage.judge(verifier, madeUp(number)))
    expect(stage.judgeNow(verifier, token)).toBe(held)
    const count = () => stage.asked.filter((iss) => iss === acme.issuer).length
    expect(count()).toBe(1)
    strangers[0]?.resolve(undefined)
    expect(await waiting[0]).toBe('token_issuer')
    expect(count()).toBe(2)
    expect(stage.judgeNow(verifier, madeUp(99))).toBe('keys_unavailable')
    renewed.resolve(acme.options)
    await until(() => verifier.health().resolved?.pending === 15)
    for (const { resolve } of strangers) resolve(undefined)
    await Promise.all(waiting)
    stage.forge.clock.advance(240)
    expect(stage.judgeNow(verifier, token)).toBe(held)
  })

  test('Resolver: where no turn is free, an old yes is held as in any outage', async () => {
    const token = acme.token()
    const verifier = stage.open()
    expect(await stage.judge(verifier, token)).toBe(held)
    const answer = pending<undefined>()
    for (let number = 0; number < 16; number++) stage.answers.set(`https://t${number}.evil.test`, () => answer.promise)
    const waiting = Array.from({ length: 16 }, (_, number) => stage.judge(verifier, madeUp(number)))
    stage.forge.clock.advance(301)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    stage.forge.clock.advance(299)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    stage.forge.clock.advance(1)
    expect(stage.judgeNow(verifier, token)).toBe('keys_unavailable')
    answer.resolve(undefined)
    await Promise.all(waiting)
  })
})

test('AT-03: a tenant cannot speak for another, nor for a configured issuer, under a kid that they share', async () => {
  const globex = await createTenant(stage.forge, 'globex')
  stage.answers.set(globex.issuer, () => globex.options)
  const verifier = stage.open({ issuer: [stage.forge.trust, stage.resolver] })
  for (const round of ['cold', 'warm']) {
    expect(await stage.judge(verifier, acme.token()), round).toBe(held)
    expect(await stage.judge(verifier, globex.token()), round).toBe(held)
    expect(await stage.judge(verifier, globex.token({ iss: acme.issuer })), round).toBe('token_signature')
    expect(await stage.judge(verifier, globex.token({ iss: stage.forge.trust.issuer })), round).toBe('token_signature')
  }
})

function thrower(): never {
  throw new Error('no')
}

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
