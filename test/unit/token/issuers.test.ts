import { expect, test } from 'vitest'
import type { IssuerOptions, Verifier } from '../../../src/index.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import { makeRawKey, type RawKey, rawJws } from '../../support/jws.ts'
import { resource } from '../../support/kit.ts'

const forge: Forge = await createForge()
const { verifier } = forge

test.each([
  'https://as.example.test/',
  'https://AS.example.test',
  'HTTPS://as.example.test',
  'https://as.example.test:443',
  'http://as.example.test',
  'https://as.example.test#',
  ' https://as.example.test',
  'https://as.example.test ',
  'https://as.example.test\u0000',
  'https://as.example.tes',
  'https://as.example.test.evil.test',
  'https://as\u002eexample\u002etest/x',
  'https://аs.example.test',
  '',
  undefined,
  null,
  1,
  {},
  ['https://as.example.test'],
  { 'https://as.example.test': true },
  '__proto__',
  'constructor',
])('AT-02: iss %j is not the configured issuer', async (iss) => {
  expect(await forge.code({ verifier, token: forge.token({ iss }) })).toBe('token_issuer')
})

const withoutText: readonly unknown[] = [{ toString: null }, { toString: 1, valueOf: 1 }, { x: [{ toString: null }] }]

test.each(withoutText)('AT-02: iss %j, which has no text form, is token_issuer', async (iss) => {
  expect(await forge.code({ verifier, token: forge.token({ iss }) })).toBe('token_issuer')
  expect(await forge.code({ verifier, token: forge.token({ iss: [iss] }) })).toBe('token_issuer')
})

test('AT-02: the issuer is compared as configured, trailing slash and port included', async () => {
  for (const issuer of ['https://as.example.test/', 'https://as.example.test:443', 'urn:issuer', 'ISSUER']) {
    const odd = forge.verifierTrusting({ issuer })
    expect(await forge.code({ verifier: odd, token: forge.token({ iss: issuer }) }), issuer).toBe('admitted')
    expect(await forge.code({ verifier: odd, token: forge.token() }), issuer).toBe('token_issuer')
  }
})

async function twoIssuers(): Promise<{ verifier: Verifier; keyB: RawKey; iss: readonly [string, string] }> {
  const keyB = await makeRawKey('ES256')
  const iss = ['https://as.example.test', 'https://partner.example.test'] as const
  const partner: IssuerOptions = { issuer: iss[1], jwks: { keys: [{ ...keyB.publicJwk, kid: 'k1', alg: 'ES256' }] } }
  return { verifier: forge.verifierWith({ issuer: [forge.trust, partner] }), keyB, iss }
}

test('AT-03: a token is verified with keys of the issuer it names only, also when the kid is the same', async () => {
  const { verifier: both, keyB, iss } = await twoIssuers()
  const make = (key: RawKey, issuer: string) => rawJws(key, forge.header(), forge.claims({ iss: issuer }))
  for (const round of ['cold', 'warm']) {
    expect(await forge.code({ verifier: both, token: make(forge.key, iss[0]) }), round).toBe('admitted')
    expect(await forge.code({ verifier: both, token: make(keyB, iss[1]) }), round).toBe('admitted')
    expect(await forge.code({ verifier: both, token: make(keyB, iss[0]) }), round).toBe('token_signature')
    expect(await forge.code({ verifier: both, token: make(forge.key, iss[1]) }), round).toBe('token_signature')
  }
})

test("AT-03: without a kid another issuer's key is not tried either", async () => {
  const { verifier: both, keyB, iss } = await twoIssuers()
  const forged = rawJws(keyB, forge.header({ kid: undefined }), forge.claims({ iss: iss[0] }))
  expect(await forge.code({ verifier: both, token: forged })).toBe('token_signature')
})

test('AT-03: parties of two issuers with one subject stay two', async () => {
  const { verifier: both, keyB, iss } = await twoIssuers()
  const first = await forge.context({ verifier: both, token: forge.token() })
  const second = await forge.context({
    verifier: both,
    token: rawJws(keyB, forge.header(), forge.claims({ iss: iss[1] })),
  })
  expect(first.principal).toMatchObject({ subject: 'alice', issuer: iss[0], assertedBy: iss[0] })
  expect(second.principal).toMatchObject({ subject: 'alice', issuer: iss[1], assertedBy: iss[1] })
})

test('AT-03: each issuer has its own audience, algorithms and ceiling', async () => {
  const keyB = await makeRawKey('ES256')
  const partner: IssuerOptions = {
    issuer: 'https://partner.example.test',
    jwks: { keys: [{ ...keyB.publicJwk, kid: 'k1', alg: 'ES256' }] },
    audience: 'urn:partner:api',
    maxTokenSeconds: 60,
  }
  const both = forge.verifierWith({ issuer: [forge.trust, partner] })
  const outcome = async (claims: object) => {
    const token = rawJws(keyB, forge.header(), forge.claims({ iss: partner.issuer, ...claims }))
    return forge.code({ verifier: both, token })
  }
  const now = forge.clock.now() / 1_000
  expect(await outcome({ aud: 'urn:partner:api', exp: now + 60 })).toBe('admitted')
  expect(await outcome({ aud: 'urn:partner:api', exp: now + 61 })).toBe('token_lifetime')
  expect(await outcome({ aud: resource, exp: now + 60 })).toBe('token_audience')
  expect(await forge.code({ verifier: both, token: forge.token({ aud: 'urn:partner:api' }) })).toBe('token_audience')
})
