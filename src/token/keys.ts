import type { JSONWebKeySet } from 'jose'
import type { MaybePromise } from '../internal/maybe-promise.ts'
import { fitsAlgorithm, hasPrivateMember, thumbprint } from '../jose/jwk.ts'
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
  /** May a token verified with this key be believed without asking the issuer again? `nowMs` is wall time. */
  vouchesFor(key: TokenKey, nowMs: number): boolean
  load(): Promise<void>
  state(): Omit<Health['issuers'][number], 'issuer'>
  close(): void
}

export interface KeySet {
  readonly keys: readonly TokenKey[]
  /** How many keys of the set are not used, by reason. */
  readonly passedOver: Readonly<Record<string, number>>
}

export const noKeys: KeySet = { keys: [], passedOver: {} }

export const maxKeyIdLength = 512

/**
 * The usable keys of a JWK Set; undefined for what is no JWK Set (RFC 7517 §5). A key that is unknown, malformed, private,
 * too small or meant for something else is passed over, never fatal.
 */
export function readKeySet(jwks: unknown, accepted: ReadonlySet<Algorithm>): KeySet | undefined {
  const list = isJsonObject(jwks) ? jwks['keys'] : undefined
  if (!Array.isArray(list)) return undefined
  const keys: TokenKey[] = []
  const passedOver: Record<string, number> = {}
  const passOver = (reason: string, count: number) => {
    passedOver[reason] = (passedOver[reason] ?? 0) + count
  }
  for (const jwk of list.slice(0, fixed.keysPerIssuer)) {
    const key = readKey(jwk, accepted)
    if (typeof key === 'string') passOver(key, 1)
    else keys.push(key)
  }
  const beyond = list.length - fixed.keysPerIssuer
  if (beyond > 0) passOver(`beyond the first ${fixed.keysPerIssuer}`, beyond)
  return { keys, passedOver }
}

/** The key, or why it is passed over. */
function readKey(jwk: unknown, accepted: ReadonlySet<Algorithm>): TokenKey | string {
  if (!isJsonObject(jwk)) return 'not an object'
  const { kid, use, key_ops: operations, alg } = jwk
  if (kid !== undefined && typeof kid !== 'string') return 'kid is not a string'
  if (kid !== undefined && kid.length > maxKeyIdLength) return 'kid is too long'
  if (use !== undefined && use !== 'sig') return 'use is not sig'
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return 'key_ops lacks verify'
  }
  if (hasPrivateMember(jwk)) return 'private or symmetric'
  if (alg !== undefined && !accepts(accepted, alg)) return 'alg is not accepted'
  const algorithm = algorithmOf(jwk, accepted)
  if (algorithm === undefined) return 'type, curve or size is not accepted'
  const key = importKey(jwk, algorithm)
  return key === undefined ? 'not a valid key' : { kid, thumbprint: thumbprint(jwk), key, retired: false }
}

/** Each key serves one algorithm (RFC 8725 §3.1): what the JWK says, else what its type and curve leave; RSA without `alg` means RS256 where that is accepted. */
function algorithmOf(jwk: JsonObject, accepted: ReadonlySet<Algorithm>): Algorithm | undefined {
  const declared = jwk['alg']
  const candidates: readonly Algorithm[] = declared === undefined ? inferred : [declared as Algorithm]
  return candidates.find((algorithm) => accepts(accepted, algorithm) && fitsAlgorithm(jwk, algorithm))
}

/** Where a JWK has no `alg`, the first of these that is accepted and that its type and curve fit. */
export const inferred: readonly Algorithm[] = [
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

function accepts(accepted: ReadonlySet<Algorithm>, algorithm: unknown): boolean {
  return [...accepted].some((name) => isSameAlgorithm(name, algorithm))
}

/** `EdDSA` is the old name of what RFC 9864 calls `Ed25519`; Ed448 is not taken under either. */
function isSameAlgorithm(a: unknown, b: unknown): boolean {
  return a === b || (a === 'EdDSA' && b === 'Ed25519') || (a === 'Ed25519' && b === 'EdDSA')
}

/** A token without kid is good only where exactly one key fits its algorithm. */
export function selectKey({ keys }: KeySet, kid: string | undefined, algorithm: Algorithm): TokenKey | undefined {
  const fitting = keys.filter(
    (key) => (kid === undefined || key.kid === kid) && isSameAlgorithm(key.key.algorithm, algorithm),
  )
  // The same key published twice is one key.
  const isAmbiguous = kid === undefined && fitting.some((key) => key.thumbprint !== fitting[0]?.thumbprint)
  return isAmbiguous ? undefined : fitting[0]
}

/** Keys given in the options: no network, no ageing. */
export function createStaticKeyring(jwks: JSONWebKeySet, accepted: ReadonlySet<Algorithm>): Keyring {
  const set = readKeySet(jwks, accepted) ?? noKeys
  return {
    find: (kid, algorithm) => selectKey(set, kid, algorithm) ?? unknownKey(kid, set),
    vouchesFor: () => true,
    load: async () => {},
    state: () => ({
      keys: set.keys.length,
      ageSeconds: null,
      stale: false,
      passedOver: set.passedOver,
      failures: [],
    }),
    close: () => {},
  }
}

/** The operator may find the key among those that were passed over. */
export function unknownKey(kid: string | undefined, set: KeySet): Denial {
  const cause = describePassedOver(set)
  return new Denial('token_key_unknown', { ...keyFacts(kid), ...(cause !== undefined && { cause }) })
}

export function describePassedOver({ passedOver }: KeySet): string | undefined {
  const reasons = Object.entries(passedOver).map(([reason, count]) => `${count} × ${reason}`)
  return reasons.length === 0 ? undefined : `keys passed over: ${reasons.join(', ')}`
}

export function keyFacts(kid: string | undefined): { keyId?: string } {
  return kid === undefined ? {} : { keyId: kid.slice(0, 64) }
}
