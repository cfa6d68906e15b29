import type { JWK } from 'jose'

/** A key whose private half stays where it is. It is what `dpopFetch` and the test kit take as a key that lives elsewhere. */
export interface HardwareKey {
  readonly publicJwk: JWK
  readonly algorithm: 'ES256'
  /** R and S one after the other (RFC 7518 §3.4). */
  sign(data: Uint8Array): Promise<Uint8Array>
}

/** A key of a PKCS #11 token that is in use. */
export interface OpenKey extends HardwareKey {
  readonly route: RouteName
  /** The key pair did not exist before: an authorization server cannot know it yet. */
  readonly isNew: boolean
  /** Ends the session with the token. */
  close(): void
}

export type RouteName = 'pkcs11js' | 'pkcs11-tool'

/** Which key of which token. */
export interface KeySettings {
  /** Absolute path of the PKCS #11 module, the library that comes with the token. */
  readonly module: string
  readonly tokenLabel: string
  readonly pin: string
  /** CKA_ID of both halves, in hexadecimal digits. */
  readonly keyId: string
}

/** A way to a token: everything that is asked of it. */
export interface Route {
  readonly name: RouteName
  /** What the token has under the id of the key. */
  find(): Promise<Halves>
  /** Makes a key pair on P-256 in the token. */
  make(): Promise<void>
  /** SubjectPublicKeyInfo (RFC 5480 §2), in DER. */
  readPublicKey(): Promise<Buffer>
  /** R and S one after the other, over a hash. */
  signHash(hash: Buffer): Promise<Uint8Array>
  close(): void
}

export interface Halves {
  readonly privateKeys: number
  readonly publicKeys: number
  /** By the attributes of the private key: it cannot leave the token, and it never could. */
  readonly isConfined: boolean
}
