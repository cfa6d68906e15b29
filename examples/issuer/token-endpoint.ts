import type { IncomingMessage } from 'node:http'
import { type AssertionRules, authenticateClient, maxAssertionSeconds } from './client-authentication.ts'
import { maxProofAgeSeconds, maxProofFutureSeconds, verifyTokenRequestProof } from './dpop.ts'
import { readForm } from './form.ts'
import { grantToken } from './grants.ts'
import { OAuthError } from './oauth-error.ts'
import type { RegisteredClient, Registry } from './registry.ts'
import { createSingleUse } from './single-use.ts'
import { type AccessTokenClaims, type Confirmation, createClaims, type TokenSigner } from './tokens.ts'

export interface TokenEndpointSettings {
  readonly issuer: string
  /** Every URL this endpoint is reachable under: plain, and with mutual TLS. */
  readonly endpoints: readonly string[]
  readonly registry: Registry
  readonly signer: TokenSigner
  readonly maxDepth: number
  /** Seconds since the epoch. */
  readonly now: () => number
  /** The record of what was issued to whom. */
  readonly onIssued?: ((client: RegisteredClient, claims: AccessTokenClaims) => void) | undefined
}

/** RFC 6749 §5.1 with RFC 9449 §5 and RFC 8693 §2.2.1. */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: 'DPoP' | 'Bearer'
  readonly expires_in: number
  readonly scope: string
  readonly issued_token_type?: string
}

export interface TokenRequest {
  readonly request: IncomingMessage
  /** The URL the request arrived at. */
  readonly endpoint: string
  /** Of the certificate of this very TLS connection. */
  readonly certificateThumbprint: string | undefined
}

/** Authenticate the client, verify its proof, decide the grant, bind the token: in this order. */
export function createTokenEndpoint(settings: TokenEndpointSettings): (input: TokenRequest) => Promise<TokenResponse> {
  const { issuer, registry, signer, maxDepth, now } = settings
  const room = { capacity: 100_000, share: 10_000, now }
  const usedAssertions = createSingleUse({ seconds: maxAssertionSeconds, ...room })
  const usedProofs = createSingleUse({ seconds: maxProofAgeSeconds + maxProofFutureSeconds, ...room })
  const assertions: AssertionRules = { registry, audiences: [issuer, ...settings.endpoints], usedAssertions, now }

  return async function answerTokenRequest({ request, endpoint, certificateThumbprint }) {
    const form = await readForm(request)
    const client = await authenticateClient(form, certificateThumbprint, assertions)
    const { dpop: proofs = [] } = request.headersDistinct
    const jkt = await verifyTokenRequestProof(proofs, { endpoint, client: client.id, usedProofs, now })
    const cnf = chooseConfirmation(client, jkt, certificateThumbprint)
    const { content, notAfter, issuedTokenType } = await grantToken(form, client, {
      issuer,
      registry,
      signer,
      maxDepth,
      assertions,
    })

    const claims = createClaims(
      issuer,
      { ...content, ...(cnf && { cnf }) },
      { now: now(), notAfter, backdatedSeconds: client.dangerouslyBackdatedSeconds },
    )
    settings.onIssued?.(client, claims)
    return {
      access_token: await signer.sign(claims),
      // RFC 8705 §3: a certificate-bound token is sent as Bearer.
      token_type: jkt === undefined ? 'Bearer' : 'DPoP',
      expires_in: claims.exp - now(),
      scope: claims.scope,
      ...(issuedTokenType !== undefined && { issued_token_type: issuedTokenType }),
    }
  }
}

/** RFC 9449 §5, RFC 8705 §3: the key the client has just shown. */
function chooseConfirmation(
  client: RegisteredClient,
  jkt: string | undefined,
  certificateThumbprint: string | undefined,
): Confirmation | undefined {
  if (jkt !== undefined) return { jkt }
  if (client.authentication.method === 'self_signed_tls_client_auth' && certificateThumbprint !== undefined) {
    return { 'x5t#S256': certificateThumbprint }
  }
  if (client.dangerouslyIssueUnbound === true) return undefined
  throw new OAuthError('invalid_dpop_proof', 'The DPoP proof is missing or not acceptable')
}
