import { createHash, X509Certificate } from 'node:crypto'
import { createTestCertificate, requestView, type TestCertificate } from 'onbehalf/testing'
import { expect, test } from 'vitest'
import type { RequestView } from '../../../src/index.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import { contextIn, type Outcome, outcomeOf, url } from '../../support/kit.ts'

const forge: Forge = await createForge()
const { verifier } = forge
const own: TestCertificate = await createTestCertificate({ commonName: 'travel-7' })
const foreign: TestCertificate = await createTestCertificate({ commonName: 'travel-7' })
const bound = (x5t: string = own.thumbprint) => forge.token({ cnf: { 'x5t#S256': x5t } })

async function outcomeFor(token: string, certificate: Uint8Array | undefined): Promise<Outcome> {
  return outcomeOf(await verifier.check(requestView({ url, headers: bearer(token), certificate })))
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

test('MTLS-01: the certificate of the connection must be the one the token names', async () => {
  const token = bound()
  for (const round of ['cold', 'warm']) {
    expect(await outcomeFor(token, own.der), round).toBe('admitted')
    expect(await outcomeFor(token, foreign.der), round).toBe('binding_mismatch')
    expect(await outcomeFor(token, undefined), round).toBe('certificate_missing')
    expect(await outcomeFor(token, new Uint8Array()), round).toBe('certificate_missing')
  }
})

test('MTLS-01: both refusals are 401 with invalid_token', async () => {
  for (const certificate of [foreign.der, undefined]) {
    const verdict = await verifier.check(requestView({ url, headers: bearer(bound()), certificate }))
    expect(verdict).toMatchObject({ ok: false, refusal: { status: 401, error: 'invalid_token' } })
  }
})

test.each<readonly [string, RequestView['peer']]>([
  ['without peer', undefined],
  ['whose peer knows no certificate', { address: '127.0.0.1' }],
  [
    'whose peer throws',
    {
      certificate: () => {
        throw new Error('socket closed')
      },
    },
  ],
  ['whose peer gives nothing', { certificate: () => undefined }],
])('MTLS-01: a request %s has no certificate', async (_, peer) => {
  const view = { ...requestView({ url, headers: bearer(bound()) }), peer }
  expect(outcomeOf(await verifier.check(view))).toBe('certificate_missing')
})

test('MTLS-01: two connections are told apart, and a buffer seen before is not confused with another', async () => {
  const copies = [own.der, foreign.der, Uint8Array.from(own.der), Uint8Array.from(foreign.der)]
  const outcomes: Outcome[] = []
  for (const der of [...copies, ...copies]) outcomes.push(await outcomeFor(bound(), der))
  const [good, bad] = ['admitted', 'binding_mismatch']
  expect(outcomes).toEqual([good, bad, good, bad, good, bad, good, bad])
})

test('MTLS-01: without any token binding a certificate proves nothing', async () => {
  expect(await outcomeFor(forge.token({ cnf: undefined }), own.der)).toBe('binding_missing')
})

test('MTLS-02: x5t#S256 is the unpadded base64url SHA-256 of the DER', async () => {
  const { der } = own
  const digest = (algorithm: string, data: string | Uint8Array) => createHash(algorithm).update(data)
  const fingerprint = new X509Certificate(der).fingerprint256.replaceAll(':', '')
  const right = Buffer.from(fingerprint, 'hex').toString('base64url')
  expect(await outcomeFor(bound(right), der)).toBe('admitted')
  expect(contextIn(await send(right)).sender).toMatchObject({ method: 'mtls', x5t: right })
  for (const [name, x5t, outcome] of [
    ['of the PEM', digest('sha256', own.certificate).digest('base64url'), 'binding_mismatch'],
    ['of the base64', digest('sha256', Buffer.from(der).toString('base64')).digest('base64url'), 'binding_mismatch'],
    ['of the public key', digest('sha256', publicKeyOf(der)).digest('base64url'), 'binding_mismatch'],
    ['padded', `${right}=`, 'binding_unsupported'],
    ['in base64', digest('sha256', der).digest('base64'), 'binding_unsupported'],
    ['in hex', fingerprint, 'binding_unsupported'],
    ['in hex with colons', new X509Certificate(der).fingerprint256, 'binding_unsupported'],
    ['SHA-1', digest('sha1', der).digest('base64url'), 'binding_unsupported'],
    ['SHA-512', digest('sha512', der).digest('base64url'), 'binding_unsupported'],
  ] as const) {
    expect(await outcomeFor(bound(x5t), der), name).toBe(outcome)
  }
})

test('MTLS-03: neither dates nor chain of the certificate are judged: expired, not yet valid, self-signed', async () => {
  for (const [notBefore, notAfter] of [
    [2000, 2001],
    [2090, 2091],
  ] as const) {
    const certificate = await createTestCertificate({
      commonName: 'x',
      notBefore: new Date(Date.UTC(notBefore, 0)),
      notAfter: new Date(Date.UTC(notAfter, 0)),
    })
    expect(await outcomeFor(bound(certificate.thumbprint), certificate.der)).toBe('admitted')
  }
})

test('MTLS-04: the certificate is what the connection has: asked for when a token owes it, and never awaited', async () => {
  let asked = 0
  const certificate = () => {
    asked++
    return own.der
  }
  const view = (token: string): RequestView => ({
    ...requestView({ url, headers: bearer(token) }),
    peer: { certificate },
  })
  expect(verifier.checkNow(view(bound()))).toMatchObject({ ok: true })
  expect(asked).toBe(1)
  expect(verifier.checkNow(view(forge.token()))).toMatchObject({ refusal: { code: 'binding_scheme' } })
  expect(asked).toBe(1)
})

test('MTLS-06: the certificate is hashed, not parsed: octets that are no certificate bind as well as any', async () => {
  for (const octets of [Buffer.from([0]), Buffer.from('-----BEGIN CERTIFICATE-----'), Buffer.alloc(100_000, 0x30)]) {
    const x5t = createHash('sha256').update(octets).digest('base64url')
    expect(await outcomeFor(bound(x5t), octets)).toBe('admitted')
  }
})

function send(x5t: string) {
  return verifier.check(requestView({ url, headers: bearer(bound(x5t)), certificate: own.der }))
}

function publicKeyOf(der: Uint8Array): Buffer {
  return new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' })
}
