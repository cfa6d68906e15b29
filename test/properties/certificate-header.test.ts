import fc from 'fast-check'
import type { CertificateHeader, RequestView } from 'onbehalf'
import { beforeAll, expect, test } from 'vitest'
import { base64Of, createForwardedKit, type ForwardedKit, hashOf, pemOf, proxyAddress } from '../support/forwarded.ts'
import { outcomeOf } from '../support/kit.ts'
import { runs } from './rig.ts'

/** Statements about any bytes in the fields of a proxy. */

let forwarded: ForwardedKit
let view: RequestView
beforeAll(async () => {
  forwarded = await createForwardedKit()
  view = await forwarded.kit.request({ scheme: 'Bearer', token: forwarded.token, proof: null })
})

const presets: readonly (readonly [CertificateHeader, string])[] = [
  ['client-cert', 'client-cert'],
  ['x-forwarded-client-cert', 'x-forwarded-client-cert'],
  ['nginx', 'ssl-client-cert'],
  ['alb-passthrough', 'x-amzn-mtls-clientcert'],
  ['traefik', 'x-forwarded-tls-client-cert'],
  [{ name: 'x-cert', format: 'pem', chain: 'leaf-first' }, 'x-cert'],
]

/** Good values of every form, for two certificates. */
function goodValues({ own, other }: ForwardedKit): readonly string[] {
  return [own, other].flatMap((certificate) => [
    `:${base64Of(certificate)}:`,
    `Hash=${hashOf(certificate)};Cert="${encodeURIComponent(pemOf(certificate))}"`,
    encodeURIComponent(pemOf(certificate)),
    base64Of(certificate),
    pemOf(certificate).trim().replaceAll('\n', ' '),
  ])
}

/** Parts of good values, put together, and any text. */
const values = fc.oneof(
  fc.constantFrom('', '::', '(null)'),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(
      fc.tuple(fc.nat(9), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
      {
        minLength: 1,
        maxLength: 3,
      },
    )
    .map((parts) =>
      parts
        .map(([at, from, to]) => {
          const good = goodValues(forwarded)[at] ?? ''
          return from < 0.4 ? good : good.slice(Math.floor(good.length * from * to), Math.floor(good.length * to))
        })
        .join(''),
    ),
)
const lines = fc.array(values, { maxLength: 3 })

/** The request with these lines in one field, and a second spelling of it. */
function withField(name: string, given: readonly string[], stray: readonly string[], address: string): RequestView {
  const fields = new Map([
    [name, given],
    [name.replaceAll('-', '_'), stray],
  ])
  return { ...view, header: (asked) => fields.get(asked) ?? view.header(asked), peer: { address } }
}

test('MTLS-07: no bytes of an untrusted peer change a verdict', async () => {
  for (const [header, name] of presets) {
    const guard = forwarded.verifier(header)
    await fc.assert(
      fc.asyncProperty(lines, lines, async (given, stray) => {
        const verdict = await guard.check(withField(name, given, stray, '203.0.113.9'))
        expect(outcomeOf(verdict)).toBe('certificate_missing')
      }),
      runs(200),
    )
  }
})

test('MTLS-09: no bytes of the proxy are taken for a certificate but those of the certificate', async () => {
  const allowed = new Set(['certificate_missing', 'request_malformed', 'binding_mismatch'])
  for (const [header, name] of presets) {
    const guard = forwarded.verifier(header)
    await fc.assert(
      fc.asyncProperty(lines, fc.oneof(fc.constant([]), lines), async (given, stray) => {
        const code = outcomeOf(await guard.check(withField(name, given, stray, proxyAddress)))
        if (code !== 'admitted') expect(allowed).toContain(code)
        else expect([given.length, stray.length, holdsOwn(given[0] ?? '')]).toEqual([1, 0, true])
      }),
      runs(200),
    )
  }
})

/** By looking for its base64, however it is escaped and broken into lines. */
function holdsOwn(value: string): boolean {
  const text = decodeURIComponent(value).replace(/[\s"]/g, '')
  return text.includes(base64Of(forwarded.own))
}
