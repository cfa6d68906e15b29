import { X509Certificate } from 'node:crypto'
import type { TestCertificate } from 'onbehalf/testing'
import type { SigningKey } from '../agents/signing-key.ts'
import type { PublicKeys } from './protocol.ts'

/** What is registered of an agent that signs: RFC 7523, with tokens bound by RFC 9449. */
export function introduceKey({ publicJwk }: SigningKey): PublicKeys {
  return { token_endpoint_auth_method: 'private_key_jwt', dpop_bound_access_tokens: true, jwks: { keys: [publicJwk] } }
}

/** What is registered of an agent with a certificate (RFC 8705 §2.2). */
export function introduceCertificate({ certificate, der }: TestCertificate): PublicKeys {
  const jwk = new X509Certificate(certificate).publicKey.export({ format: 'jwk' })
  return {
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    tls_client_certificate_bound_access_tokens: true,
    jwks: { keys: [{ ...jwk, x5c: [Buffer.from(der).toString('base64')] }] },
  }
}
