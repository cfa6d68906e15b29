import type { CertificateHeader } from 'onbehalf'
import { beforeAll, expect, test } from 'vitest'
import { base64Of, createForwardedKit, type ForwardedKit, pemOf, proxyAddress } from '../../support/forwarded.ts'
import { headerValues, type Kit, outcomeOf } from '../../support/kit.ts'

/** The fields around a certificate header: other spellings, what it goes with, and what answers say of it. */

let forwarded: ForwardedKit
let value: string
beforeAll(async () => {
  forwarded = await createForwardedKit()
  value = encodeURIComponent(pemOf(forwarded.own))
})

const verified: CertificateHeader = {
  name: 'X-Client-Cert',
  format: 'pem-urlencoded',
  verified: { header: 'X-Client-Verify', equals: 'SUCCESS' },
}

test.each(['ssl_client_cert', 'ssl.client.cert', 'ssl_client-cert', 'ssl-client.cert', 'ssl.client_cert'])(
  'MTLS-07: %s beside the field of the proxy is a broken request',
  async (spelling) => {
    const { code, verifier } = forwarded
    const guard = verifier('nginx')
    expect(await code(guard, { headers: { 'ssl-client-cert': value, [spelling]: value } })).toBe('request_malformed')
    expect(await code(guard, { headers: { [spelling]: value } })).toBe('request_malformed')
    expect(await code(guard, { headers: { [spelling]: '' } })).toBe('request_malformed')
    const peer = { address: '203.0.113.9' }
    expect(await code(guard, { headers: { [spelling]: value }, peer })).toBe('certificate_missing')
  },
)

test('MTLS-07: a name that differs by more is another field', async () => {
  const headers = { 'ssl-client-cert': value, 'ssl-clientcert': 'x', 'x-ssl-client-cert': 'x', sslclientcert: 'x' }
  expect(await forwarded.code(forwarded.verifier('nginx'), { headers })).toBe('admitted')
})

test('MTLS-07: the spelling that the option names is the one that counts', async () => {
  const guard = forwarded.verifier({ name: 'ssl_client_cert', format: 'pem-urlencoded' })
  expect(await forwarded.code(guard, { headers: { ssl_client_cert: value } })).toBe('admitted')
  expect(await forwarded.code(guard, { headers: { 'ssl-client-cert': value } })).toBe('request_malformed')
})

test.each<readonly [string, Record<string, string | string[]>, string]>([
  ['SUCCESS', { 'x-client-verify': 'SUCCESS' }, 'admitted'],
  ['another case', { 'x-client-verify': 'success' }, 'certificate_missing'],
  ['a failure', { 'x-client-verify': 'FAILED:certificate has expired' }, 'certificate_missing'],
  ['NONE', { 'x-client-verify': 'NONE' }, 'certificate_missing'],
  ['an empty value', { 'x-client-verify': '' }, 'certificate_missing'],
  ['no field', {}, 'certificate_missing'],
  ['two lines', { 'x-client-verify': ['SUCCESS', 'SUCCESS'] }, 'request_malformed'],
  ['another spelling', { 'x-client-verify': 'SUCCESS', x_client_verify: 'SUCCESS' }, 'request_malformed'],
])('MTLS-07: verified: %s', async (_what, sent, expected) => {
  const { code, verifier } = forwarded
  expect(await code(verifier(verified), { headers: { 'x-client-cert': value, ...sent } })).toBe(expected)
})

test('MTLS-07: a good verification without a certificate proves none: ssl_c_verify of HAProxy is 0 for both', async () => {
  const haproxy: CertificateHeader = {
    name: 'x-ssl-client-der',
    format: 'der-base64',
    verified: { header: 'x-ssl-client-verify', equals: '0' },
  }
  const guard = forwarded.verifier(haproxy)
  const good = { 'x-ssl-client-verify': '0' }
  expect(await forwarded.code(guard, { headers: { ...good, 'x-ssl-client-der': '' } })).toBe('certificate_missing')
  expect(await forwarded.code(guard, { headers: good })).toBe('certificate_missing')
  const der = base64Of(forwarded.own)
  expect(await forwarded.code(guard, { headers: { ...good, 'x-ssl-client-der': der } })).toBe('admitted')
})

test('MTLS-10: a chain without a certificate is a broken request', async () => {
  const { code, verifier, own, other } = forwarded
  const guard = verifier('client-cert')
  const chain = `:${base64Of(other)}:`
  expect(await code(guard, { headers: { 'client-cert-chain': chain } })).toBe('request_malformed')
  expect(await code(guard, { headers: { 'client-cert-chain': '' } })).toBe('certificate_missing')
  const both = { 'client-cert': `:${base64Of(own)}:`, 'client-cert-chain': chain }
  expect(await code(guard, { headers: both })).toBe('admitted')
})

