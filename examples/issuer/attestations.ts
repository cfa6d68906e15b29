/** Owners say again, from time to time, that an agent is still theirs and still needed. */
export interface Attestations {
  /** Counts from now. Throws where the agent is not this owner's. */
  attest(agent: string, owner: string): void
  /** Agents whose owner has not said so in time, the longest first. */
  lapsed(): readonly { readonly agent: string; readonly owner: string; readonly since: number }[]
}

export interface AttestedAgents extends Attestations {
  add(agent: string, owner: string): void
  remove(agent: string): void
  ownerOf(agent: string): string | undefined
}

/** Seconds: 90 days. */
const attestedFor = 90 * 24 * 3_600

/** `now` in seconds since the epoch. Agents are bounded by the storage of the issuer. */
export function createAttestations(now: () => number): AttestedAgents {
  const agents = new Map<string, { readonly owner: string; readonly until: number }>()
  const add = (agent: string, owner: string) => void agents.set(agent, { owner, until: now() + attestedFor })
  return {
    add,
    remove: (agent) => void agents.delete(agent),
    ownerOf: (agent) => agents.get(agent)?.owner,
    attest(agent, owner) {
      if (agents.get(agent)?.owner !== owner) throw new Error('This agent has another owner, or is not registered')
      add(agent, owner)
    },
    lapsed() {
      return [...agents]
        .filter(([, { until }]) => until <= now())
        .map(([agent, { owner, until }]) => ({ agent, owner, since: until }))
        .sort((one, other) => one.since - other.since)
    },
  }
}
