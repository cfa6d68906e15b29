/** What properties add to the kit: everything synchronous and cheap, for thousands of runs; and arbitrary JSON. */
import fc from 'fast-check'
import { createVerifier, type RequestView, type Verdict, type Verifier, type VerifierOptions } from 'onbehalf'
import { createTestClock, requestView, type TestClock } from 'onbehalf/testing'
import { sha256 } from '../support/bytes.ts'
import { type Members, makeRawKey, type RawKey, rawJws } from '../support/jws.ts'
import { issuerUrl, resource, url } from '../support/kit.ts'

export const startMs: number = Date.UTC(2026, 0, 1)

/** The same cases on every machine; `PROPERTY_SEED` chooses others. fast-check prints seed and path of a failure. */
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

/** RFC 7638 §3.2, of an EC key. */
export function jktOf({ publicJwk: { crv, kty, x, y } }: RawKey): string {
  return sha256(JSON.stringify({ crv, kty, x, y }))
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

/** For verifiers whose verdicts need no waiting. */
export function judgeNow(verifier: Verifier, view: RequestView): Verdict {
  const verdict = verifier.checkNow(view)
  if (verdict instanceof Promise) throw new Error('a verdict with nothing to wait for came as a promise')
  return verdict
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

/** JSON, with names that are special in JavaScript more frequent than by chance. */
export const plainJson: fc.Arbitrary<unknown> = jsonOf(
  fc.oneof(fc.constantFrom(null, true, false, 0, -1, 0.5, ''), fc.integer(), fc.string({ maxLength: 12 })),
)

/** The same, with numbers and texts outside I-JSON (RFC 7493), and objects on which String() throws. */
export const anyJson: fc.Arbitrary<unknown> = jsonOf(
  fc.oneof(
    fc.constantFrom(null, true, false, 0, -1, '', 1e308, Number.MAX_SAFE_INTEGER, -1e-7),
    fc.constant({ toString: 0, valueOf: 0 }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: 'binary', maxLength: 20 }),
  ),
)
