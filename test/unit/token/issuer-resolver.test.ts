import { createVerifier, type IssuerOptions } from 'onbehalf'
import { beforeEach, describe, expect, test } from 'vitest'
import { resource } from '../../support/kit.ts'
import { createStage, createTenant, held, pending, type Stage, type Tenant } from './tenants.ts'

let stage: Stage
let acme: Tenant
let globex: Tenant

beforeEach(async () => {
  stage = await createStage()
  acme = await stage.tenant('acme')
  globex = await stage.tenant('globex')
})

describe('whom it knows', () => {
  test('Resolver: tenants of one product are told apart at run time, each with its own keys', async () => {
    const verifier = stage.open()
    expect(await stage.forge.code({ verifier, token: acme.token() })).toBe('admitted')
    expect(await stage.forge.code({ verifier, token: globex.token() })).toBe('admitted')
    expect(await stage.judge(verifier, acme.token({ iss: globex.issuer }))).toBe('token_signature')
    expect(await stage.judge(verifier, acme.token({ iss: 'https://initech.example.test' }))).toBe('token_issuer')
  })

  test('Resolver: the options of an answer hold for its issuer alone', async () => {
    const lax = await stage.tenant('lax', { maxTokenSeconds: 7_200, audience: 'urn:lax' })
    const verifier = stage.open()
    const exp = stage.forge.clock.now() / 1_000 + 7_200
    expect(await stage.judge(verifier, lax.token({ exp, aud: 'urn:lax' }))).toBe(held)
    expect(await stage.judge(verifier, lax.token({ exp }))).toBe('token_audience')
    expect(await stage.judge(verifier, acme.token({ exp }))).toBe('token_lifetime')
    expect(await stage.judge(verifier, acme.token({ aud: 'urn:lax' }))).toBe('token_audience')
  })

  test('Options: a configured issuer is never asked about', async () => {
    const verifier = stage.open({ issuer: [stage.resolver, stage.forge.trust] })
    stage.answers.set(stage.forge.trust.issuer, () => acme.options)
    expect(await stage.judge(verifier, stage.forge.token())).toBe(held)
    expect(stage.asked).toEqual([])
  })

  test('Options: resolvers are asked in order, until one knows the issuer', async () => {
    const asked: string[] = []
    const second = { resolve: (iss: string) => void asked.push(iss) }
    const third = { resolve: async (iss: string) => (iss === acme.issuer ? acme.options : undefined) }
    const verifier = stage.open({ issuer: [second, stage.resolver, third] })
    expect(await stage.judge(verifier, globex.token())).toBe(held)
    stage.answers.delete(acme.issuer)
    expect(await stage.judge(verifier, acme.token())).toBe(held)
    expect(asked).toEqual([globex.issuer, acme.issuer])
    expect(await stage.judge(verifier, acme.token({ iss: 'https://initech.example.test' }))).toBe('token_issuer')
  })

  test('Options: where a resolver fails, no later one is asked', async () => {
    const failing = { resolve: async () => Promise.reject(new Error('no database')) }
    const verifier = stage.open({ issuer: [failing, stage.resolver] })
    expect(await stage.judge(verifier, acme.token())).toBe('keys_unavailable')
    expect(stage.asked).toEqual([])
  })

  test('Options: resolve is called with its object', async () => {
    class Tenants {
      readonly known = new Map([[acme.issuer, acme.options]])
    }
    const resolver = {
      resolve(iss: string): IssuerOptions | undefined {
        return this === resolver ? new Tenants().known.get(iss) : undefined
      },
    }
    expect(await stage.judge(stage.open({ issuer: resolver }), acme.token())).toBe(held)
  })
})

describe('when it is asked', () => {
  test('Resolver: a cached token is judged without asking and without a promise', async () => {
    stage.answers.set(acme.issuer, async () => acme.options)
    const verifier = stage.open()
    const token = acme.token()
    expect(stage.judgeNow(verifier, token)).toBe('had to wait')
    expect(await stage.judge(verifier, token)).toBe(held)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    expect(stage.judgeNow(verifier, acme.token())).toBe(held)
    expect(stage.asked).toEqual([acme.issuer])
  })

  test('Resolver: a resolver that answers at once needs no promise', () => {
    expect(stage.judgeNow(stage.open(), acme.token())).toBe(held)
  })

  test('Resolver: requests of one issuer share one question', async () => {
    const answer = pending<IssuerOptions>()
    stage.answers.set(acme.issuer, () => answer.promise)
    const verifier = stage.open()
    const codes = Array.from({ length: 40 }, () => stage.judge(verifier, acme.token()))
    expect(verifier.health().resolved).toEqual({ known: 0, unknown: 0, pending: 1 })
    answer.resolve(acme.options)
    expect(new Set(await Promise.all(codes))).toEqual(new Set([held]))
    expect(stage.asked).toEqual([acme.issuer])
    expect(verifier.health().resolved).toEqual({ known: 1, unknown: 0, pending: 0 })
  })

  test('Resolver: an unknown issuer is not asked about again for 30 s, and then is', async () => {
    const verifier = stage.open()
    const initech = await createTenant(stage.forge, 'initech')
    for (let second = 0; second < 30; second++) {
      expect(await stage.judge(verifier, initech.token())).toBe('token_issuer')
      stage.forge.clock.advance(1)
    }
    expect(stage.asked).toEqual([initech.issuer])
    stage.answers.set(initech.issuer, () => initech.options)
    expect(await stage.judge(verifier, initech.token())).toBe(held)
  })

  test('Resolver: ready() asks nothing and needs no configured issuer', async () => {
    await stage.open().ready()
    expect(stage.asked).toEqual([])
  })

  test('Resolver: after close() no question is asked, and known issuers are judged with the keys at hand', async () => {
    const verifier = stage.open()
    const token = acme.token()
    expect(await stage.judge(verifier, token)).toBe(held)
    await verifier.close()
    stage.forge.clock.advance(299)
    expect(stage.judgeNow(verifier, token)).toBe(held)
    expect(await stage.judge(verifier, globex.token())).toBe('keys_unavailable')
    expect(stage.asked).toEqual([acme.issuer])
  })

  test('Resolver: an answer that comes after close() is not used', async () => {
    const answer = pending<IssuerOptions>()
    stage.answers.set(acme.issuer, () => answer.promise)
    const verifier = stage.open()
    const code = stage.judge(verifier, acme.token())
    await verifier.close()
    answer.resolve(acme.options)
    expect(await code).toBe('keys_unavailable')
    expect(verifier.health().resolved).toMatchObject({ known: 0, pending: 0 })
  })
})

