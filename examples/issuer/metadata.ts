import { proofAlgorithms } from './dpop.ts'
import { grantTypes } from './registry.ts'

/** RFC 8414 §2, with RFC 8705 §5, RFC 8705 §3.3 and RFC 9449 §5.1. */
export function createMetadata(urls: {
  issuer: string
  tokenEndpoint: string
  mtlsTokenEndpoint: string | undefined
}): Record<string, unknown> {
  const { issuer, tokenEndpoint, mtlsTokenEndpoint } = urls
  const mtls = mtlsTokenEndpoint !== undefined
  return {
    issuer,
    token_endpoint: tokenEndpoint,
    jwks_uri: `${issuer}/jwks`,
    // There is no authorization endpoint.
    response_types_supported: [],
    grant_types_supported: Object.values(grantTypes),
    token_endpoint_auth_methods_supported: mtls
      ? ['private_key_jwt', 'self_signed_tls_client_auth']
      : ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['ES256', 'Ed25519'],
    dpop_signing_alg_values_supported: proofAlgorithms,
    ...(mtls && {
      tls_client_certificate_bound_access_tokens: true,
      mtls_endpoint_aliases: { token_endpoint: mtlsTokenEndpoint },
    }),
  }
}
