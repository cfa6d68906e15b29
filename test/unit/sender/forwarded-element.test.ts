import { beforeAll, expect, test } from 'vitest'
import { createForwardedKit, type ForwardedKit, hashOf, pemOf } from '../../support/forwarded.ts'

/** `x-forwarded-client-cert`, as Envoy and what is built on it write it. */

let forwarded: ForwardedKit
beforeAll(async () => {
  forwarded = await createForwardedKit()
})

type Element = (parts: Parts) => string
interface Parts {
  /** Of the agent, with the quotes. */
  readonly cert: string
  readonly hash: string
  readonly otherCert: string
  readonly otherHash: string
}

async function outcome(element: Element): Promise<string> {
  const { own, other, code, verifier } = forwarded
  const quoted = (pem: string) => `"${encodeURIComponent(pem)}"`
  const value = element({
    cert: quoted(pemOf(own)),
    hash: hashOf(own),
    otherCert: quoted(pemOf(other)),
    otherHash: hashOf(other),
  })
  return code(verifier('x-forwarded-client-cert'), { headers: { 'x-forwarded-client-cert': value } })
}

test.each<readonly [string, Element]>([
  [
    'all that Envoy can send',
    ({ cert, hash }) =>
      `By=spiffe://mesh/api;Hash=${hash};Cert=${cert};Chain=${cert};Subject="CN=travel-7";URI=spiffe://mesh/a;URI=;DNS=a.test;DNS=b.test`,
  ],
  ['Cert alone', ({ cert }) => `Cert=${cert}`],
  ['keys in any case', ({ cert, hash }) => `hash=${hash};CERT=${cert}`],
  ['escapes in the hash', ({ cert, hash }) => `Hash="${hash.replace(/./g, '\\$&')}";Cert=${cert}`],
  ['an upper-case hash', ({ cert, hash }) => `Hash=${hash.toUpperCase()};Cert=${cert}`],
  ['separators in quotes', ({ cert }) => `Cert=${cert};Subject="O=A;B, C=D"`],
  ['quotes in quotes', ({ cert }) => `Subject="O=A\\\\;B, \\"C\\"";Cert=${cert}`],
  [
    'a key that looks like Cert, in quotes',
    ({ cert, otherCert }) => `Cert=${cert};Subject="CN=x\\";Cert=\\${otherCert.slice(0, -1)}\\""`,
  ],
  ['an empty subject', ({ cert }) => `Cert=${cert};Subject=""`],
  ['a key that Envoy does not have yet', ({ cert }) => `Cert=${cert};New=1`],
  ['a certificate without quotes', ({ cert }) => `Cert=${cert.slice(1, -1)}`],
])('MTLS-14: %s is read', async (_what, element) => {
  expect(await outcome(element)).toBe('admitted')
})

test.each<readonly [string, Element]>([
  ['Hash without Cert', ({ hash }) => `Hash=${hash}`],
  ['Chain without Cert', ({ cert, hash }) => `Hash=${hash};Chain=${cert}`],
  ['an unclosed quote', ({ cert }) => `Cert=${cert.slice(0, -1)}`],
  ['an unclosed quote behind', ({ cert }) => `Cert=${cert};Subject="CN=x`],
  ['a quote that an escape opens again', ({ cert }) => `Cert=${cert};Subject="CN=x\\"`],
  ['text behind the quote', ({ cert }) => `Cert=${cert}x`],
  ['a quote in a bare value', ({ cert }) => `Cert=${cert};URI=a"b`],
  ['two Hash', ({ cert, hash }) => `Hash=${hash};Hash=${hash};Cert=${cert}`],
  ['two Hash in two cases', ({ cert, hash }) => `Hash=${hash};hash=${hash};Cert=${cert}`],
  ['two Cert', ({ cert }) => `Cert=${cert};Cert=${cert}`],
  ['two By', ({ cert }) => `By=a;By=b;Cert=${cert}`],
  ['a semicolon at the end', ({ cert }) => `Cert=${cert};`],
  ['a comma at the end', ({ cert }) => `Cert=${cert},`],
  ['no value', () => 'Cert'],
  ['an empty certificate', () => 'Cert=""'],
  ['spaces', ({ cert, hash }) => `Hash=${hash}; Cert=${cert}`],
  ['two certificates in Cert', ({ cert, otherCert }) => `Cert=${cert.slice(0, -1)}${otherCert.slice(1)}`],
])('MTLS-14: %s is a broken request', async (_what, element) => {
  expect(await outcome(element)).toBe('request_malformed')
})

test.each<readonly [string, Element]>([
  ['in front', ({ cert, otherCert }) => `Cert=${otherCert},Cert=${cert}`],
  ['behind', ({ cert, otherCert }) => `Cert=${cert},Cert=${otherCert}`],
  ['with a space', ({ cert, otherCert }) => `Cert=${cert}, Cert=${otherCert}`],
  ['the same', ({ cert }) => `Cert=${cert},Cert=${cert}`],
])('MTLS-15: of several elements none counts: one %s', async (_where, element) => {
  expect(await outcome(element)).toBe('request_malformed')
})

test.each<readonly [string, Element]>([
  ['of another certificate', ({ cert, otherHash }) => `Hash=${otherHash};Cert=${cert}`],
  ['of the agent, beside another certificate', ({ otherCert, hash }) => `Hash=${hash};Cert=${otherCert}`],
  ['that is empty', ({ cert }) => `Hash=;Cert=${cert}`],
  ['that is cut', ({ cert, hash }) => `Hash=${hash.slice(1)};Cert=${cert}`],
])('MTLS-16: a hash %s does not agree', async (_what, element) => {
  expect(await outcome(element)).toBe('request_malformed')
})
