import { createPublicKey, randomBytes } from 'node:crypto'
import { createVerifier, type DialectName, type RequestView } from 'onbehalf'
import { compileRequirement } from 'onbehalf/adapter'
import { requestView } from 'onbehalf/testing'
import { type Agent, agentOf, createAgent, createAuthority, createSigner, flat, resource, url } from '../keys.ts'
import { type Effort, type Pair, type Ratio, ratioOf } from '../ratio.ts'
import { prepareVerification, rawVerification, sha256 } from '../raw.ts'
import { admit, dpopView, goodView } from '../requests.ts'
import type { Depth, Measurement, Section, Target } from '../results.ts'

/** The way of a good request beside the one thing it owes. */

// The compiler is done with the way of a request after about five thousand of them.
const efforts: Readonly<Record<Depth, Effort>> = {
  check: { batches: 40, warmUp: 60, batchSize: 100 },
  full: { batches: 150, warmUp: 80, batchSize: 100 },
}

export const pipeline: Section = async (depth) => {
  const effort = efforts[depth]
  return [
    measured('hot DPoP request', await hotDpop(effort), { max: 1.065 }),
    measured('hot DPoP request, audit sink and scope requirement', await hotWithAudit(effort), { max: 1.08 }),
    measured('hot mTLS request ÷ SHA-256 of its token', await hotMtls(effort), { max: 2.5 }),
    measured('cold request ÷ its own parts', await cold(effort), { max: 1.2 }),
    measured('cold request under a dialect ÷ its own parts', await cold(effort, 'keycloak'), { max: 1.25 }),
  ]
}

export function measured(
  name: string,
  { ratio, whole, raw, oursMicros, rawMicros }: Ratio,
  target?: Target,
): Measurement {
  const note = `${oursMicros.toFixed(2)} µs beside ${rawMicros.toFixed(2)} µs; whole batches ${whole.toFixed(3)}`
  return { name, value: ratio, unit: 'ratio', raw, note, ...(target && { target }) }
}

async function hotDpop(effort: Effort): Promise<Ratio> {
  const authority = await createAuthority()
  const verifier = createVerifier({ issuer: authority.options, resource })
  const agents = await makeAgents(8, () => createAgent(authority))
  for (const agent of agents) admit(verifier, goodView(agent))
  return ratioOf(
    hotBatch(agents, (view) => admit(verifier, view)),
    effort,
  )
}

async function hotWithAudit(effort: Effort): Promise<Ratio> {
  const authority = await createAuthority()
  let written = 0
  const audit = { write: () => void written++ }
  const verifier = createVerifier({ issuer: authority.options, resource, audit })
  const agents = await makeAgents(8, () => createAgent(authority))
  // As the doors do: read once.
  const requirement = compileRequirement({ scopes: ['tools:read'] })
  const enter = (view: RequestView) => {
    const decision = verifier.authorizeNow(admit(verifier, view), requirement, view)
    if (decision instanceof Promise || !decision.ok) throw new Error('not allowed, or not at once')
  }
  for (const agent of agents) enter(goodView(agent))
  const ratio = ratioOf(hotBatch(agents, enter), effort)
  const requests = agents.length + (effort.warmUp + effort.batches) * effort.batchSize
  if (written !== 2 * requests) throw new Error(`${written} events of ${requests} requests`)
  return ratio
}

async function makeAgents(count: number, make: () => Promise<Agent>): Promise<readonly Agent[]> {
  return Promise.all(Array.from({ length: count }, make))
}

type MakeBatch = (size: number) => readonly Pair[]

/** Views are made per batch, so that none lives longer than a request does. */
export function hotBatch(agents: readonly Agent[], enter: (view: RequestView) => void): MakeBatch {
  let at = 0
  return (size: number) =>
    Array.from({ length: size }, () => {
      const agent = agents[at++ % agents.length] as Agent
      const proof = agent.proof()
      const view = dpopView(agent.token, proof)
      return { raw: rawVerification(proof, agent.signer.publicKey), ours: () => enter(view) }
    })
}

/** A certificate is its bytes here: any will do. */
async function hotMtls(effort: Effort): Promise<Ratio> {
  const authority = await createAuthority()
  const verifier = createVerifier({ issuer: authority.options, resource })
  const clients = Array.from({ length: 200 }, () => {
    const der = randomBytes(900)
    return { der, token: authority.token({ 'x5t#S256': sha256(der) }) }
  })
  let at = 0
  const makeBatch = (size: number) =>
    Array.from({ length: size }, () => {
      const { der, token } = clients[at++ % clients.length] as (typeof clients)[number]
      const view = requestView({ url, headers: { authorization: flat(`Bearer ${token}`) }, certificate: der })
      const text = flat(token)
      return { raw: () => void sha256(text), ours: () => void admit(verifier, view) }
    })
  for (const { ours } of makeBatch(clients.length)) ours()
  return ratioOf(makeBatch, { ...effort, batchSize: 400, perSample: 20 })
}

async function cold(effort: Effort, dialect?: DialectName): Promise<Ratio> {
  const authority = await createAuthority()
  const verifier = createVerifier({ issuer: { ...authority.options, dialect }, resource })
  const batchSize = 20
  const warmUp = effort.warmUp * 3
  const count = (warmUp + effort.batches) * batchSize
  const signers = await Promise.all(Array.from({ length: count }, () => createSigner()))
  let at = 0
  const makeBatch = (size: number) =>
    Array.from({ length: size }, () => {
      const signer = signers[at++]
      if (signer === undefined) throw new Error('out of keys')
      const agent = agentOf(signer, authority.token({ jkt: signer.jkt }))
      const proof = agent.proof()
      const view = dpopView(agent.token, proof)
      const jwk = { ...signer.jwk }
      const verifyToken = rawVerification(agent.token, authority.publicKey)
      const verifyProof = prepareVerification(proof)
      return {
        raw: () => {
          const key = createPublicKey({ key: jwk, format: 'jwk' })
          verifyToken()
          verifyProof(key)
        },
        ours: () => void admit(verifier, view),
      }
    })
  return ratioOf(makeBatch, { ...effort, warmUp, batchSize })
}
