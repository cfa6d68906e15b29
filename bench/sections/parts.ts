import { readParties } from '../../src/context/parties.ts'
import { memoryReplayStore } from '../../src/index.ts'
import { type CompactParts, decodeMembers, decodeObject, splitCompact } from '../../src/jose/compact-jws.ts'
import { derOf } from '../../src/jose/ecdsa-der.ts'
import { thumbprint } from '../../src/jose/jwk.ts'
import type { IssuerPolicy } from '../../src/options/issuer.ts'
import { Denial, strict } from '../../src/refusal/denial.ts'
import { createRefuser } from '../../src/refusal/response.ts'
import { proofMembers } from '../../src/sender/proof-claims.ts'
import { isTarget, readTarget } from '../../src/sender/proof-url.ts'
import { readClaims, type TokenClaims } from '../../src/token/claims.ts'
import { rfc9068Dialect } from '../../src/token/dialects/rfc9068.ts'
import { agentOf, createAuthority, createSigner, flat, resource, type TokenInput, url } from '../keys.ts'
import { ratioOf } from '../ratio.ts'
import { rawVerification, sha256 } from '../raw.ts'
import type { Measurement, Section } from '../results.ts'
import { randomText } from '../text.ts'

/** The parts of the way by themselves, each beside one signature verification. They are for whoever looks for time. */

const efforts = {
  check: { batches: 20, warmUp: 10, batchSize: 100, perSample: 20 },
  full: { batches: 60, warmUp: 30, batchSize: 200, perSample: 20 },
}

export const parts: Section = async (depth) => {
  const authority = await createAuthority()
  const signers = await Promise.all(Array.from({ length: 64 }, () => createSigner()))
  const signer = signers[0] as (typeof signers)[number]
  const policy = { ...issuerPolicy, issuer: authority.issuer }
  const token = (more?: TokenInput) => authority.token({ jkt: signer.jkt }, more)
  const agent = agentOf(signer, token())
  const claimsOf = (text: string) => readClaims(payloadOf(text) ?? {}, issuerPolicy, strict) as TokenClaims
  const store = memoryReplayStore()
  const metadataUrl = `${resource}/.well-known/oauth-protected-resource`
  const refuse = createRefuser(challengePolicy, () => metadataUrl)
  const needs = { scopes: ['tools:read'], acr: undefined, maxAuthAgeSeconds: undefined }
  let turn = 0
  const measure = <T>(name: string, input: () => T, run: (input: T) => unknown): Measurement => {
    const makeBatch = (size: number) =>
      Array.from({ length: size }, () => {
        const given = input()
        const ours = () => {
          if (run(given) === undefined) throw new Error(`${name}: no answer`)
        }
        return { raw: rawVerification(agent.proof(), signer.publicKey), ours }
      })
    const { oursMicros, rawMicros, raw } = ratioOf(makeBatch, efforts[depth])
    const share = `${((100 * oursMicros) / rawMicros).toFixed(2)} % of a verification of ${rawMicros.toFixed(1)} µs`
    return { name, value: oursMicros, unit: 'µs', raw: raw.map((ratio) => ratio * rawMicros), note: share }
  }
  return [
    measure('SHA-256 of a token', () => flat(token()), sha256),
    measure('decode the claims of a token', () => flat(token()), payloadOf),
    measure('decode the claims of a proof', () => flat(agent.proof()), proofClaimsOf),
    measure('split a proof, decode its signature', () => flat(agent.proof()), splitCompact),
    measure(
      'claims',
      () => payloadOf(token()) ?? {},
      (payload) => readClaims(payload, issuerPolicy, strict),
    ),
    measure('thumbprint', () => ({ ...signers[turn++ % signers.length]?.jwk }), thumbprint),
    measure(
      'act chain of 1',
      () => claimsOf(token()),
      (claims) => readParties({ claims, issuer: policy }, 5, strict),
    ),
    measure(
      'act chain of 5',
      () => claimsOf(token({ depth: 5 })),
      (claims) => readParties({ claims, issuer: policy }, 5, strict),
    ),
    measure(
      'target',
      () => flat(url),
      (htu) => isTarget(htu, readTarget('/tools?q=1', [resource]) ?? nowhere),
    ),
    measure('R‖S as DER', () => Buffer.from(randomText(86), 'base64url'), derOf),
    measure(
      'replay, add',
      () => randomText(43),
      (key) => store.add(key, Date.now() + 60_000, signer.jkt),
    ),
    measure(
      'challenge',
      () => new Denial('scope_missing'),
      (denial) => refuse(denial, { scheme: 'DPoP', needs, nonce: undefined }),
    ),
    measure(
      'challenge with a nonce',
      () => new Denial('nonce_required'),
      (denial) => refuse(denial, { scheme: 'DPoP', needs, nonce: 'n' }),
    ),
  ]
}

function payloadOf(text: string) {
  const { headerEnd, payloadEnd } = splitCompact(text) as CompactParts
  return decodeObject(text, headerEnd + 1, payloadEnd)
}

function proofClaimsOf(text: string) {
  const { headerEnd, payloadEnd } = splitCompact(text) as CompactParts
  return decodeMembers(text, headerEnd + 1, payloadEnd, proofMembers)
}

const nowhere = { path: '/', publicUrls: [] }
const challengePolicy = { takesBearer: true, dpop: { algorithms: ['ES256', 'PS256'] }, problemCodes: true }
const issuerPolicy = {
  actorIssuers: 'own',
  optionalClaims: new Set(),
  actorClaims: 'sub',
  agentClients: new Map(),
  dialect: rfc9068Dialect,
  path: 'issuer',
} as unknown as IssuerPolicy
