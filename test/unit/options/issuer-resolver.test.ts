import { createVerifier, type IssuerOptions, OptionsError, type Verifier, type VerifierOptions } from 'onbehalf'
import { describe, expect, test } from 'vitest'
import { createStage, createTenant } from '../token/tenants.ts'

const resource = 'https://api.example.test'
const resolve = (): undefined => undefined

function problemsOf(options: object): readonly string[] {
  try {
    createVerifier({ resource, ...options } as VerifierOptions)
    return []
  } catch (error) {
    if (error instanceof OptionsError) return error.problems.map(({ path }) => path)
    throw error
  }
}

describe('the options of a resolver', () => {
  test.each<[string, unknown, readonly string[]]>([
    ['alone', { resolve }, []],
    ['in a list', ['https://as.example.test', { resolve, max: 1, freshSeconds: 1 }], []],
    ['several', [{ resolve }, { resolve }], []],
    ['resolve is no function', { resolve: 'https://as.example.test' }, ['issuer.resolve']],
    ['resolve is undefined', { resolve: undefined }, ['issuer.resolve']],
    ['max out of bounds', [{ resolve, max: 0 }], ['issuer[0].max']],
    ['max is no number', { resolve, max: '5' }, ['issuer.max']],
    ['freshSeconds out of bounds', { resolve, freshSeconds: 0 }, ['issuer.freshSeconds']],
    ['an unknown member', { resolve, issuer: 'https://as.example.test' }, ['issuer.issuer']],
    ['an inherited function', Object.create({ resolve }), ['issuer', 'issuer']],
    ['a function', resolve, ['issuer', 'issuer']],
  ])('Options: %s', (_, issuer, problems) => {
    expect(problemsOf({ issuer })).toEqual(problems)
  })

  test.each([
    'https://login.microsoftonline.com/{tenantid}/v2.0',
    'https://*.example.test',
    'https://login.microsoftonline.com/common/v2.0',
    'https://login.microsoftonline.com/organizations/v2.0',
  ])('Resolver: the problem of the template %s names IssuerResolver', (issuer) => {
    try {
      createVerifier({ issuer, resource })
      expect.unreachable()
    } catch (error) {
      expect((error as OptionsError).problems[0]?.message).toContain('IssuerResolver')
    }
  })
})

describe('party rules beside a resolver', () => {
  const only = 'https://as.example.test'
  const issuer = [only, { resolve }]

  test.each<[string, object, readonly string[]]>([
    ['a subject needs an issuer', { subject: 'travel-7' }, ['access.actor']],
    ['a subject with a configured issuer', { subject: 'travel-7', issuer: only }, []],
    ['a subject with an issuer the resolver may know', { subject: 'travel-7', issuer: 'https://t1.example.test' }, []],
    ['a kind alone', { kind: 'agent' }, []],
  ])('Access: %s', (_, actor, problems) => {
    expect(problemsOf({ issuer, access: { actor } })).toEqual(problems)
    expect(problemsOf({ issuer: { resolve }, access: { actor } })).toEqual(problems)
  })

  test('Access: the rules of routes are judged likewise', async () => {
    const stage = await createStage()
    const acme = await stage.tenant('acme')
    const verifier = stage.open({ issuer: [stage.forge.trust, stage.resolver] })
    const context = await stage.forge.context({ verifier, token: acme.token({ act: { sub: 'travel-7' } }) })
    await expect(verifier.authorize(context, { actor: { subject: 'travel-7' } })).rejects.toThrow(OptionsError)
    const decide = async (issuer: string) =>
      (await verifier.authorize(context, { actor: { subject: 'travel-7', issuer } })).ok
    expect(await decide(acme.issuer)).toBe(true)
    expect(await decide(stage.forge.trust.issuer)).toBe(false)
  })
})

describe('the metadata document', () => {
  const servers = ['https://t1.example.test', 'https://t2.example.test']
  const documentOf = (options: Partial<VerifierOptions>) =>
    createVerifier({ issuer: { resolve }, resource, ...options }).metadata?.document([])

  test('RFC 9728 §2: authorization_servers comes from the option where a resolver is, else from the issuers', () => {
    expect(documentOf({})).not.toHaveProperty('authorization_servers')
    expect(documentOf({ issuer: ['https://as.example.test', { resolve }] })).toMatchObject({
      authorization_servers: ['https://as.example.test'],
    })
    expect(documentOf({ metadata: { authorization_servers: servers } })).toMatchObject({
      authorization_servers: servers,
    })
    const configured = { issuer: 'https://as.example.test', metadata: { authorization_servers: servers } }
    expect(problemsOf(configured)).toEqual(['metadata.authorization_servers'])
    expect(problemsOf({ issuer: { resolve }, metadata: { authorization_servers: [7] } })).toEqual([
      'metadata.authorization_servers[0]',
    ])
  })

  test('RFC 9728 §2: it does not say that every token is bound, because an answer may allow others', () => {
    expect(documentOf({ mtls: false })).not.toHaveProperty('dpop_bound_access_tokens_required')
    expect(documentOf({ issuer: 'https://as.example.test', mtls: false })).toMatchObject({
      dpop_bound_access_tokens_required: true,
    })
  })
})

describe('schemes', () => {
  const schemes = (verifier: Verifier) => verifier.describe().schemes

  test('Options: both schemes are taken beside a resolver, because an answer may need either', () => {
    for (const off of [
      { mtls: false as const },
      { dpop: false as const },
      { dpop: false as const, mtls: false as const },
    ]) {
      expect(schemes(createVerifier({ issuer: { resolve }, resource, ...off }))).toEqual(['Bearer', 'DPoP'])
    }
  })

  test('Options: a token without cnf is admitted where the answer allows it, and nowhere else', async () => {
    const stage = await createStage()
    const strict = await stage.tenant('strict')
    const lax = await stage.tenant('lax', { dangerously: { allowUnbound: true } })
    for (const off of [{}, { mtls: false as const }, { dpop: false as const, mtls: false as const }]) {
      const verifier = stage.open(off)
      const bearer = (token: string) => stage.forge.code({ verifier, token, scheme: 'Bearer', proof: null })
      expect(await bearer(lax.token({ cnf: undefined }))).toBe('admitted')
      expect(await bearer(strict.token({ cnf: undefined }))).toBe('binding_missing')
      const bound = 'dpop' in off ? 'binding_unsupported' : 'binding_scheme'
      expect(await bearer(lax.token())).toBe(bound)
    }
  })
})

test('Options: an answer is copied: what its object becomes later has no effect', async () => {
  const stage = await createStage()
  const acme = await createTenant(stage.forge, 'acme', { audience: 'urn:acme' })
  const options: IssuerOptions = { ...acme.options }
  stage.answers.set(acme.issuer, () => options)
  const verifier = stage.open()
  expect(await stage.judge(verifier, acme.token({ aud: 'urn:acme' }))).toBe('proof_missing')
  options.audience = 'urn:other'
  expect(await stage.judge(verifier, acme.token({ aud: 'urn:acme' }))).toBe('proof_missing')
})
