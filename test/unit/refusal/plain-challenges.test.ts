import type { Refusal, RequestView, VerifierOptions } from 'onbehalf'
import { beforeAll, expect, test } from 'vitest'
import { parseChallenges } from '../../support/challenges.ts'
import { type Call, createKit, type Kit, refusalIn } from '../../support/kit.ts'
import { mtlsOnly, noCredentials, plain } from './policies.ts'

/** Over a connection without TLS no certificate of the socket arrives, so mutual TLS is not offered there. */

let kit: Kit
beforeAll(async () => {
  kit = await createKit()
})

type Peer = NonNullable<RequestView['peer']>

const challengesOf = ({ headers }: Refusal) =>
  parseChallenges(headers.find(([name]) => name === 'WWW-Authenticate')?.[1] ?? '')

async function schemesOver(peer: Peer, options: Partial<VerifierOptions>, call: Call = noCredentials) {
  const view = await kit.request(call)
  const refusal = refusalIn(await kit.verifierWith(options).check({ ...view, peer }))
  return challengesOf(refusal).map(({ scheme }) => scheme)
}

const withoutTls: Peer = { encrypted: false }
const fromHeader = { certificate: { header: 'client-cert', trustedProxies: ['10.0.0.0/8'] } } as const

test.each<[string, Peer, Partial<VerifierOptions>, readonly string[]]>([
  ['plain HTTP', withoutTls, plain, ['DPoP']],
  ['TLS', { encrypted: true }, plain, ['Bearer', 'DPoP']],
  ['a connection of which nothing is known', {}, plain, ['Bearer', 'DPoP']],
  [
    'plain HTTP behind a proxy that sends the certificate',
    withoutTls,
    { ...plain, mtls: fromHeader },
    ['Bearer', 'DPoP'],
  ],
  [
    'plain HTTP with a function for the certificate',
    withoutTls,
    { ...plain, mtls: { certificate: () => undefined } },
    ['Bearer', 'DPoP'],
  ],
  // RFC 9110 §15.5.2: a 401 has a challenge.
  ['plain HTTP without DPoP', withoutTls, mtlsOnly, ['Bearer']],
])('RFC 8705 §3: over %s the challenge offers what can be met', async (_name, peer, options, schemes) => {
  expect(await schemesOver(peer, options)).toEqual(schemes)
})

test('RFC 8705 §3: over plain HTTP unbound tokens are still asked for where an issuer may send them', async () => {
  const issuer = { ...kit.trust, dangerously: { allowUnbound: true as const } }
  expect(await schemesOver(withoutTls, { ...plain, issuer })).toEqual(['Bearer', 'DPoP'])
})

test('RFC 8705 §3: one verifier answers over plain HTTP and TLS, each as it must', async () => {
  const verifier = kit.verifierWith(plain)
  const view = await kit.request(noCredentials)
  const fields = []
  for (const encrypted of [false, true, false, true]) {
    const { headers } = refusalIn(await verifier.check({ ...view, peer: { encrypted } }))
    fields.push(headers[0]?.[1])
  }
  expect(fields).toEqual([
    'DPoP algs="ES256"',
    'Bearer, DPoP algs="ES256"',
    'DPoP algs="ES256"',
    'Bearer, DPoP algs="ES256"',
  ])
  const challenge = await verifier.challenge({ scopes: ['a'] }, { ...view, peer: withoutTls })
  expect(challenge.headers[0]?.[1]).toBe('DPoP scope="a", algs="ES256"')
})

test('RFC 8705 §3: a certificate-bound token over plain HTTP is refused, with the error on the scheme that is listed', async () => {
  const token = { claims: { cnf: { 'x5t#S256': 'A'.repeat(43) } } }
  const view = await kit.request({ token, scheme: 'Bearer', proof: null })
  const refusal = refusalIn(await kit.verifierWith(plain).check({ ...view, peer: withoutTls }))
  expect(refusal).toMatchObject({ code: 'certificate_missing', status: 401 })
  const [challenge, ...others] = challengesOf(refusal)
  expect(challenge?.scheme).toBe('DPoP')
  expect(challenge?.parameters.get('error')).toBe('invalid_token')
  expect(others).toEqual([])
})
