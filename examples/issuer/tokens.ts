import { randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JSONWebKeySet, jwtVerify, SignJWT } from 'jose'
import { OAuthError } from './oauth-error.ts'

/** Ceiling for every token: what an API that follows the default accepts. */
export const maxTokenSeconds = 300

/** RFC 8693 §4.1; the outermost is who acts now, the innermost who acted first. */
export interface Actor {
  readonly iss: string
  readonly sub: string
  readonly sub_profile: string
  readonly act?: Actor
}

/** RFC 8705 §3.1 or RFC 9449 §6.1. */
export type Confirmation = { readonly jkt: string } | { readonly 'x5t#S256': string }

/** What a grant decided a token is to say. */
export interface TokenContent {
  readonly sub: string
  readonly sub_profile: string
  readonly client_id: string
  readonly aud: string
  readonly scope: string
  readonly act?: Actor
  readonly may_act?: { readonly iss: string; readonly sub: string }
  readonly cnf?: Confirmation
}

export interface AccessTokenClaims extends TokenContent {
  readonly iss: string
  readonly iat: number
  readonly exp: number
  readonly jti: string
}

export interface TokenSigner {
  readonly jwks: JSONWebKeySet
  sign(claims: AccessTokenClaims): Promise<string>
  /** The claims of a token this signer has signed and that has not expired; throws otherwise. */
  read(token: string): Promise<AccessTokenClaims>
}

/** Makes a fresh key that never leaves this process. A server that restarts without downtime keeps its key in a KMS instead. */
export async function createTokenSigner(issuer: string, now: () => number): Promise<TokenSigner> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)

  return {
    jwks: { keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] },
    // RFC 9068 §2.1
    sign: (claims) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid }).sign(privateKey),
    async read(token) {
      try {
        const { payload } = await jwtVerify<AccessTokenClaims>(token, publicKey, {
          algorithms: ['ES256'],
          typ: 'at+jwt',
          issuer,
          currentDate: new Date(now() * 1_000),
        })
        return payload
      } catch {
        // RFC 8693 §2.2.2
        throw new OAuthError('invalid_request', 'The subject token is not a valid token of this issuer')
      }
    },
  }
}

/** RFC 9068 §2.2. `notAfter` is the end of the token this one was derived from. */
export function createClaims(
  issuer: string,
  content: TokenContent,
  time: { now: number; notAfter?: number | undefined; backdatedSeconds?: number | undefined },
): AccessTokenClaims {
  const iat = time.now - (time.backdatedSeconds ?? 0)
  const exp = Math.min(iat + maxTokenSeconds, time.notAfter ?? Number.POSITIVE_INFINITY)
  return { iss: issuer, ...content, iat, exp, jti: randomUUID() }
}
