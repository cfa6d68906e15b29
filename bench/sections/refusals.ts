import { createVerifier, type RequestView } from 'onbehalf'
import {
  type Agent,
  agentOf,
  createAgent,
  createAuthority,
  createSigner,
  type Jwk,
  resource,
  withBadSignature,
} from '../keys.ts'
import { ratioOf } from '../ratio.ts'
import { rawVerification } from '../raw.ts'
import { admit, dpopView, goodView, refuse } from '../requests.ts'
import type { Depth, Measurement, Section } from '../results.ts'
import { randomText } from '../text.ts'
import { measured } from './pipeline.ts'

/** What a refusal costs beside the signature that a good request owes: a caller must not make us pay more than he does. */

const efforts = {
  check: { batches: 20, warmUp: 20, batchSize: 100 },
  full: { batches: 60, warmUp: 60, batchSize: 100 },
}

interface Attack {
  readonly name: string
  readonly code: string
  readonly max: number
  /** Fresh for every request. */
  make(): { view: RequestView; proof: string; isGood: boolean }
}

export const refusals: Section = async (depth: Depth) => {
  const authority = await createAuthority()
  const verifier = createVerifier({ issuer: authority.options, resource })
  const agent = await createAgent(authority)
  admit(verifier, goodView(agent))
  const measurements: Measurement[] = []
  for (const { name, code, max, make } of [
    ...tokenAttacks(agent, authority),
    ...(await keyAttacks(agent)),
    ...proofAttacks(agent, verifier),
  ]) {
    const makeBatch = (size: number) =>
      Array.from({ length: size }, () => {
        const { view, proof, isGood } = make()
        return {
          raw: rawVerification(proof, agent.signer.publicKey, isGood),
          ours: () => refuse(verifier, view, code),
        }
      })
    const effort = { ...efforts[depth], perSample: max < 1 ? 10 : 1 }
    measurements.push(measured(`refused: ${name}`, ratioOf(makeBatch, effort), { max }))
  }
  return measurements
}

type Authority = Awaited<ReturnType<typeof createAuthority>>

/** The raw side gets a good proof of the same agent. */
function tokenAttacks(agent: Agent, { token }: Authority): readonly Attack[] {
  const jkt = { jkt: agent.signer.jkt }
  const attack = (name: string, code: string, makeToken: () => string): Attack => ({
    name,
    code,
    max: 0.1,
    make() {
      const proof = agent.proof()
      return { view: dpopView(makeToken(), proof), proof, isGood: true }
    },
  })
  const now = Math.floor(Date.now() / 1_000)
  return [
    attack('garbage', 'token_malformed', () => randomText(700)),
    attack(
      'garbage in three parts',
      'token_malformed',
      () => `${randomText(100)}.${randomText(514)}.${randomText(86)}`,
    ),
    attack('wrong type', 'token_type', () => token(jkt, { header: { typ: 'JWT' } })),
    attack('oversize', 'request_malformed', () => randomText(20_000)),
    attack('unknown issuer', 'token_issuer', () => token(jkt, { claims: { iss: `https://${randomText(8)}.test` } })),
    attack('expired token', 'token_expired', () => token(jkt, { claims: { iat: now - 400, exp: now - 100 } })),
  ]
}

/** A known token, and a proof whose key must not be imported. */
async function keyAttacks(agent: Agent): Promise<readonly Attack[]> {
  const others = await Promise.all(Array.from({ length: 64 }, () => createSigner()))
  const attack = (name: string, code: string, makeProof: (turn: number) => string): Attack => {
    let turn = 0
    return {
      name,
      code,
      max: 0.1,
      make: () => ({ view: dpopView(agent.token, makeProof(turn++)), proof: agent.proof(), isGood: true }),
    }
  }
  return [
    attack('policy-refused key', 'proof_key', () => agent.proof({ header: { alg: 'PS256', jwk: hugeRsaKey() } })),
    attack("another agent's key", 'binding_mismatch', (turn) =>
      agentOf(others[turn % others.length] ?? agent.signer, agent.token).proof(),
    ),
  ]
}

/** 8 192 bits: a verification with it would cost a hundred times what the request did. */
function hugeRsaKey(): Jwk {
  return { kty: 'RSA', e: 'AQAB', n: `z${randomText(1_365)}` }
}

/** These owe a verification: the raw side makes the same one. */
function proofAttacks(agent: Agent, verifier: ReturnType<typeof createVerifier>): readonly Attack[] {
  return [
    {
      name: 'replayed proof',
      code: 'proof_replayed',
      max: 1.1,
      make() {
        const proof = agent.proof()
        admit(verifier, dpopView(agent.token, proof))
        return { view: dpopView(agent.token, proof), proof, isGood: true }
      },
    },
    {
      name: 'badly signed proof',
      code: 'proof_signature',
      max: 1.1,
      make() {
        const proof = withBadSignature(agent.proof())
        return { view: dpopView(agent.token, proof), proof, isGood: false }
      },
    },
  ]
}
