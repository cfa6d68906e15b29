import type { CertificateHeader } from 'onbehalf'
import type { TestCertificate } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { base64Of, createForwardedKit, type ForwardedKit, hashOf, pemOf } from '../../support/forwarded.ts'

/**
 * The bytes that products without a test of their own write, by their published code and samples: line lengths, escapes,
 * order and ends. The certificates are ours.
 */

let forwarded: ForwardedKit
beforeAll(async () => {
  forwarded = await createForwardedKit()
})

type Fields = Record<string, string>

/** The outcome of a request of the agent whose token is bound to its own certificate. */
async function outcome(header: CertificateHeader, fields: Fields): Promise<string> {
  return forwarded.code(forwarded.verifier(header), { headers: fields })
}

/** `%` escapes of these characters and no others, as `StrReplaceAll` and nginx write them. */
function escapeOnly(text: string, characters: string): string {
  const codeOf = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  return [...text].map((character) => (characters.includes(character) ? codeOf(character) : character)).join('')
}

/**
 * https://github.com/envoyproxy/envoy/blob/main/source/common/http/conn_manager_utility.cc: `By` and `Hash`, then the details
 * in this order. The certificate ends with a newline, and five characters are escaped
 * (https://github.com/envoyproxy/envoy/blob/main/source/common/tls/connection_info_impl_base.cc). Names are written as they are.
 */
describe('Envoy, Istio, Azure Container Apps', () => {
  const header = 'x-forwarded-client-cert'
  const cert = (certificate: TestCertificate) => `"${escapeOnly(pemOf(certificate), '\n +/=')}"`
  const ask = (value: string) => outcome(header, { [header]: value })

  test.each<readonly [string, (own: TestCertificate, other: TestCertificate) => string]>([
    ['SANITIZE_SET with `cert: true`', (own) => `Hash=${hashOf(own)};Cert=${cert(own)}`],
    [
      'every detail, with a chain that begins with the certificate',
      (own, other) =>
        `By=spiffe://mesh.test/api;Hash=${hashOf(own)};Cert=${cert(own)};Chain="${`${cert(own)}${cert(other)}`.replaceAll('"', '')}";Subject="O=test,CN=travel-7";URI=spiffe://mesh.test/agent;DNS=a.test;DNS=*.b.test`,
    ],
    ['a certificate without names', (own) => `Hash=${hashOf(own)};Cert=${cert(own)};Subject="";URI=`],
    ['several URI names', (own) => `Hash=${hashOf(own)};Cert=${cert(own)};URI=spiffe://a.test/b;URI=urn:c`],
    [
      'a subject of RFC 2253 with escapes',
      (own) => `Hash=${hashOf(own)};Cert=${cert(own)};Subject="CN=travel\\, 7,O=A\\;B \\"C\\" \\\\"`,
    ],
    [
      'a subject with slashes, as older versions write it',
      (own) => `Hash=${hashOf(own)};Subject="/C=US/ST=CA/L=San Francisco/CN=travel-7";Cert=${cert(own)}`,
    ],
  ])('MTLS-14: %s is read', async (_what, value) => {
    expect(await ask(value(forwarded.own, forwarded.other))).toBe('admitted')
  })

  test('MTLS-14: without `cert: true` there is a hash alone, which proves no certificate', async () => {
    const { own } = forwarded
    expect(await ask(`Hash=${hashOf(own)}`)).toBe('request_malformed')
    expect(await ask(`By=spiffe://mesh.test/api;Hash=${hashOf(own)};Subject="";URI=`)).toBe('request_malformed')
  })

  test('MTLS-14: a proxy whose own certificate has several URI names writes `By` several times, and is not read', async () => {
    const { own } = forwarded
    expect(await ask(`By=urn:a;By=urn:b;Hash=${hashOf(own)};Cert=${cert(own)}`)).toBe('request_malformed')
  })

  test.each<readonly [string, (own: TestCertificate, thief: TestCertificate) => string]>([
    ['a pair', (own, thief) => `Hash=${hashOf(thief)};Cert=${cert(thief)};URI=urn:a;Cert=${cert(own)}`],
    ['a pair, where Envoy sends no certificate', (own, thief) => `Hash=${hashOf(thief)};URI=urn:a;Cert=${cert(own)}`],
    ['a hash', (own, thief) => `Hash=${hashOf(thief)};URI=urn:a;Hash=${hashOf(own)};Cert=${cert(own)}`],
    [
      'an element',
      (own, thief) => `Hash=${hashOf(thief)};Cert=${cert(thief)};DNS=a.test,Hash=${hashOf(own)};Cert=${cert(own)}`,
    ],
  ])('MTLS-16: a name in the certificate of a thief that brings %s gets nobody in', async (_what, value) => {
    expect(await ask(value(forwarded.own, forwarded.other))).toBe('request_malformed')
  })
})

