import fc from 'fast-check'
import { createVerifier, type RequestView, type Verdict, type Verifier, type VerifierOptions } from '../../src/index.ts'
import { thumbprint } from '../../src/jose/jwk.ts'
import { createTestClock, requestView, type TestClock } from '../../src/testing/index.ts'
import { sha256 } from '../support/bytes.ts'
import { type Members, makeRawKey, type RawKey, rawJws } from '../support/raw-jws.ts'

export const resource = 'https://api.example.test'
const url: string = `${resource}/tools`
export const issuerUrl = 'https://as.example.test'
export const startMs: number = Date.UTC(2026, 0, 1)

/** The same cases on every machine; `PROPERTY_SEED` asks for others. fast-check prints seed and path of what it breaks. */
export function runs(numRuns: number): { seed: number; numRuns: number } {
  return { seed: Number(process.env['PROPERTY_SEED'] ?? 20_260_101), numRuns }
}

/** Keys that live as long as the file, and tokens and proofs signed with them, synchronously. */
export interface Rig {
  readonly issuerKey: RawKey
  readonly agentKey: RawKey
  readonly jkt: string
  open(options?: Partial<VerifierOptions>, trust?: Members): { clock: TestClock; verifier: Verifier }
  token(changes?: Members, header?: Members): string
  proof(clock: TestClock, token: string, changes?: Members, key?: RawKey): string
}

export async function createRig(): Promise<Rig> {
  const [issuerKey, agentKey] = await Promise.all([makeRawKey('ES256'), makeRawKey('ES256')])
  const jwks = { keys: [{ ...issuerKey.publicJwk, kid: 'k1', alg: 'ES256', use: 'sig' }] }
  const jkt = jktOf(agentKey)
  return {
    issuerKey,
    agentKey,
    jkt,
    open(options = {}, trust = {}) {
      const clock = createTestClock(startMs)
      return {
        clock,
        verifier: createVerifier({ issuer: { issuer: issuerUrl, jwks, ...trust }, resource, clock, ...options }),
      }
    },
    token: (changes, header) =>
      rawJws(issuerKey, { typ: 'at+jwt', alg: 'ES256', kid: 'k1', ...header }, { ...claimsFor(jkt), ...changes }),
    proof: (clock, token, changes, key = agentKey) =>
      rawJws(key, proofHeader(key), { ...proofClaims(clock, token), ...changes }),
  }
}

/** RFC 9068 §2.2. */
export function claimsFor(jkt: string): Members {
  const now = startMs / 1_000
  return {
    iss: issuerUrl,
    sub: 'alice',
    aud: resource,
    client_id: 'travel-app',
    iat: now,
    exp: now + 300,
    jti: 'token-1',
    cnf: { jkt },
  }
}

export function jktOf(key: RawKey): string {
  return thumbprint(key.publicJwk as Members)
}

export function proofHeader(key: RawKey): Members {
  return { typ: 'dpop+jwt', alg: key.algorithm, jwk: key.publicJwk }
}

let serial = 0

export function proofClaims(clock: TestClock, token: string): Members {
  serial += 1
  return { jti: `proof-${serial}`, htm: 'GET', htu: url, iat: Math.floor(clock.now() / 1_000), ath: sha256(token) }
}

export function viewOf(token: string, proof?: string): RequestView {
  return requestView({ url, headers: { authorization: `DPoP ${token}`, ...(proof !== undefined && { dpop: proof }) } })
}

/** For verifiers in which nothing waits. */
export function judgeNow(verifier: Verifier, view: RequestView): Verdict {
  const verdict = verifier.checkNow(view)
  if (verdict instanceof Promise) throw new Error('a verdict with nothing to wait for came as a promise')
  return verdict
}

export function codeOf(verdict: Verdict): string {
  return verdict.ok ? 'admitted' : verdict.refusal.code
}

const trickyNames = [
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  'toJSON',
  'then',
  'length',
  'act',
  'cnf',
  'sub',
  '',
]

function jsonOf(leaf: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'json' },
      leaf,
      fc.array(tie('value'), { maxLength: 4, depthIdentifier: 'json' }),
      fc.dictionary(fc.oneof(fc.constantFrom(...trickyNames), fc.string({ maxLength: 8 })), tie('value'), {
        maxKeys: 5,
        depthIdentifier: 'json',
      }),
    ),
  })).value
}

/** JSON with the names that trip JavaScript more often than chance would have it. */
export const plainJson: fc.Arbitrary<unknown> = jsonOf(
  fc.oneof(fc.constantFrom(null, true, false, 0, -1, 0.5, ''), fc.integer(), fc.string({ maxLength: 12 })),
)

/** The same, with numbers and texts that I-JSON (RFC 7493) has not, and objects on which String() throws. */
export const anyJson: fc.Arbitrary<unknown> = jsonOf(
  fc.oneof(
    fc.constantFrom(null, true, false, 0, -1, '', 1e308, Number.MAX_SAFE_INTEGER, -1e-7),
    fc.constant({ toString: 0, valueOf: 0 }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: 'binary', maxLength: 20 }),
  ),
)

export type { Members, RawKey }