test('MTLS-10: a chain beside another field than Client-Cert says nothing', async () => {
  const headers = { 'client-cert-chain': `:${base64Of(forwarded.other)}:` }
  expect(await forwarded.code(forwarded.verifier('nginx'), { headers })).toBe('certificate_missing')
})

test('MTLS-09: a field of 65536 characters is read, a longer one is a broken request', async () => {
  const { code, verifier } = forwarded
  const codeOf = (length: number) =>
    code(verifier('nginx'), { headers: { 'ssl-client-cert': value.padEnd(length, ' ') } })
  expect([await codeOf(65_536), await codeOf(65_537)]).toEqual(['admitted', 'request_malformed'])
})

test('MTLS-11: every answer of a verifier that reads such a field says so', async () => {
  const { check, verifier, kit } = forwarded
  const guard = verifier('nginx')
  const unbound = await kit.token()
  for (const call of [
    { headers: { 'ssl-client-cert': value } },
    {},
    { headers: { 'ssl-client-cert': 'x' } },
    { token: unbound },
    { token: 'x' },
    { headers: { 'ssl-client-cert': value }, peer: { address: '203.0.113.9' } },
  ]) {
    expect(headerValues(await check(guard, call), 'vary')).toEqual(['ssl-client-cert'])
  }
  expect(headerValues(await check(verifier(verified)), 'vary')).toEqual(['x-client-cert, x-client-verify'])
  for (const other of [kit.verifier, forwarded.verifierFor('socket'), forwarded.verifierFor(() => undefined)]) {
    expect(headerValues(await check(other), 'vary')).toEqual([])
  }
})

test('MTLS-11: beside a new nonce as well', async () => {
  const { kit, own, verifierFor } = forwarded
  const nonce = { secret: 'x'.repeat(32), seconds: 10 }
  const guard = verifierFor({ header: 'nginx', trustedProxies: [proxyAddress] }, { dpop: { nonce } })
  const bound = { claims: { cnf: { jkt: kit.agent.jkt, 'x5t#S256': own.thumbprint } } }
  const headers = { 'ssl-client-cert': value }
  const peer = { address: proxyAddress }
  const ask = async (proof: object) => guard.check({ ...(await kit.request({ token: bound, headers, proof })), peer })
  const first = await ask({})
  const [fresh = ''] = headerValues(first, 'dpop-nonce')
  kit.clock.advance(6)
  const second = await ask({ nonce: fresh })
  expect(second.ok).toBe(true)
  expect(headerValues(second, 'dpop-nonce').length).toBe(1)
  expect([first, second].map((verdict) => headerValues(verdict, 'vary'))).toEqual([
    ['ssl-client-cert'],
    ['ssl-client-cert'],
  ])
})

test('MTLS-19: a token for a key and a certificate needs both, also behind a proxy', async () => {
  const { kit, own, verifier } = forwarded
  const bound = { claims: { cnf: { jkt: kit.agent.jkt, 'x5t#S256': own.thumbprint } } }
  const guard = verifier('nginx')
  const peer = { address: proxyAddress }
  const ask = async (headers: Record<string, string>) => {
    const verdict = await guard.check({ ...(await kit.request({ token: bound, headers })), peer })
    return verdict.ok ? verdict.context.sender.method : verdict.refusal.code
  }
  expect(await ask({ 'ssl-client-cert': value })).toBe('dpop+mtls')
  expect(await ask({})).toBe('certificate_missing')
  expect(await ask({ 'ssl-client-cert': 'x' })).toBe('request_malformed')
})

test('MTLS-08: a token that names no certificate does not make anybody read the field', async () => {
  const { kit, verifier } = forwarded
  const view = await kit.request({ headers: { 'ssl-client-cert': ['x', 'y'], ssl_client_cert: 'z' } })
  const asked: string[] = []
  const header = (name: string) => {
    asked.push(name)
    return view.header(name)
  }
  expect(await verifier('nginx').check({ ...view, header, peer: { address: proxyAddress } })).toMatchObject({
    ok: true,
  })
  expect(asked.filter((name) => name.includes('client'))).toEqual([])
})

test('ORDER: a broken field is refused after the scheme and before the proof', async () => {
  const { kit, own, token, verifier } = forwarded
  const guard = verifier('nginx')
  const both = { claims: { cnf: { jkt: kit.agent.jkt, 'x5t#S256': own.thumbprint } } }
  const ask = async (call: Parameters<Kit['request']>[0], field: string) => {
    const view = await kit.request({ ...call, headers: { 'ssl-client-cert': field } })
    return outcomeOf(await guard.check({ ...view, peer: { address: proxyAddress } }))
  }
  expect(await ask({ token, scheme: 'DPoP' }, 'x')).toBe('binding_scheme')
  expect(await ask({ token: both, proof: null }, 'x')).toBe('request_malformed')
  expect(await ask({ token: both, proof: null }, '')).toBe('certificate_missing')
  expect(await ask({ token: both, proof: null }, value)).toBe('proof_missing')
})
