import {
  calculateJwkThumbprint,
  decodeProtectedHeader,
  EmbeddedJWK,
  type JWK,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose'
import { OAuthError } from './oauth-error.ts'
import type { SingleUse } from './single-use.ts'

export const proofAlgorithms: readonly string[] = ['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256']
export const maxProofAgeSeconds = 60
export const maxProofFutureSeconds = 10

export interface ProofRules {
  /** URL of the endpoint the request arrived at. */
  readonly endpoint: string
  /** The authenticated client: what its proofs take of the memory is counted for it. */
  readonly client: string
  readonly usedProofs: SingleUse
  readonly now: () => number
}

/** RFC 9449 §4.3, for the token request: returns the thumbprint the token is to be bound to; undefined where there is no proof. */
export async function verifyTokenRequestProof(
  fields: readonly string[],
  rules: ProofRules,
): Promise<string | undefined> {
  const [proof, ...others] = fields
  if (proof === undefined) return undefined
  // §4.3(1)
  if (others.length > 0 || proof.length > 4_096) throw refusal()

  const { payload, protectedHeader } = await verifySignature(proof, rules.now())
  // §4.3(4): exactly this value; jose would also take it with `application/` in front.
  if (protectedHeader.typ !== 'dpop+jwt') throw refusal()
  // §4.3(8), §4.3(9)
  const { htm, htu, iat, jti } = payload
  if (htm !== 'POST' || !namesEndpoint(htu, rules.endpoint)) throw refusal()
  // §4.3(11)
  const age = rules.now() - (iat ?? Number.NaN)
  if (!(age <= maxProofAgeSeconds && age >= -maxProofFutureSeconds)) throw refusal()
  if (typeof jti !== 'string' || jti === '' || jti.length > 256) throw refusal()

  const thumbprint = await calculateJwkThumbprint(protectedHeader.jwk ?? {})
  // §11.1: last, so that a proof which fails uses nothing up; per client and key, so that no client uses up another's identifiers.
  rules.usedProofs.consume(rules.client, JSON.stringify([thumbprint, jti]), refusal)
  return thumbprint
}

/** §4.3(2), (3), (5), (6), (7): EmbeddedJWK takes a public key only. */
async function verifySignature(proof: string, seconds: number): Promise<JWTVerifyResult> {
  try {
    if (!isAcceptable(decodeProtectedHeader(proof).jwk)) throw refusal()
    return await jwtVerify(proof, EmbeddedJWK, {
      algorithms: [...proofAlgorithms],
      currentDate: new Date(seconds * 1_000),
    })
  } catch {
    throw refusal()
  }
}

/** Before the signature, because a huge RSA key is dear to verify with. Each other algorithm here has keys of one size. */
function isAcceptable(jwk: JWK | undefined): boolean {
  if (jwk?.kty !== 'RSA') return true
  const modulus = Buffer.from(jwk.n ?? '', 'base64url')
  return jwk.e === 'AQAB' && modulus[0] !== 0 && modulus.length >= 256 && modulus.length <= 512
}

/** §4.3(9): without query and fragment; `URL` does the normalisation of RFC 3986 §6.2.2 and §6.2.3. */
function namesEndpoint(htu: unknown, endpoint: string): boolean {
  if (typeof htu !== 'string' || !URL.canParse(htu)) return false
  const url = new URL(htu)
  url.search = ''
  url.hash = ''
  return url.href === new URL(endpoint).href
}

function refusal(): OAuthError {
  return new OAuthError('invalid_dpop_proof', 'The DPoP proof is missing or not acceptable')
}
