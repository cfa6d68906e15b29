/** The one table of refusals: code, status, OAuth error and the constant text of the answer. Docs and tests read the same table. */

export type RefusalCode =
  | 'request_malformed'
  | 'credentials_missing'
  | 'token_malformed'
  | 'token_type'
  | 'token_algorithm'
  | 'token_issuer'
  | 'token_expired'
  | 'token_key_unknown'
  | 'token_signature'
  | 'token_claim'
  | 'token_audience'
  | 'token_not_active'
  | 'token_lifetime'
  | 'token_revoked'
  | 'binding_unsupported'
  | 'binding_missing'
  | 'binding_scheme'
  | 'certificate_missing'
  | 'binding_mismatch'
  | 'proof_missing'
  | 'proof_malformed'
  | 'proof_key'
  | 'nonce_required'
  | 'nonce_invalid'
  | 'proof_method'
  | 'proof_target'
  | 'proof_token_hash'
  | 'proof_expired'
  | 'proof_not_active'
  | 'proof_signature'
  | 'proof_replayed'
  | 'rate_limited'
  | 'delegation_malformed'
  | 'delegation_too_deep'
  | 'delegation_not_allowed'
  | 'owner_missing'
  | 'actor_unauthorized'
  | 'authority_required'
  | 'access_denied'
  | 'details_missing'
  | 'permission_missing'
  | 'authentication_insufficient'
  | 'scope_missing'
  | 'keys_unavailable'
  | 'introspection_unavailable'
  | 'replay_unavailable'
  | 'revocation_unavailable'
  | 'directory_unavailable'
  | 'policy_unavailable'
  | 'audit_unavailable'

export interface RefusalRow {
  readonly status: 400 | 401 | 403 | 429 | 503
  /** The OAuth error of the challenge and the body; null: none. */
  readonly error: string | null
  /** `detail` of the problem body and, where there is an error, `error_description`. Characters of RFC 6750 §3 only. */
  readonly detail: string
}

const invalidToken = (detail: string): RefusalRow => ({ status: 401, error: 'invalid_token', detail })
const invalidProof = (detail: string): RefusalRow => ({ status: 401, error: 'invalid_dpop_proof', detail })
const useNonce = (detail: string): RefusalRow => ({ status: 401, error: 'use_dpop_nonce', detail })
const actorUnauthorized = (detail: string): RefusalRow => ({ status: 403, error: 'actor_unauthorized', detail })
const denied = (detail: string): RefusalRow => ({ status: 403, error: null, detail })
const unavailable = (detail: string): RefusalRow => ({ status: 503, error: null, detail })

/** In the order of the table. */
export function inPrecedence(codes: readonly RefusalCode[]): readonly RefusalCode[] {
  return Object.freeze(precedence.filter((code) => codes.includes(code)))
}

/** In the order of precedence: of several reasons, the first is the answer. */
export const refusals: Readonly<Record<RefusalCode, RefusalRow>> = Object.freeze({
  request_malformed: {
    status: 400,
    error: 'invalid_request',
    detail: 'The request must carry exactly one well-formed Authorization field',
  },
  credentials_missing: { status: 401, error: null, detail: 'An access token is required' },

  token_malformed: invalidToken('The access token is not a well-formed signed JWT'),
  token_type: invalidToken('The token is not an access token'),
  token_algorithm: invalidToken('The signature algorithm of the access token is not accepted'),
  token_issuer: invalidToken('The issuer of the access token is not trusted'),
  token_expired: invalidToken('The access token has expired'),
  token_key_unknown: invalidToken('The key of the access token is not known'),
  token_signature: invalidToken('The signature of the access token is not valid'),
  token_claim: invalidToken('A claim of the access token is missing or malformed'),
  token_audience: invalidToken('The access token is not meant for this resource'),
  token_not_active: invalidToken('The access token is not active yet'),
  token_lifetime: invalidToken('The access token lives longer than this resource accepts'),
  token_revoked: invalidToken('The access token has been revoked'),

  binding_unsupported: invalidToken('The access token is bound in a way this resource cannot verify'),
  binding_missing: invalidToken('The access token must be bound to a key of the sender'),
  binding_scheme: invalidToken('The authentication scheme does not fit the binding of the access token'),
  certificate_missing: invalidToken('The access token is bound to a client certificate and none was presented'),
  binding_mismatch: invalidToken('The access token is bound to another key'),

  proof_missing: invalidProof('The request carries no DPoP proof'),
  proof_malformed: invalidProof('The DPoP proof is malformed'),
  proof_key: invalidProof('The algorithm or key of the DPoP proof is not accepted'),
  nonce_required: useNonce('Resource server requires nonce in DPoP proof'),
  nonce_invalid: useNonce('The nonce of the DPoP proof is not valid or has expired'),
  proof_method: invalidProof('The DPoP proof was made for another method'),
  proof_target: invalidProof('The DPoP proof was made for another URL'),
  proof_token_hash: invalidProof('The DPoP proof was made for another access token'),
  proof_expired: invalidProof('The DPoP proof is too old'),
  proof_not_active: invalidProof('The DPoP proof lies in the future'),
  proof_signature: invalidProof('The signature of the DPoP proof is not valid'),
  proof_replayed: invalidProof('The DPoP proof has been used before'),
  rate_limited: { status: 429, error: null, detail: 'Too many requests by this client' },

  delegation_malformed: invalidToken('The act claim of the access token is malformed'),
  delegation_too_deep: invalidToken('The delegation chain of the access token is too deep'),
  delegation_not_allowed: invalidToken('The issuer of the access token may not name this actor'),
  owner_missing: invalidToken('The actor of the access token has no known owner'),

  actor_unauthorized: actorUnauthorized('The parties of this request are not authorized for this action'),
  authority_required: actorUnauthorized('This action needs another kind of authority'),
  access_denied: denied('Access to this resource is denied'),
  details_missing: denied('The authorization details of the access token do not cover this action'),
  permission_missing: denied('The access token lacks a role or permission this action needs'),
  authentication_insufficient: {
    status: 401,
    error: 'insufficient_user_authentication',
    detail: 'A stronger or more recent user authentication is required',
  },
  scope_missing: {
    status: 403,
    error: 'insufficient_scope',
    detail: 'The access token lacks a scope this action needs',
  },

  keys_unavailable: unavailable('The keys of the token issuer are temporarily unavailable'),
  introspection_unavailable: unavailable('The status of the access token is temporarily unavailable'),
  replay_unavailable: unavailable('The replay protection is temporarily unavailable'),
  revocation_unavailable: unavailable('The revocation status is temporarily unavailable'),
  directory_unavailable: unavailable('The directory of the parties is temporarily unavailable'),
  policy_unavailable: unavailable('The access policy is temporarily unavailable'),
  audit_unavailable: unavailable('The audit record is temporarily unavailable'),
})

const precedence = Object.keys(refusals) as readonly RefusalCode[]
