import type { CryptoKey, JWK } from 'jose'
import type { Clock } from './options.ts'

/** Settings of `dpopFetch()`. */
export interface DpopFetchOptions {
  /**
   * The key that signs the proofs: a pair of WebCrypto, whose private half may be not extractable, or its public half with
   * a function that signs, for keys that live elsewhere. The access token must be bound to it. Required.
   */
  key: SigningKeyPair | RemoteKey
  /**
   * The access token for a request to this URL, asked before every try; it should keep the token until that ends. Undefined
   * as the answer: the request is sent as it is, with no token and no proof, for URLs that must not see the token. Default:
   * every request has a proof and none has a token, which is what a token request needs (RFC 9449 §5).
   */
  token?: ((url: URL) => MaybeToken | Promise<MaybeToken>) | undefined
  /** Sends the requests. Default: the global `fetch` at the time of each call. */
  fetch?: typeof fetch | undefined
  /** Its time, from which `iat` is made. Default: `Date.now`. */
  clock?: Pick<Clock, 'now'> | (() => number) | undefined
  /**
   * Asked where an answer says that more is needed: other scopes (RFC 6750 §3.1) or another authentication of the user
   * (RFC 9470). It gives a new token, with which the request is sent once more, or undefined: then the answer is returned as
   * it is. What it throws, the call throws. Default: the answer is returned.
   */
  onStepUp?: ((challenge: StepUpChallenge) => Promise<MaybeToken>) | undefined
}

export type MaybeToken = string | undefined

/** A `CryptoKeyPair` of WebCrypto. */
export interface SigningKeyPair {
  /** It may be not extractable. */
  readonly privateKey: CryptoKey
  /** Extractable: every proof carries it. */
  readonly publicKey: CryptoKey
}

/** A key of which this process has the public half only. */
export interface RemoteKey {
  /**
   * The public key (RFC 7517). Its `alg` is the algorithm of the proofs. Without `alg` it is ES256, ES384 or ES512 by the
   * curve, EdDSA for Ed25519, PS256 for RSA.
   */
  publicJwk: JWK
  /** Signs these bytes and gives the signature in the form of JWS (RFC 7515): for ECDSA, R and S one after the other. */
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** What a resource server asks for before it admits the request. */
export interface StepUpChallenge {
  /** RFC 6750 §3.1, RFC 9470 §3. */
  readonly error: 'insufficient_scope' | 'insufficient_user_authentication'
  /** Of the request that was refused. */
  readonly url: URL
  /** The scopes that the operation needs; empty where the server does not say. */
  readonly scopes: readonly string[]
  /** RFC 9470 §3. */
  readonly acrValues: readonly string[]
  /** Seconds (RFC 9470 §3). */
  readonly maxAge: number | undefined
  /** Where the server's metadata is (RFC 9728 §5.1). The server said so: do not follow it to an issuer that you do not know. */
  readonly resourceMetadata: string | undefined
}
