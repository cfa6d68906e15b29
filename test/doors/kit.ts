/** What the table of doors adds to the kit: requests as the bytes that go out, made once and sent to every door. */
import type { ProofInput, TestAgent } from 'onbehalf/testing'
import { type Call, createKit, type Kit, resource } from '../support/kit.ts'
import type { Field, Shot } from './wire.ts'

/** One issuer and its agents for all doors. Tokens are for alice and have a fixed jti, so every context is the same. */
export interface DoorKit extends Kit {
  readonly planner: TestAgent
  readonly thief: TestAgent
  /** Seconds. */
  readonly now: number
  /** A request that is right in everything but the changes. */
  shot(changes?: Changes): Promise<Shot>
}

export interface Changes extends Pick<Call, 'method' | 'token' | 'scheme' | 'prover'> {
  /** As written. Default `/tools`. */
  readonly target?: string
  /** What the proof is made for. Default: the target under the resource. */
  readonly url?: string
  readonly proof?: string | Partial<ProofInput> | null
  /** How the two fields are called. */
  readonly names?: readonly [authorization: string, dpop: string]
  /** Sent after the two. */
  readonly fields?: readonly Field[]
  readonly body?: string
  readonly trailers?: readonly Field[]
}

export async function createDoorKit(): Promise<DoorKit> {
  const kit = await createKit({
    // Every door names the document, also where the guard stands on a path or is a gate.
    verifier: { metadata: true },
    token: { human: 'alice', scopes: ['tools:read'] },
  })
  const [planner, thief] = await Promise.all([kit.issuer.agent('planner-2'), kit.issuer.agent('thief-9')])

  const token: Kit['token'] = (input = {}) => kit.token({ ...input, claims: { jti: 'token-1', ...input.claims } })

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
    const { proof = {}, prover = kit.agent } = changes
    if (proof === null || typeof proof === 'string') return proof
    return prover.proof({ method, url, token: accessToken, ...proof })
  }

  return { ...kit, planner, thief, now: kit.clock.now() / 1_000, token, shot }
}
