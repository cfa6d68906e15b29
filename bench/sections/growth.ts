import { createVerifier } from 'onbehalf'
import { type Agent, agentOf, createAgent, createAuthority, createSigner, resource } from '../keys.ts'
import { type Effort, type Ratio, ratioOf } from '../ratio.ts'
import { admit, goodView } from '../requests.ts'
import type { Depth, Measurement, Section } from '../results.ts'
import { hotBatch, measured } from './pipeline.ts'

/** Does the hot path stay what it is when there is more of everything? Caches are as large as the crowd. */

const efforts: Readonly<Record<Depth, Effort>> = {
  check: { batches: 20, warmUp: 20, batchSize: 100 },
  full: { batches: 80, warmUp: 60, batchSize: 100 },
}
const crowds = { check: [1, 500], full: [1, 100, 10_000, 100_000] }
const target = { max: 1.12 }

export const growth: Section = async (depth) => {
  const effort = efforts[depth]
  const measurements: Measurement[] = []
  for (const count of crowds[depth]) {
    measurements.push(measured(`hot DPoP, agents: ${count}`, await withAgents(count, effort), target))
  }
  for (const chain of [1, 3, 5]) {
    measurements.push(measured(`hot DPoP, chain depth: ${chain}`, await withChain(chain, effort), target))
  }
  for (const count of [1, 10, 50]) {
    measurements.push(measured(`hot DPoP, issuers: ${count}`, await withIssuers(count, effort), target))
  }
  return measurements
}

/** Nothing known is to be verified again while it runs, however slow the machine. */
function cacheFor(count: number) {
  return { tokens: Math.max(10_000, count), proofKeys: Math.max(10_000, count), tokenSeconds: 3_600 }
}

async function withAgents(count: number, effort: Effort): Promise<Ratio> {
  const authority = await createAuthority()
  const verifier = createVerifier({ issuer: authority.options, resource, cache: cacheFor(count) })
  const agents: Agent[] = []
  while (agents.length < count) {
    const signers = await Promise.all(
      Array.from({ length: Math.min(500, count - agents.length) }, () => createSigner()),
    )
    agents.push(...signers.map((signer) => agentOf(signer, authority.token({ jkt: signer.jkt }))))
  }
  for (const agent of agents) admit(verifier, goodView(agent))
  return ratioOf(
    hotBatch(shuffled(agents), (view) => admit(verifier, view)),
    effort,
  )
}

/** In no order that a processor's caches could know. */
function shuffled(agents: readonly Agent[]): readonly Agent[] {
  const list = [...agents]
  for (let at = list.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1))
    ;[list[at], list[other]] = [list[other] as Agent, list[at] as Agent]
  }
  return list
}

async function withChain(depth: number, effort: Effort): Promise<Ratio> {
  const authority = await createAuthority()
  const verifier = createVerifier({ issuer: authority.options, resource })
  const agents = await Promise.all(Array.from({ length: 8 }, () => createAgent(authority, { depth })))
  for (const agent of agents) {
    const length = admit(verifier, goodView(agent)).delegation?.depth
    if (length !== depth) throw new Error(`a chain of ${length}, not ${depth}`)
  }
  return ratioOf(
    hotBatch(agents, (view) => admit(verifier, view)),
    effort,
  )
}

async function withIssuers(count: number, effort: Effort): Promise<Ratio> {
  const authorities = await Promise.all(
    Array.from({ length: count }, (_, index) => createAuthority(`https://as-${index}.example.test`)),
  )
  const verifier = createVerifier({ issuer: authorities.map(({ options }) => options), resource })
  const agents = await Promise.all(authorities.map((authority) => createAgent(authority)))
  for (const agent of agents) admit(verifier, goodView(agent))
  return ratioOf(
    hotBatch(agents, (view) => admit(verifier, view)),
    effort,
  )
}
