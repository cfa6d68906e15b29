import type { CryptoKey, JWK } from 'jose'
import type { Algorithm } from './options.ts'

/**
 * Asking the issuer about a token (RFC 7662). The answer is judged as the claims of a JWT are: audience, lifetime, binding,
 * delegation. When the endpoint fails, answers late, or gives an answer that cannot be used, the request is refused
 * (`introspection_unavailable`). At most 32 questions are under way at an issuer; several requests with one token share a
 * question.
 */
export interface IntrospectionOptions {
  /**
   * The https URL of the introspection endpoint; http on a loopback host or one that `dangerously.allowHttp` names. The
   * token is sent there. Default: `introspection_endpoint` of the issuer's metadata (RFC 8414 §2), only where it has the
   * origin of the issuer.
   */
  endpoint?: string | undefined
  /** How this resource authenticates itself to the endpoint (RFC 7662 §2.1). Required. */
  client: SecretClient | PrivateKeyClient
  /**
   * Which tokens are asked about. `'opaque'`: those that have not exactly two dots and so cannot be a signed JWT. `'all'`:
   * JWTs of this issuer as well, once everything in them holds; the answer can only shorten their life and add to their
   * binding. An opaque token names no issuer, so only one issuer may have `introspection`. Default: `'opaque'`.
   */
  for?: 'opaque' | 'all' | undefined
  /**
   * How long an answer is used, in whole seconds, never beyond `exp`: for so long a revocation at the issuer is not seen.
   * An answer that says the token is not active is kept for 5 s. From 0 (every request asks) to 3 600. Default: 30.
   */
  cacheSeconds?: number | undefined
  /**
   * Whether the answer must be a JWT that the issuer signed (RFC 9701). Its signature, `iss`, `aud` (this client, or an
   * accepted audience) and `iat` (at most 60 s ago) are checked; a plain JSON answer is refused. Encrypted answers cannot
   * be read. Default: false.
   */
  signed?: boolean | undefined
}

/** Authentication with a secret: `client_secret_basic` (RFC 6749 §2.3.1). */
export interface SecretClient {
  /** The id of this resource at the issuer. Required. */
  id: string
  /** The client secret. It is in no error, fact or description. Required. */
  secret: string
}

/** Authentication with a signed assertion: `private_key_jwt` (RFC 7523 §2.2), with the issuer as `aud`. */
export interface PrivateKeyClient {
  /** The id of this resource at the issuer. Required. */
  id: string
  /** A private signing key. The `kid` of a JWK goes into the assertions. Required. */
  privateKey: CryptoKey | JWK
  /** Algorithm of the assertions; it must fit the key. Default: `alg` of the JWK, else what type, curve and hash of the key leave; RS256 for an RSA key in a JWK. */
  alg?: Algorithm | undefined
}