/**
 * https://github.com/traefik/traefik/blob/master/pkg/middlewares/passtlsclientcert/pass_tls_client_cert.go: the PEM without
 * its first and last line and without newlines; all certificates of the handshake, joined by commas. Until 2.9.1 each was
 * escaped for a URL (https://github.com/traefik/traefik/pull/9412).
 */
describe('Traefik', () => {
  const field = 'x-forwarded-tls-client-cert'
  const ask = (value: string) => outcome('traefik', { [field]: value })
  const asPem = (certificate: TestCertificate) => pemOf(certificate).replace(/-----[^-]+-----|\n/g, '')

  test('MTLS-09: one line of base64, and several with the leaf first', async () => {
    const { own, other } = forwarded
    expect(await ask(asPem(own))).toBe('admitted')
    expect(await ask(`${asPem(own)},${asPem(other)}`)).toBe('admitted')
    expect(await ask(`${asPem(other)},${asPem(own)}`)).toBe('binding_mismatch')
  })

  test('MTLS-09: the same, escaped, with commas that are not', async () => {
    const { own, other } = forwarded
    const [first, second] = [own, other].map((certificate) => encodeURIComponent(asPem(certificate)))
    expect(await ask(`${first}`)).toBe('admitted')
    expect(await ask(`${first},${second}`)).toBe('admitted')
  })

  test('MTLS-07: the field with names is no certificate', async () => {
    const info = encodeURIComponent('Subject="CN=travel-7"')
    expect(await outcome('traefik', { [`${field}-info`]: info })).toBe('certificate_missing')
  })
})

/**
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/mutual-authentication.html: PEM with `+`, `=` and `/` as
 * safe characters, and a newline at the end.
 */
describe('AWS ALB', () => {
  const escaped = (certificate: TestCertificate) => escapeOnly(pemOf(certificate), '\n ')

  test('MTLS-09: verify sends the leaf beside fields with its names', async () => {
    const value = escaped(forwarded.own)
    expect(value).toMatch(/^-----BEGIN%20CERTIFICATE-----%0A.*\+.*%0A-----END%20CERTIFICATE-----%0A$/)
    const names = {
      'x-amzn-mtls-clientcert-serial-number': '01',
      'x-amzn-mtls-clientcert-issuer': 'CN=travel-7',
      'x-amzn-mtls-clientcert-subject': 'CN=travel-7',
      'x-amzn-mtls-clientcert-validity': 'NotBefore=2023-09-21T01:50:17Z;NotAfter=2049-09-20T01:50:17Z',
    }
    expect(await outcome('alb', { ...names, 'x-amzn-mtls-clientcert-leaf': value })).toBe('admitted')
    expect(await outcome('alb', names)).toBe('certificate_missing')
    const chain = { 'x-amzn-mtls-clientcert-leaf': value + escaped(forwarded.other) }
    expect(await outcome('alb', chain)).toBe('request_malformed')
  })

  test('MTLS-09: passthrough sends the chain, one certificate after the other, with the leaf first', async () => {
    const { own, other } = forwarded
    const ask = (value: string) => outcome('alb-passthrough', { 'x-amzn-mtls-clientcert': value })
    expect(await ask(escaped(own))).toBe('admitted')
    expect(await ask(escaped(own) + escaped(other))).toBe('admitted')
    expect(await ask(escaped(other) + escaped(own))).toBe('binding_mismatch')
    expect(await ask(`${escaped(own)},${escaped(other)}`)).toBe('request_malformed')
  })
})

/** https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/viewer-mtls-headers.html */
test('MTLS-09: CloudFront sends a URL-encoded leaf that ends with a newline, and says whether there is one', async () => {
  const name = 'cloudfront-viewer-cert-pem'
  const present = 'cloudfront-viewer-cert-present'
  const header: CertificateHeader = { name, format: 'pem-urlencoded', verified: { header: present, equals: '1' } }
  for (const characters of ['\n ', '\n +/=']) {
    const value = escapeOnly(pemOf(forwarded.own), characters)
    expect(await outcome(header, { [name]: value, [present]: '1' })).toBe('admitted')
  }
  expect(await outcome(header, { [present]: '0' })).toBe('certificate_missing')
})

