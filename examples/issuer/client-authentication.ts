import { decodeJwt, importJWK, type JWTPayload, jwtVerify } from 'jose'
import type { Form } from './form.ts'
import { OAuthError } from './oauth-error.ts'
import type { RegisteredClient, Registry } from './registry.ts'
import type { SingleUse } from './single-use.ts'

/** How long an assertion may live; the memory of used ones must be at least as long. */
export const maxAssertionSeconds = 60

export interface AssertionRules {
  readonly registry: Registry
  /** What an assertion may be addressed to: the issuer, or the URL of the token endpoint (RFC 7523 §3). */
  readonly audiences: readonly string[]
  readonly usedAssertions: SingleUse
  readonly now: () => number
}

/** Returns the client that holds a registered key, or throws. */
export async function authenticateClient(
  form: Form,
  certificateThumbprint: string | undefined,
  rules: AssertionRules,
): Promise<RegisteredClient> {
  const assertion = form.optional('client_assertion')
  if (assertion !== undefined) return authenticateByAssertion(form, assertion, rules)
  if (certificateThumbprint !== undefined) return authenticateByCertificate(form, certificateThumbprint, rules)
  throw unauthenticated()
}

async function authenticateByAssertion(
  form: Form,
  assertion: string,
  rules: AssertionRules,
): Promise<RegisteredClient> {
  // RFC 7523 §2.2
  if (form.required('client_assertion_type') !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer') {
    throw new OAuthError('invalid_request', 'The type of the client assertion is not supported')
  }
  const client = rules.registry.clients.get(readIssuer(assertion) ?? '')
  if (client === undefined) throw unauthenticated()
  const claims = await verifyAssertion(assertion, client, rules, unauthenticated)
  // RFC 7523 §3(2B): the subject is the client itself.
  if (claims.sub !== client.id) throw unauthenticated()
  const clientId = form.optional('client_id')
  if (clientId !== undefined && clientId !== client.id) throw unauthenticated()
  return client
}

function authenticateByCertificate(form: Form, thumbprint: string, rules: AssertionRules): RegisteredClient {
  // RFC 8705 §2: client_id is sent, for nothing else names the client.
  const client = rules.registry.clients.get(form.required('client_id'))
  if (client?.authentication.method !== 'self_signed_tls_client_auth') throw unauthenticated()
  // RFC 8705 §2.2: the handshake proved possession of the key; what counts here is that it is the registered certificate.
  if (client.authentication.thumbprint !== thumbprint) throw unauthenticated()
  return client
}

/** RFC 7523 §3, for client authentication and for the authorization grant alike. */
export async function verifyAssertion(
  assertion: string,
  client: RegisteredClient,
  rules: AssertionRules,
  refusal: () => OAuthError,
): Promise<JWTPayload> {
  if (client.authentication.method !== 'private_key_jwt') throw refusal()
  const { jwk } = client.authentication
  const algorithm = jwk.alg ?? 'ES256'
  const seconds = rules.now()
  let claims: JWTPayload
  try {
    const verified = await jwtVerify(assertion, await importJWK(jwk, algorithm), {
      algorithms: [algorithm],
      issuer: client.id,
      currentDate: new Date(seconds * 1_000),
      requiredClaims: ['sub', 'aud', 'exp', 'jti'],
    })
    claims = verified.payload
  } catch {
    throw refusal()
  }
  // One audience only: an assertion that also names another server could be passed on by that server.
  if (typeof claims.aud !== 'string' || !rules.audiences.includes(claims.aud)) throw refusal()
  if (claims.exp === undefined || claims.exp - seconds > maxAssertionSeconds) throw refusal()
  if (typeof claims.jti !== 'string' || claims.jti === '' || claims.jti.length > 256) throw refusal()
  // RFC 7523 §3(7): remembered per client, so that no client can use up the identifiers of another.
  rules.usedAssertions.consume(client.id, claims.jti, refusal)
  return claims
}

/** Unverified: used to find the key, and checked against it afterwards. */
function readIssuer(assertion: string): string | undefined {
  try {
    return decodeJwt(assertion).iss
  } catch {
    return undefined
  }
}

function unauthenticated(): OAuthError {
  return new OAuthError('invalid_client', 'The client could not be authenticated')
}
