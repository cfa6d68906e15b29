import { generateKeyPairSync } from 'node:crypto'
import { requestView } from 'onbehalf/testing'
import { expect, test } from 'vitest'
import { thumbprint as thumbprintOf } from '../../../src/jose/jwk.ts'
import type { JsonObject } from '../../../src/jose/strict-json.ts'
import { Denial, strict } from '../../../src/refusal/denial.ts'
import { readBinding } from '../../../src/sender/confirmation.ts'
import { createPresentedCertificate } from '../../../src/sender/presented-certificate.ts'

/** The binding of a token, read without a request. */

const issuer = { allowUnbound: false, dpopSchemeForMtls: false, path: 'issuer' }
const thumbprint = 'A'.repeat(43)
const both = { dpop: {}, mtls: {} }
const dpop = { jkt: thumbprint }
const mtls = { 'x5t#S256': thumbprint }
const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }) as JsonObject
const withKey = { jkt: thumbprintOf(jwk), jwk, osc: 'a' }

function read(cnf: unknown, tokenType: unknown, policy: typeof both, rules: object = {}): unknown {
  const token = { claims: { cnf }, issuer: { ...issuer, ...rules }, tokenType, found: strict }
  return readBinding(token as unknown as Parameters<typeof readBinding>[0], policy)
}

function factsIn(outcome: unknown): unknown {
  return outcome instanceof Denial ? [outcome.code, outcome.facts] : 'fits'
}

test.each<[string, object, unknown, object, unknown]>([
  ['DPoP', dpop, 'DPoP', issuer, 'fits'],
  ['dpop', dpop, 'dPoP', issuer, 'fits'],
  ['Bearer', dpop, 'Bearer', issuer, ['binding_scheme', { claim: 'token_type', expectedScheme: 'DPoP' }]],
  ['Bearer', mtls, 'Bearer', issuer, 'fits'],
  ['DPoP', mtls, 'DPoP', issuer, ['binding_scheme', { claim: 'token_type', expectedScheme: 'Bearer' }]],
  ['DPoP where the option takes it', mtls, 'DPoP', { ...issuer, dpopSchemeForMtls: true }, 'fits'],
  [
    'N_A where the option takes DPoP',
    mtls,
    'N_A',
    { ...issuer, dpopSchemeForMtls: true },
    ['binding_scheme', { claim: 'token_type', expectedScheme: 'Bearer' }],
  ],
  ['a number', mtls, 7, issuer, ['binding_scheme', { claim: 'token_type', expectedScheme: 'Bearer' }]],
  ['nothing', dpop, undefined, issuer, 'fits'],
])('RFC 9449 §6.2: token_type %s beside %o', (_name, cnf, tokenType, rules, expected) => {
  expect(factsIn(read(cnf, tokenType, both, rules))).toEqual(expected)
})

test.each<[string, unknown, object, object]>([
  ['a key thumbprint where DPoP is off', dpop, { dpop: false, mtls: {} }, { claim: 'cnf.jkt', hint: 'dpop' }],
  ['a certificate where mutual TLS is off', mtls, { dpop: {}, mtls: false }, { claim: 'cnf.x5t#S256', hint: 'mtls' }],
  ['a malformed key thumbprint', { jkt: 'x' }, both, { claim: 'cnf.jkt' }],
  ['a malformed certificate thumbprint', { 'x5t#S256': 'x' }, both, { claim: 'cnf.x5t#S256' }],
  ['neither', { kid: 'x' }, both, { claim: 'cnf' }],
  ['no object', 'x', both, { claim: 'cnf' }],
  ['a method that is not enforced, beside the key of the thumbprint', withKey, both, { claim: 'cnf.osc' }],
])('RFC 7800 §3.1: the operator is told which member it was: %s', (_name, cnf, policy, facts) => {
  const outcome = read(cnf, undefined, policy as typeof both)
  // Strict, because a fact of undefined is one as well.
  expect(factsIn(outcome)).toStrictEqual(['binding_unsupported', facts])
})

test('Options: of a token without cnf the option that would admit it is told', () => {
  expect(factsIn(read(undefined, undefined, both))).toEqual([
    'binding_missing',
    { hint: 'issuer.dangerously.allowUnbound' },
  ])
})

test('RFC 9449 §6.2: a token that is not bound is no DPoP token, also where certificates may come under that scheme', () => {
  const rules = { allowUnbound: true, dpopSchemeForMtls: true }
  expect(factsIn(read(undefined, 'Bearer', both, rules))).toBe('fits')
  expect(factsIn(read(undefined, 'DPoP', both, rules))).toEqual([
    'binding_scheme',
    { claim: 'token_type', expectedScheme: 'Bearer' },
  ])
})

test('MTLS-07: where no field is configured none is ignored', () => {
  const view = requestView({ method: 'GET', url: 'https://api.example.test/tools' })
  expect(createPresentedCertificate({ from: 'socket' }).isIgnored(view)).toBe(false)
  expect(createPresentedCertificate({ from: 'function', read: () => undefined }).isIgnored(view)).toBe(false)
})

test('MTLS-17: a function that finds no certificate is not told as one that fails', () => {
  const view = requestView({ method: 'GET', url: 'https://api.example.test/tools' })
  const factsOf = (answer: unknown) => {
    const outcome = createPresentedCertificate({ from: 'function', read: () => answer }).thumbprint(view, {})
    return outcome instanceof Denial ? Object.keys(outcome.facts) : outcome
  }
  expect(factsOf(undefined)).toEqual([])
  for (const answer of [null, '', new Uint8Array(), 'text']) expect(factsOf(answer)).toEqual(['cause'])
})
