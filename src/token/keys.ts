import type { JSONWebKeySet } from 'jose'
import type { MaybePromise } from '../internal/maybe-promise.ts'
import { fitsAlgorithm, thumbprint } from '../jose/jwk.ts'
import { importKey, type VerificationKey } from '../jose/signature.ts'
import { isJsonObject, type JsonObject } from '../jose/strict-json.ts'
import { fixed } from '../options/defaults.ts'
import { Denial } from '../refusal/denial.ts'
import type { Algorithm } from '../types/options.ts'
import type { Health } from '../types/verifier.ts'

/** One verification key of one issuer. */
export interface TokenKey {
  readonly kid: string | undefined
  readonly thumbprint: string
  readonly key: VerificationKey
  /** Set when the key has left the issuer's set: tokens verified with it must be verified again. */
  retired: boolean
}

/** The keys of one issuer; never shared between issuers, whatever their kids (RFC 9068 §4). */
export interface Keyring {
  find(kid: string | undefined, algorithm: Algorithm): MaybePromise<TokenKey | Denial>
  /** May a token verified with this key be believed without asking the issuer again? */
  vouchesFor(key: TokenKey): boolean
  load(): Promise<void>
  state(): Omit<Health['issuers'][number], 'issuer'>
  close(): void
}

export type KeySet = readonly TokenKey[]

export const maxKeyIdLength = 512

/**
 * The usable keys of a JWK Set. A key that is unknown, malformed, private, too small or meant for something else is
 * passed over, never fatal (RFC 7517 §5).
 */
export function readKeySet(jwks: unknown, accepted: ReadonlySet<Algorithm>): KeySet {
  const keys = isJsonObject(jwks) ? jwks['keys'] : undefined
  if (!Array.isArray(keys)) return []
  return keys.slice(0, fixed.keysPerIssuer).flatMap((jwk) => {
    const key = isJsonObject(jwk) ? readKey(jwk, accepted) : undefined
    return key === undefined ? [] : [key]
  })
}

function readKey(jwk: JsonObject, accepted: ReadonlySet<Algorithm>): TokenKey | undefined {
  const { kid, use, key_ops: operations } = jwk
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > maxKeyIdLength)) return undefined
  if (use !== undefined && use !== 'sig') return undefined
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return undefined
  const algorithm = algorithmOf(jwk, accepted)
  if (algorithm === undefined || !fitsAlgorithm(jwk, algorithm)) return undefined
  const key = importKey(jwk, algorithm)
  return key === undefined ? undefined : { kid, thumbprint: thumbprint(jwk), key, retired: false }
}

/** Each key serves one algorithm (RFC 8725 §3.1): what the JWK says, else what its type and curve leave; RSA without `alg` means RS256 where that is accepted. */
function algorithmOf(jwk: JsonObject, accepted: ReadonlySet<Algorithm>): Algorithm | undefined {
  const declared = jwk['alg']
  const candidates: readonly Algorithm[] = declared === undefined ? inferred : [declared as Algorithm]
  return candidates.find((algorithm) => accepts(accepted, algorithm) && fitsAlgorithm(jwk, algorithm))
}

/** Where a JWK has no `alg`, the first of these that is accepted and that its type and curve fit. */
const inferred: readonly Algorithm[] = [
  'ES256',
  'ES384',
  'ES512',
  'Ed25519',
  'EdDSA',
  'RS256',
  'PS256',
  'RS384',
  'PS384',
  'RS512',
  'PS512',
]

function accepts(accepted: ReadonlySet<Algorithm>, algorithm: Algorithm): boolean {
  return [...accepted].some((name) => isSameAlgorithm(name, algorithm))
}

/** `EdDSA` is the old name of what RFC 9864 calls `Ed25519`; Ed448 is not taken under either. */
function isSameAlgorithm(a: string, b: string): boolean {
  return a === b || (a === 'EdDSA' && b === 'Ed25519') || (a === 'Ed25519' && b === 'EdDSA')
}

/** A token without kid is good only where exactly one key fits its algorithm. */
export function selectKey(keys: KeySet, kid: string | undefined, algorithm: Algorithm): TokenKey | undefined {
  const fitting = keys.filter(
    (key) => (kid === undefined || key.kid === kid) && isSameAlgorithm(key.key.algorithm, algorithm),
  )
  // The same key published twice is one key.
  const isAmbiguous = kid === undefined && fitting.some((key) => key.thumbprint !== fitting[0]?.thumbprint)
  return isAmbiguous ? undefined : fitting[0]
}

/** Keys given in the options: no network, no ageing. */
export function createStaticKeyring(jwks: JSONWebKeySet, accepted: ReadonlySet<Algorithm>): Keyring {
  const keys = readKeySet(jwks, accepted)
  return {
    find: (kid, algorithm) => selectKey(keys, kid, algorithm) ?? new Denial('token_key_unknown', keyFacts(kid)),
    vouchesFor: () => true,
    load: async () => {},
    state: () => ({ keys: keys.length, ageSeconds: null, stale: false }),
    close: () => {},
  }
}

export function keyFacts(kid: string | undefined): { keyId?: string } {
  return kid === undefined ? {} : { keyId: kid.slice(0, 64) }
}
