import { beforeAll, expect, test } from 'vitest'
import { createForwardedKit, type ForwardedKit, pemOf } from '../../support/forwarded.ts'

/** The certificate as a function of the user's. */

let forwarded: ForwardedKit
beforeAll(async () => {
  forwarded = await createForwardedKit()
})

test('MTLS-17: the function gives the certificate', async () => {
  const { own, other, code, verifierFor } = forwarded
  expect(await code(verifierFor(() => own.der))).toBe('admitted')
  expect(await code(verifierFor(() => Buffer.from(own.der)))).toBe('admitted')
  expect(await code(verifierFor(() => other.der))).toBe('binding_mismatch')
})

test('MTLS-17: it gets the request that the adapter got, and in the core the view', async () => {
  const { kit, own, token, verifierFor } = forwarded
  const seen: object[] = []
  const guard = verifierFor((request) => {
    seen.push(request)
    return own.der
  })
  const view = await kit.request({ scheme: 'Bearer', token, proof: null })
  const request = { of: 'a framework' }
  await guard.check(view)
  await guard.check(view, request)
  expect(seen).toEqual([view, request])
  expect(seen[0]).toBe(view)
  expect(seen[1]).toBe(request)
})

test('MTLS-17: it is asked only for a token that names a certificate, and only when the steps before it are passed', async () => {
  const { kit, token, verifierFor } = forwarded
  const guard = verifierFor(() => expect.fail('it was asked'))
  expect((await kit.call({ verifier: guard })).ok).toBe(true)
  expect(await kit.code({ verifier: guard, token, scheme: 'DPoP' })).toBe('binding_scheme')
  expect(await kit.code({ verifier: guard, token: 'x' })).toBe('token_malformed')
})

test('MTLS-17: its bytes are hashed at each request', async () => {
  const { own, other, code, verifierFor } = forwarded
  const buffer = Buffer.from(own.der)
  const guard = verifierFor(() => buffer)
  expect(await code(guard)).toBe('admitted')
  buffer.fill(0)
  buffer.set(other.der.subarray(0, buffer.length))
  expect(await code(guard)).toBe('binding_mismatch')
})

test.each<readonly [string, (kit: ForwardedKit) => unknown]>([
  ['PEM', ({ own }) => pemOf(own)],
  ['a thumbprint', ({ own }) => own.thumbprint],
  ['an array', ({ own }) => [...own.der]],
  ['an ArrayBuffer', ({ own }) => own.der.buffer],
  ['a promise', async ({ own }) => own.der],
  ['a promise that is rejected', () => Promise.reject(new Error('late'))],
  ['null', () => null],
  ['true', () => true],
  ['no bytes at all', () => new Uint8Array()],
])('MTLS-17: %s is no certificate, with a cause', async (_what, answer) => {
  const verdict = await forwarded.check(forwarded.verifierFor(() => answer(forwarded) as Uint8Array))
  expect(verdict).toMatchObject({ refusal: { code: 'certificate_missing', facts: { cause: expect.any(String) } } })
})

test('MTLS-17: a function that throws gives no certificate, with a cause', async () => {
  const guard = forwarded.verifierFor(() => {
    throw new Error('broken')
  })
  const verdict = await forwarded.check(guard)
  expect(verdict).toMatchObject({ refusal: { code: 'certificate_missing', facts: { cause: expect.any(String) } } })
})

test('MTLS-17: undefined is no certificate, without a cause', async () => {
  const verdict = await forwarded.check(forwarded.verifierFor(() => undefined))
  expect(verdict).toMatchObject({ refusal: { code: 'certificate_missing', facts: {} } })
})

test('MTLS-17: beside a function neither the connection nor a field counts', async () => {
  const { own, code, verifierFor } = forwarded
  const headers = { 'ssl-client-cert': encodeURIComponent(pemOf(own)) }
  const peer = { address: '127.0.0.1', certificate: () => own.der }
  expect(
    await code(
      verifierFor(() => undefined),
      { headers, peer },
    ),
  ).toBe('certificate_missing')
})