/**
 * https://learn.microsoft.com/en-us/azure/application-gateway/rewrite-http-headers-url#mutual-authentication-server-variables:
 * the variables of nginx; a sample of the value:
 * https://ronaldbosma.github.io/blog/2024/02/19/validate-client-certificates-in-api-management-when-its-behind-an-application-gateway/
 */
test('MTLS-09: Azure Application Gateway sends an escaped PEM that ends with a newline, and the result of its check', async () => {
  const [name, verify] = ['x-client-certificate', 'x-client-certificate-verification'] as const
  const header: CertificateHeader = { name, format: 'pem-urlencoded', verified: { header: verify, equals: 'SUCCESS' } }
  const value = escapeOnly(pemOf(forwarded.own), '\n +/=')
  expect(await outcome(header, { [name]: value, [verify]: 'SUCCESS' })).toBe('admitted')
  for (const result of ['NONE', 'FAILED:certificate has expired', '']) {
    expect(await outcome(header, { [name]: value, [verify]: result })).toBe('certificate_missing')
  }
  expect(await outcome({ name, format: 'pem-urlencoded' }, { [name]: value })).toBe('admitted')
})

/** https://learn.microsoft.com/en-us/azure/app-service/app-service-web-configure-tls-mutual-auth */
test('MTLS-09: Azure App Service sends one line of base64 without the lines of PEM', async () => {
  const header: CertificateHeader = { name: 'x-arr-clientcert', format: 'der-base64' }
  expect(await outcome(header, { 'x-arr-clientcert': base64Of(forwarded.own) })).toBe('admitted')
  expect(await outcome(header, { 'x-arr-clientcert': pemOf(forwarded.own) })).toBe('request_malformed')
})

/**
 * https://github.com/openshift/router/blob/master/images/router/haproxy/conf/haproxy-config.template: base64 in quotes, empty
 * ones without a certificate; `ssl_c_verify` is 0 in both cases.
 */
test('MTLS-09: the router of OpenShift sends base64 in quotes', async () => {
  const [name, verify] = ['x-ssl-client-der', 'x-ssl-client-verify'] as const
  const value = base64Of(forwarded.own)
  const header: CertificateHeader = { name, format: 'der-base64', verified: { header: verify, equals: '0' } }
  expect(await outcome(header, { [name]: `"${value}"`, [verify]: '0' })).toBe('admitted')
  expect(await outcome(header, { [name]: '""', [verify]: '0' })).toBe('certificate_missing')
  for (const broken of [
    `"${value}`,
    `${value}"`,
    `""${value}""`,
    `" ${value}"`,
    `'${value}'`,
    `"${value}","${value}"`,
  ]) {
    expect(await outcome(header, { [name]: broken, [verify]: '0' })).toBe('request_malformed')
  }
})

/** https://developers.cloudflare.com/ssl/client-certificates/forward-a-client-certificate/ */
test('MTLS-10: Cloudflare sends RFC 9440, a chain beside it, and empty values where there is nothing or too much', async () => {
  const { own, other } = forwarded
  const leaf = `:${base64Of(own)}:`
  const chain = `:${base64Of(other)}:, :${base64Of(own)}:`
  const ask = (fields: Fields) => outcome('client-cert', fields)
  expect(await ask({ 'client-cert': leaf, 'client-cert-chain': chain })).toBe('admitted')
  expect(await ask({ 'client-cert': leaf, 'client-cert-chain': '' })).toBe('admitted')
  expect(await ask({ 'client-cert': '', 'client-cert-chain': '' })).toBe('certificate_missing')
})

/** https://cloud.google.com/load-balancing/docs/https/custom-headers-global */
test('MTLS-09: Google Cloud sends RFC 9440, empty where the certificate is too large, and whether the chain holds', async () => {
  const [name, verify] = ['x-client-cert-leaf', 'x-client-cert-chain-verified'] as const
  const header: CertificateHeader = { name, format: 'rfc9440', verified: { header: verify, equals: 'true' } }
  const value = `:${base64Of(forwarded.own)}:`
  expect(await outcome(header, { [name]: value, [verify]: 'true' })).toBe('admitted')
  expect(await outcome(header, { [name]: value, [verify]: 'false' })).toBe('certificate_missing')
  expect(await outcome(header, { [name]: '', [verify]: 'true' })).toBe('certificate_missing')
})