describe('RFC 8725 §3.11: typ and alg before the issuer is known', () => {
  test.each([
    ['typ', { typ: 'dpop+jwt' }, 'token_type'],
    ['typ', { typ: 'application/oauth-id-jag+jwt' }, 'token_type'],
    ['typ', { typ: 7 }, 'token_type'],
    ['alg', { alg: 'HS256' }, 'token_algorithm'],
    ['alg', { alg: 'none' }, 'token_algorithm'],
    ['alg', { alg: undefined }, 'token_algorithm'],
  ])('RFC 8725 §3.11: %s %j, which no issuer may take, is refused without asking', async (_, header, code) => {
    expect(await stage.judge(stage.open(), acme.token({}, header))).toBe(code)
    expect(stage.asked).toEqual([])
  })

  test('RFC 8725 §3.11: what only this issuer does not take is refused when it is known', async () => {
    const verifier = stage.open()
    expect(await stage.judge(verifier, acme.token({}, { typ: 'JWT' }))).toBe('token_type')
    expect(await stage.judge(verifier, acme.token({}, { alg: 'ES512' }))).toBe('token_algorithm')
    expect(await stage.judge(verifier, acme.token({ iss: 'https://a.example.test' }, { typ: 'JWT' }))).toBe(
      'token_issuer',
    )
    const plain = await stage.tenant('plain', { dialect: 'auth0' })
    expect(await stage.judge(verifier, plain.token({}, { typ: 'JWT' }))).toBe(held)
  })

  test('Options: the hint of a resolved issuer names the answer of the resolver', async () => {
    const verifier = stage.open({ issuer: [stage.forge.trust, stage.resolver] })
    const refusal = await stage.forge.refusal({ verifier, token: acme.token({ cnf: undefined }) })
    expect([refusal.code, refusal.facts.hint]).toEqual([
      'binding_missing',
      'issuer[1].resolve().dangerously.allowUnbound',
    ])
  })
})

test('Options: fetched keys of a resolved issuer come from where its answer says', async () => {
  const fetched: string[] = []
  const fetcher: typeof fetch = async (input) => {
    fetched.push(String(input))
    return Response.json(acme.options.jwks)
  }
  const { issuer } = acme
  stage.answers.set(issuer, () => ({ issuer, jwksUri: 'https://keys.example.test/acme', maxTokenSeconds: 3_600 }))
  const verifier = stage.open({ fetch: fetcher })
  expect(await stage.judge(verifier, acme.token())).toBe(held)
  expect(await stage.judge(verifier, acme.token({ iss: 'https://evil.example.test' }))).toBe('token_issuer')
  expect(fetched).toEqual(['https://keys.example.test/acme'])
})

test('RFC 7662 §2.1: a resolved issuer may want its JWTs asked about, and not opaque tokens', async () => {
  const bodies: string[] = []
  const fetcher: typeof fetch = async (_, init) => {
    bodies.push(String(init?.body))
    return Response.json({ active: bodies.length === 1 })
  }
  const introspection = { endpoint: 'https://acme.example.test/introspect', client: { id: 'api', secret: 'secret' } }
  stage.answers.set(acme.issuer, () => ({ ...acme.options, introspection: { ...introspection, for: 'all' } }))
  stage.answers.set(globex.issuer, () => ({ ...globex.options, introspection }))
  const verifier = stage.open({ fetch: fetcher })
  expect(await stage.judge(verifier, acme.token())).toBe(held)
  expect(await stage.judge(verifier, acme.token())).toBe('token_revoked')
  expect(await stage.judge(verifier, globex.token())).toBe('keys_unavailable')
  expect(await stage.judge(verifier, 'opaque')).toBe('token_malformed')
  expect(bodies.length).toBe(2)
})

test('Options: describe() and health() show resolvers, and no issuer that they know', async () => {
  const verifier = stage.open({ issuer: [stage.forge.trust, { ...stage.resolver, max: 5, freshSeconds: 301 }] })
  await stage.judge(verifier, acme.token())
  expect(verifier.describe()).toMatchObject({
    resolvers: [{ max: 5, freshSeconds: 301 }],
    issuers: [{ issuer: stage.forge.trust.issuer }],
    relaxations: ['issuer[1].freshSeconds'],
  })
  expect(verifier.health().resolved).toEqual({ known: 1, unknown: 0, pending: 0 })
  expect(verifier.health().issuers).toMatchObject([{ issuer: stage.forge.trust.issuer }])
  const plain = createVerifier({ issuer: stage.forge.trust, resource })
  expect([plain.describe().resolvers, plain.health().resolved]).toEqual([[], null])
})
