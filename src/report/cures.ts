import type { RefusalCode } from '../refusal/table.ts'

/** What changes a refusal: an option of this package, a setting at the issuer, and what to do. */
export interface Cure {
  readonly option: string | null
  readonly issuerSetting: string | null
  readonly action: string
}

const cure = (action: string, option: string | null = null, issuerSetting: string | null = null): Cure => ({
  option,
  issuerSetting,
  action,
})
/** The place of an option where each route has its own. */
export const routeRule = 'the requirement of the route (requireAccess)'
const outage = 'Find out why it could not answer: verifier.health() and the cause in the facts of the event tell.'

export const cures: Readonly<Record<RefusalCode, Cure>> = {
  request_malformed: cure('Look for clients or proxies that send several Authorization fields, or a broken one.'),
  credentials_missing: cure('Give these callers a token, or put routes that are public before the guard.'),
  token_malformed: cure(
    'Look at what these clients send. Opaque tokens need introspection.',
    'issuer.introspection',
    'Issue access tokens as signed JWTs (RFC 9068).',
  ),
  token_type: cure(
    'Let the issuer write access tokens by RFC 9068, or use the preset of its product (onbehalf/issuers), which knows how it writes them.',
    'issuer.dialect',
    'Choose the RFC 9068 token profile for this API.',
  ),
  token_algorithm: cure('Accept the algorithm that the issuer signs with, if it is sound.', 'issuer.algorithms'),
  token_issuer: cure('Find out who issued these tokens. Add the issuer if you trust it.', 'issuer'),
  token_expired: cure('Let these clients renew their tokens in time, and check their clocks.'),
  token_key_unknown: cure('Check that the issuer publishes its new key before it signs with it.', 'issuer.jwksUri'),
  token_signature: cure('Treat these as forged until you know the client. Then check its issuer.'),
  token_claim: cure(
    'Let the issuer send the missing claim, or use the preset of its product (onbehalf/issuers), which knows how it writes tokens.',
    'issuer.dialect',
    'Add the claims of RFC 9068: client_id, jti, iat.',
  ),
  token_audience: cure(
    'Let tokens name this API as their audience, or set the option to the identifier that they name, if it stands for this API alone.',
    'issuer.audience',
    'Register the API under the URL that is the option resource.',
  ),
  token_not_active: cure('Check the clocks of the issuer and of this host.', 'token.clockToleranceSeconds'),
  token_lifetime: cure(
    'Shorten the tokens to five minutes at the issuer.',
    'issuer.maxTokenSeconds',
    'Set the lifetime of access tokens for this API to 300 seconds.',
  ),
  token_revoked: cure('Nothing, if you revoked them. Otherwise find out who still uses them.'),
  binding_unsupported: cure('Let the issuer bind tokens to a DPoP key or to a client certificate.'),
  binding_missing: cure(
    'Let clients prove a key of their own with each request.',
    'issuer.dangerously.allowUnbound',
    'Require DPoP or certificate-bound tokens for these clients.',
  ),
  binding_scheme: cure('Let clients send DPoP-bound tokens under DPoP, and all others under Bearer.'),
  certificate_missing: cure('Say where the client certificate arrives, if a proxy ends TLS.', 'mtls.certificate'),
  binding_mismatch: cure('Find out whether the token was stolen, or the client mixes its keys.', 'revocation'),
  proof_missing: cure('Let these clients send a DPoP proof with each request.'),
  proof_malformed: cure('Check the DPoP library of these clients.'),
  proof_key: cure('Let these clients use an accepted algorithm, such as ES256.', 'dpop.algorithms'),
  nonce_required: cure('Nothing: a client gets its first nonce in this way.', 'dpop.nonce'),
  nonce_invalid: cure('Nothing, if few. If many, give all processes the same nonce secret.', 'dpop.nonce.secret'),
  proof_method: cure('Look for a proxy that changes the method.'),
  proof_target: cure('Name the URL that clients use, and look for a proxy that rewrites paths.', 'publicUrl'),
  proof_token_hash: cure('Let these clients make a new proof when they renew their token.'),
  proof_expired: cure('Check the clocks of these clients, or answer a wrong clock with a nonce.', 'dpop.nonce.mode'),
  proof_not_active: cure('Check the clocks of these clients, or answer a wrong clock with a nonce.', 'dpop.nonce.mode'),
  proof_signature: cure('Treat these as forged until you know the client.'),
  proof_replayed: cure(
    'Find out whether proofs were captured, or a proxy sends requests a second time.',
    'dpop.replay',
  ),
  rate_limited: cure('Find out why this client sends so many proofs.', 'dpop.replay'),
  delegation_malformed: cure('Let the issuer write act by RFC 8693, or name the way it writes it.', 'issuer.dialect'),
  delegation_too_deep: cure('Find out why the work is handed on so often.', 'delegation.maxDepth'),
  delegation_not_allowed: cure('Say whose actors this issuer may name.', 'issuer.actorIssuers'),
  owner_missing: cure(
    'Register an owner for these agents.',
    'delegation.directory',
    'Add the owner of the agent to its tokens.',
  ),
  actor_unauthorized: cure('Check who may use these routes.', routeRule),
  authority_required: cure('Check which authority these routes need.', routeRule),
  access_denied: cure('Check the rules of these routes.', routeRule),
  details_missing: cure('Let clients ask for the authorization details that they need.', routeRule),
  permission_missing: cure(
    'Grant the role or permission, or change the rule.',
    routeRule,
    'Grant the role or permission.',
  ),
  authentication_insufficient: cure('Let clients follow the step-up challenge (RFC 9470).', routeRule),
  scope_missing: cure(
    'Let clients ask for the scopes that the challenge names.',
    routeRule,
    'Grant the scopes to these clients.',
  ),
  keys_unavailable: cure(outage, 'issuer.keys'),
  introspection_unavailable: cure(outage, 'issuer.introspection'),
  replay_unavailable: cure(outage, 'dpop.replay'),
  revocation_unavailable: cure(outage, 'revocation'),
  directory_unavailable: cure(outage, 'delegation.directory'),
  policy_unavailable: cure(outage, routeRule),
  audit_unavailable: cure(outage, 'audit'),
}
