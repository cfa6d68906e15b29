import { type AuditEvent, createVerifier, type RequestPeer } from 'onbehalf'
import { beforeAll, describe, expect, test } from 'vitest'
import { createForwardedKit, type ForwardedKit, pemOf, proxyAddress } from '../../support/forwarded.ts'

/** From whom a certificate header is taken. */

let forwarded: ForwardedKit
let headers: Record<string, string>
beforeAll(async () => {
  forwarded = await createForwardedKit()
  headers = { 'ssl-client-cert': encodeURIComponent(pemOf(forwarded.own)) }
})

const guard = (...trustedProxies: string[]) => forwarded.verifierFor({ header: 'nginx', trustedProxies })
const from = (trusted: readonly string[], peer: RequestPeer | undefined) =>
  forwarded.code(guard(...trusted), { headers, peer })

test.each<readonly [string, RequestPeer]>([
  ['10.0.0.0/8', { address: '10.255.0.1' }],
  ['10.0.0.7/8', { address: '10.1.2.3' }],
  ['10.0.0.7', { address: '10.0.0.7' }],
  ['10.0.0.7', { address: '::ffff:10.0.0.7' }],
  ['10.0.0.7', { address: '::ffff:a00:7' }],
  ['10.0.0.0/8', { address: '::ffff:10.9.9.9' }],
  ['::ffff:10.0.0.7', { address: '10.0.0.7' }],
  ['::ffff:10.0.0.0/104', { address: '10.200.0.1' }],
  ['2001:db8::1', { address: '2001:0DB8:0::0:1' }],
  ['2001:db8::/32', { address: '2001:db8:ffff::9' }],
  ['::1', { address: '::1' }],
  ['unix', { local: 'unix' }],
  ['host', { local: 'host' }],
])('MTLS-07: %s trusts %o', async (trusted, peer) => {
  expect(await from(['192.0.2.1', trusted], peer)).toBe('admitted')
})

test.each<readonly [string, RequestPeer | undefined]>([
  ['10.0.0.0/8', { address: '11.0.0.1' }],
  ['10.0.0.7', { address: '10.0.0.8' }],
  ['10.0.0.7', { address: '10.0.0.77' }],
  ['10.0.0.7', { address: '::10.0.0.7' }],
  ['::a00:7', { address: '10.0.0.7' }],
  ['::/0', { address: '10.0.0.7' }],
  ['0.0.0.0/0', { address: '2001:db8::1' }],
  ['2001:db8::/32', { address: '2001:db9::1' }],
  ['fe80::/10', { address: 'fe80::1%eth0' }],
  ['10.0.0.7', { address: '10.0.0.7:80' }],
  ['10.0.0.7', { address: ' 10.0.0.7' }],
  ['10.0.0.7', { address: 'unix' }],
  ['unix', { address: '10.0.0.7', local: 'unix' }],
  ['host', { address: '10.0.0.7', local: 'host' }],
  ['unix', { local: 'host' }],
  ['host', { local: 'unix' }],
  ['10.0.0.0/8', { local: 'unix' }],
  ['10.0.0.0/8', { local: 'host' }],
  ['0.0.0.0/0', {}],
  ['::/0', {}],
  ['unix', {}],
  ['host', {}],
  ['host', undefined],
  ['unix', { address: '' }],
])('MTLS-07: %s does not trust %o', async (trusted, peer) => {
  expect(await from([trusted], peer)).toBe('certificate_missing')
})

test('MTLS-07: a forwarded address is never the peer', async () => {
  const pretended = {
    ...headers,
    'x-forwarded-for': proxyAddress,
    forwarded: `for=${proxyAddress}`,
    'x-real-ip': proxyAddress,
  }
  expect(await forwarded.code(guard(proxyAddress), { headers: pretended, peer: { address: '203.0.113.9' } })).toBe(
    'certificate_missing',
  )
})

test('MTLS-07: with a header as the source the certificate of the connection is the proxy, and never the agent', async () => {
  const certificate = () => forwarded.own.der
  for (const peer of [
    { address: proxyAddress, certificate },
    { address: '203.0.113.9', certificate },
  ]) {
    expect(await forwarded.code(guard(proxyAddress), { peer })).toBe('certificate_missing')
  }
})

test('MTLS-07: a certificate of the connection is not even asked for', async () => {
  const peer = { address: proxyAddress, certificate: () => expect.fail('it was asked for') }
  expect(await forwarded.code(guard(proxyAddress), { headers, peer })).toBe('admitted')
})

describe('the warning of a header that does not count', () => {
  async function eventOf(peer: RequestPeer, call: { token?: string; sent?: Record<string, string> } = {}) {
    const events: AuditEvent[] = []
    const verifier = createVerifier({
      ...forwarded.kit.options,
      mtls: { certificate: { header: 'nginx', trustedProxies: [proxyAddress] } },
      audit: (event) => void events.push(event as AuditEvent),
    })
    await forwarded.check(verifier, {
      headers: call.sent ?? headers,
      peer,
      ...(call.token === undefined ? {} : { token: call.token }),
    })
    await verifier.close()
    expect(events.length).toBe(1)
    return events[0]
  }
  const stranger = { address: '203.0.113.9' }

  test('Audit: it stands on the event of that request', async () => {
    expect(await eventOf(stranger)).toMatchObject({
      code: 'certificate_missing',
      warnings: ['certificate_header_ignored'],
      facts: { cause: expect.any(String) },
      sender: { method: 'mtls', thumbprint: null },
    })
  })

  test('Audit: it does not where the peer is the proxy, or sends no such field', async () => {
    expect((await eventOf({ address: proxyAddress }))?.warnings).toEqual([])
    expect((await eventOf(stranger, { sent: {} }))?.warnings).toEqual([])
  })

  test('Audit: it does not where the token names no certificate', async () => {
    const token = await forwarded.kit.token()
    expect(await eventOf(stranger, { token })).toMatchObject({ code: 'binding_scheme', warnings: [] })
  })

  test('Audit: it does not before the signature of the token holds', async () => {
    const [head, , signature] = forwarded.token.split('.')
    const forged = `${head}.${Buffer.from(JSON.stringify({ iss: forwarded.kit.issuer.issuer })).toString('base64url')}.${signature}`
    expect((await eventOf(stranger, { token: forged }))?.warnings).toEqual([])
  })
})
