/** Requests of an agent with a certificate-bound token, whose certificate a proxy puts into a field of the request. */
import {
  type CertificateHeader,
  createVerifier,
  type MtlsOptions,
  type RequestPeer,
  type Verdict,
  type Verifier,
  type VerifierOptions,
} from 'onbehalf'
import { createTestCertificate, type TestCertificate } from 'onbehalf/testing'
import { createKit, type Kit, type Outcome, outcomeOf } from './kit.ts'

/** Where the proxy of these tests is. */
export const proxyAddress = '10.0.0.7'

export interface ForwardedCall {
  /** Default: bound to the certificate of the kit. */
  readonly token?: string
  readonly headers?: Record<string, string | readonly string[]>
  /** Default: the proxy. */
  readonly peer?: RequestPeer | undefined
}

export interface ForwardedKit {
  readonly kit: Kit
  /** The agent's. */
  readonly own: TestCertificate
  readonly other: TestCertificate
  /** Bound to the agent's certificate alone. */
  readonly token: string
  verifier(header: CertificateHeader, more?: Partial<VerifierOptions>): Verifier
  verifierFor(certificate: MtlsOptions['certificate'], more?: Partial<VerifierOptions>): Verifier
  check(verifier: Verifier, call?: ForwardedCall): Promise<Verdict>
  code(verifier: Verifier, call?: ForwardedCall): Promise<Outcome>
}

export async function createForwardedKit(): Promise<ForwardedKit> {
  const [kit, own, other] = await Promise.all([
    createKit(),
    createTestCertificate({ commonName: 'travel-7' }),
    createTestCertificate({ commonName: 'another' }),
  ])
  const token = await kit.token({ claims: { cnf: { 'x5t#S256': own.thumbprint } } })

  const verifierFor: ForwardedKit['verifierFor'] = (certificate, more) =>
    createVerifier({ ...kit.options, mtls: { certificate }, ...more })

  async function check(verifier: Verifier, call: ForwardedCall = {}): Promise<Verdict> {
    const view = await kit.request({
      scheme: 'Bearer',
      token: call.token ?? token,
      proof: null,
      headers: call.headers,
    })
    return verifier.check({ ...view, peer: 'peer' in call ? call.peer : { address: proxyAddress } })
  }

  return {
    kit,
    own,
    other,
    token,
    verifierFor,
    verifier: (header, more) => verifierFor({ header, trustedProxies: [proxyAddress] }, more),
    check,
    code: async (verifier, call) => outcomeOf(await check(verifier, call)),
  }
}

/** The DER in base64. */
export function base64Of({ der }: TestCertificate): string {
  return Buffer.from(der).toString('base64')
}

/** SHA-256 of the DER in hex, as Envoy writes it. */
export function hashOf({ thumbprint }: TestCertificate): string {
  return Buffer.from(thumbprint, 'base64url').toString('hex')
}

/** PEM as OpenSSL writes it. */
export function pemOf(certificate: TestCertificate): string {
  const lines = base64Of(certificate).match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
