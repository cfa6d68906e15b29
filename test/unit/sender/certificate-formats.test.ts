import type { CertificateHeader } from 'onbehalf'
import { beforeAll, describe, expect, test } from 'vitest'
import { base64Of, createForwardedKit, type ForwardedKit, hashOf, pemOf } from '../../support/forwarded.ts'

/** One certificate in the form of every proxy, and what each form must not hold. */

let forwarded: ForwardedKit
beforeAll(async () => {
  forwarded = await createForwardedKit()
})

type Value = (kit: ForwardedKit) => string
const escaped: Value = ({ own }) => encodeURIComponent(pemOf(own))
const awsEscaped: Value = ({ own }) => encodeURI(pemOf(own)).replace(/%2B/g, '+')
const bare: Value = ({ own }) => base64Of(own)
const folded: Value = ({ own }) => pemOf(own).trim().replaceAll('\n', ' ')
const chainEscaped: Value = ({ own, other }) => encodeURIComponent(pemOf(own) + pemOf(other))
const own = (name: string, format: string, chain?: string) =>
  ({ name, format, ...(chain === undefined ? {} : { chain }) }) as CertificateHeader

const forms: readonly (readonly [string, CertificateHeader, string, Value])[] = [
  ['RFC 9440', 'client-cert', 'client-cert', ({ own }) => `:${base64Of(own)}:`],
  ['Cloudflare', own('x-client-cert', 'rfc9440'), 'x-client-cert', ({ own }) => `:${base64Of(own)}:`],
  ['GCP', own('x-client-cert-leaf', 'rfc9440'), 'x-client-cert-leaf', ({ own }) => `:${base64Of(own)}:`],
  [
    'Envoy',
    'x-forwarded-client-cert',
    'x-forwarded-client-cert',
    (kit) => `Hash=${hashOf(kit.own)};Cert="${escaped(kit)}"`,
  ],
  ['nginx', 'nginx', 'ssl-client-cert', escaped],
  ['HAProxy', own('x-ssl-client-der', 'der-base64'), 'x-ssl-client-der', bare],
  ['Apache httpd', own('x-ssl-client-cert', 'pem'), 'x-ssl-client-cert', folded],
  ['AWS ALB', 'alb', 'x-amzn-mtls-clientcert-leaf', awsEscaped],
  ['AWS ALB, passthrough', 'alb-passthrough', 'x-amzn-mtls-clientcert', chainEscaped],
  ['CloudFront', own('cloudfront-viewer-cert-pem', 'pem-urlencoded'), 'cloudfront-viewer-cert-pem', escaped],
  ['Traefik 3', 'traefik', 'x-forwarded-tls-client-cert', ({ own, other }) => `${base64Of(own)},${base64Of(other)}`],
  ['Traefik 2', 'traefik', 'x-forwarded-tls-client-cert', ({ own }) => encodeURIComponent(base64Of(own))],
  ['App Service', own('x-arr-clientcert', 'der-base64'), 'x-arr-clientcert', bare],
  ['OpenShift', own('x-ssl-client-der', 'der-base64'), 'x-ssl-client-der', bare],
]

test.each(forms)(
  'RFC 8705 §3.1: %s gives the same thumbprint as the connection',
  async (_name, header, field, value) => {
    const { own, other, code, verifier, check } = forwarded
    const guard = verifier(header)
    const headers = { [field]: value(forwarded) }
    const verdict = await check(guard, { headers })
    expect(verdict).toMatchObject({ ok: true, context: { sender: { method: 'mtls', x5t: own.thumbprint } } })
    const token = await forwarded.kit.token({ claims: { cnf: { 'x5t#S256': other.thumbprint } } })
    expect(await code(guard, { headers, token })).toBe('binding_mismatch')
  },
)

describe.each(forms)('%s', (_name, header, field, value) => {
  test.each(['', '""', '::', '(null)'])('MTLS-07: %j is no certificate', async (value) => {
    const { code, verifier } = forwarded
    expect(await code(verifier(header), { headers: { [field]: value } })).toBe('certificate_missing')
  })

  test('MTLS-07: without the field there is no certificate', async () => {
    expect(await forwarded.code(forwarded.verifier(header))).toBe('certificate_missing')
  })

  test.each<readonly [string, (value: string, kit: ForwardedKit) => string | string[]]>([
    ['two lines', (value) => [value, value]],
    ['two lines, of which one is empty', (value) => ['', value]],
    ['two lines that something joined', (value) => `${value}, ${value}`],
    ['broken percent escapes', (value) => `%zz${value}`],
    ['a third of it', (value) => value.slice(0, value.length / 3)],
    ['something else', () => 'none'],
    ['a space', () => ' '],
    ['the text of a key', (_value, { own }) => encodeURIComponent(own.key)],
    ['a key', (_value, { own }) => encodeURIComponent(own.key.replaceAll('PRIVATE KEY', 'CERTIFICATE'))],
    ['64 KiB', (value) => value.padEnd(65_537, value)],
  ])('MTLS-09: %s is a broken request', async (_what, spoil) => {
    const { code, verifier } = forwarded
    expect(await code(verifier(header), { headers: { [field]: spoil(value(forwarded), forwarded) } })).toBe(
      'request_malformed',
    )
  })
})

