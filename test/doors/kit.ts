import type { VerifierOptions } from 'onbehalf'
import { createTestIssuer, type ProofInput, type TestAgent, type TestIssuer, type TokenInput } from 'onbehalf/testing'
import type { Field, Shot } from './wire.ts'

export const resource = 'https://api.example.test'

/** One issuer and its agents for all doors; its clock stands still. */
export interface Kit {
  readonly issuer: TestIssuer
  readonly agent: TestAgent
  readonly planner: TestAgent
  readonly thief: TestAgent
  /** Seconds. */
  readonly now: number
  readonly options: VerifierOptions
  /** The agent's, for alice; a fixed jti, so that every door makes the same context of it. */
  token(input?: Partial<TokenInput>): Promise<string>
  /** A request that holds in everything but what the changes say. */
  shot(changes?: Changes): Promise<Shot>
}

export interface Changes {
  readonly method?: string
  /** As written. Default `/tools`. */
  readonly target?: string
  /** What the proof is made for. Default: the target under the resource. */
  readonly url?: string
  readonly token?: string | Partial<TokenInput>
  /** Default `DPoP`. */
  readonly scheme?: string
  /** Ready, how it differs from a good one, or null for none. */
  readonly proof?: string | Partial<ProofInput> | null
  /** Default: the agent. */
  readonly prover?: TestAgent
  /** How the two fields are called. */
  readonly names?: readonly [authorization: string, dpop: string]
  /** Sent behind the two. */
  readonly fields?: readonly Field[]
  readonly body?: string
  readonly trailers?: readonly Field[]
}

export async function createKit(): Promise<Kit> {
  const issuer = await createTestIssuer({ resource })
  const [agent, planner, thief] = await Promise.all([
    issuer.agent('travel-7'),
    issuer.agent('planner-2'),
    issuer.agent('thief-9'),
  ])

  const token: Kit['token'] = (input = {}) =>
    issuer.token({
      agent,
      human: 'alice',
      scopes: ['tools:read'],
      ...input,
      claims: { jti: 'token-1', ...input.claims },
    })

  async function shot(changes: Changes = {}): Promise<Shot> {
    const { method = 'GET', target = '/tools', scheme = 'DPoP', names = ['authorization', 'dpop'] } = changes
    const accessToken = typeof changes.token === 'string' ? changes.token : await token(changes.token)
    const proof = await proofFor(changes, accessToken, method, changes.url ?? resource + target)
    const fields: Field[] = [[names[0], `${scheme} ${accessToken}`]]
    if (proof !== null) fields.push([names[1], proof])
    const { body, trailers } = changes
    return {
      method,
      target,
      fields: [...fields, ...(changes.fields ?? [])],
      ...(body === undefined ? {} : { body }),
      ...(trailers === undefined ? {} : { trailers }),
    }
  }

  async function proofFor(changes: Changes, accessToken: string, method: string, url: string): Promise<string | null> {
    const { proof = {}, prover = agent } = changes
    if (proof === null || typeof proof === 'string') return proof
    return prover.proof({ method, url, token: accessToken, ...proof })
  }

  return {
    issuer,
    agent,
    planner,
    thief,
    now: issuer.clock.now() / 1_000,
    // The document is named by every door, also where the guard stands on a path or is a gate.
    options: { issuer: issuer.options, resource, clock: issuer.clock, metadata: true },
    token,
    shot,
  }
}
