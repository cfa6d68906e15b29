import { expect, test } from 'vitest'
import type { IssuerOptions, Verifier } from '../../../src/index.ts'
import { makeRawKey, type RawKey, rawJws } from '../../support/raw-jws.ts'
import { contextIn, createScene, outcomeOf, type Scene } from '../../support/scene.ts'

const scene: Scene = await createScene()
const verifier = scene.verifier()

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
  expect(outcomeOf(await scene.send(verifier, scene.token({ iss })))).toBe('token_issuer')
})

const withoutText: readonly unknown[] = [{ toString: null }, { toString: 1, valueOf: 1 }, { x: [{ toString: null }] }]

test.each(withoutText)('AT-02: iss %j, which has no text form, is token_issuer', async (iss) => {
  expect(outcomeOf(await scene.send(verifier, scene.token({ iss })))).toBe('token_issuer')
  expect(outcomeOf(await scene.send(verifier, scene.token({ iss: [iss] })))).toBe('token_issuer')
})

test('AT-02: the issuer is compared as configured, trailing slash and port included', async () => {
  for (const issuer of ['https://as.example.test/', 'https://as.example.test:443', 'urn:issuer', 'ISSUER']) {
    const odd = scene.verifier({ issuer })
    expect(outcomeOf(await scene.send(odd, scene.token({ iss: issuer }))), issuer).toBe('admitted')
    expect(outcomeOf(await scene.send(odd, scene.token())), issuer).toBe('token_issuer')
  }
})

async function twoIssuers(): Promise<{ verifier: Verifier; keyB: RawKey; iss: readonly [string, string] }> {
  const keyB = await makeRawKey('ES256')
  const iss = ['https://as.example.test', 'https://partner.example.test'] as const
  const partner: IssuerOptions = { issuer: iss[1], jwks: { keys: [{ ...keyB.publicJwk, kid: 'k1', alg: 'ES256' }] } }
  return { verifier: scene.verifier({}, { issuer: [scene.issuer, partner] }), keyB, iss }
}

test('AT-03: a token is verified with keys of the issuer it names only, also when the kid is the same', async () => {
  const { verifier: both, keyB, iss } = await twoIssuers()
  const make = (key: RawKey, issuer: string) => rawJws(key, scene.header(), scene.claims({ iss: issuer }))
  for (const round of ['cold', 'warm']) {
    expect(outcomeOf(await scene.send(both, make(scene.key, iss[0]))), round).toBe('admitted')
    expect(outcomeOf(await scene.send(both, make(keyB, iss[1]))), round).toBe('admitted')
    expect(outcomeOf(await scene.send(both, make(keyB, iss[0]))), round).toBe('token_signature')
    expect(outcomeOf(await scene.send(both, make(scene.key, iss[1]))), round).toBe('token_signature')
  }
})

test("AT-03: without a kid another issuer's key is not tried either", async () => {
  const { verifier: both, keyB, iss } = await twoIssuers()
  const forged = rawJws(keyB, scene.header({ kid: undefined }), scene.claims({ iss: iss[0] }))
  expect(outcomeOf(await scene.send(both, forged))).toBe('token_signature')
})

test('AT-03: parties of two issuers with one subject stay two', async () => {
  const { verifier: both, keyB, iss } = await twoIssuers()
  const first = contextIn(await scene.send(both, scene.token()))
  const second = contextIn(await scene.send(both, rawJws(keyB, scene.header(), scene.claims({ iss: iss[1] }))))
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
  const both = scene.verifier({}, { issuer: [scene.issuer, partner] })
  const outcome = async (claims: object) => {
    const token = rawJws(keyB, scene.header(), scene.claims({ iss: partner.issuer, ...claims }))
    return outcomeOf(await scene.send(both, token))
  }
  const now = scene.clock.now() / 1_000
  expect(await outcome({ aud: 'urn:partner:api', exp: now + 60 })).toBe('admitted')
  expect(await outcome({ aud: 'urn:partner:api', exp: now + 61 })).toBe('token_lifetime')
  expect(await outcome({ aud: scene.resource, exp: now + 60 })).toBe('token_audience')
  expect(outcomeOf(await scene.send(both, scene.token({ aud: 'urn:partner:api' })))).toBe('token_audience')
})