/** Values of one form beside the usual one. */
const variants: readonly (readonly [string, CertificateHeader, string, (kit: ForwardedKit) => string, string])[] = [
  [
    'lower-case escapes',
    'nginx',
    'ssl-client-cert',
    (kit) => escaped(kit).replace(/%../g, (s) => s.toLowerCase()),
    'admitted',
  ],
  [
    'CRLF',
    'nginx',
    'ssl-client-cert',
    ({ own }) => encodeURIComponent(pemOf(own).replaceAll('\n', '\r\n')),
    'admitted',
  ],
  ['no newline at the end', 'nginx', 'ssl-client-cert', ({ own }) => encodeURIComponent(pemOf(own).trim()), 'admitted'],
  ['+ for a space', 'nginx', 'ssl-client-cert', (kit) => escaped(kit).replaceAll('%20', '+'), 'request_malformed'],
  ['escaped twice', 'nginx', 'ssl-client-cert', (kit) => encodeURIComponent(escaped(kit)), 'request_malformed'],
  ['two certificates', 'nginx', 'ssl-client-cert', chainEscaped, 'request_malformed'],
  ['two certificates', 'alb', 'x-amzn-mtls-clientcert-leaf', chainEscaped, 'request_malformed'],
  ['newlines', own('x-cert', 'pem'), 'x-cert', ({ own }) => pemOf(own), 'admitted'],
  ['newlines as %0A', own('x-cert', 'pem'), 'x-cert', ({ own }) => pemOf(own).replaceAll('\n', '%0A'), 'admitted'],
  [
    'newlines as %0d%0a',
    own('x-cert', 'pem'),
    'x-cert',
    ({ own }) => pemOf(own).replaceAll('\n', '%0d%0a'),
    'admitted',
  ],
  [
    'folded with tabs',
    own('x-cert', 'pem'),
    'x-cert',
    ({ own }) => pemOf(own).trim().replaceAll('\n', '\n\t'),
    'request_malformed',
  ],
  ['percent-encoded', own('x-cert', 'pem'), 'x-cert', escaped, 'request_malformed'],
  [
    'two certificates',
    own('x-cert', 'pem'),
    'x-cert',
    ({ own, other }) => pemOf(own) + pemOf(other),
    'request_malformed',
  ],
  [
    'two certificates',
    own('x-cert', 'pem', 'leaf-first'),
    'x-cert',
    ({ own, other }) => pemOf(own) + pemOf(other),
    'admitted',
  ],
  [
    'a blank line between two certificates',
    own('x-cert', 'pem', 'leaf-first'),
    'x-cert',
    ({ own, other }) => `${pemOf(own)}\n \n${pemOf(other)}`,
    'admitted',
  ],
  [
    'the leaf last',
    own('x-cert', 'pem', 'leaf-first'),
    'x-cert',
    ({ own, other }) => pemOf(other) + pemOf(own),
    'binding_mismatch',
  ],
  [
    'a broken second one',
    own('x-cert', 'pem', 'leaf-first'),
    'x-cert',
    ({ own }) => `${pemOf(own)}-----BEGIN`,
    'request_malformed',
  ],
  ['without colons', 'client-cert', 'client-cert', bare, 'request_malformed'],
  ['one colon', 'client-cert', 'client-cert', (kit) => `:${bare(kit)}`, 'request_malformed'],
  ['PEM', 'client-cert', 'client-cert', folded, 'request_malformed'],
  ['a list', 'client-cert', 'client-cert', (kit) => `:${bare(kit)}:,:${bare(kit)}:`, 'request_malformed'],
  ['a parameter', 'client-cert', 'client-cert', (kit) => `:${bare(kit)}:;a=1`, 'request_malformed'],
  ['base64url', 'client-cert', 'client-cert', ({ own }) => `:${urlSafe(own.der)}:`, 'request_malformed'],
  ['bytes behind', 'client-cert', 'client-cert', ({ own }) => `:${withTail(own.der)}:`, 'request_malformed'],
  ['bytes behind', own('x-cert', 'der-base64'), 'x-cert', ({ own }) => withTail(own.der), 'request_malformed'],
  [
    'two certificates in one',
    own('x-cert', 'der-base64'),
    'x-cert',
    ({ own, other }) => withTail(own.der, other.der),
    'request_malformed',
  ],
  [
    'two certificates in one',
    'traefik',
    'x-forwarded-tls-client-cert',
    ({ own, other }) => withTail(own.der, other.der),
    'request_malformed',
  ],
  [
    'two certificates',
    own('x-cert', 'der-base64'),
    'x-cert',
    ({ own, other }) => `${base64Of(own)},${base64Of(other)}`,
    'request_malformed',
  ],
  [
    'PEM in base64',
    own('x-cert', 'der-base64'),
    'x-cert',
    ({ own }) => Buffer.from(pemOf(own)).toString('base64'),
    'request_malformed',
  ],
  ['an empty second one', 'traefik', 'x-forwarded-tls-client-cert', (kit) => `${bare(kit)},`, 'request_malformed'],
  ['an empty first one', 'traefik', 'x-forwarded-tls-client-cert', (kit) => `,${bare(kit)}`, 'request_malformed'],
]

test.each(variants)('MTLS-09: %s (%o, %s)', async (_what, header, field, value, expected) => {
  const { code, verifier } = forwarded
  expect(await code(verifier(header), { headers: { [field]: value(forwarded) } })).toBe(expected)
})

function withTail(der: Uint8Array, tail: Uint8Array = Uint8Array.of(0)): string {
  return Buffer.concat([der, tail]).toString('base64')
}

/** With characters that differ from base64, since not every certificate has some. */
function urlSafe(der: Uint8Array): string {
  const text = Buffer.from(der).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
  return /[-_]/.test(text) ? text : `${text.slice(0, 4)}-${text.slice(5)}`
}
