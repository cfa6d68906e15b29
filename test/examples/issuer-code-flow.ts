/** The authorization code flow of the portal, one step at a time, so that each can be attacked. */
import { createHash, randomBytes } from 'node:crypto'
import type { Person, Visit } from '../../examples/agents/person.ts'
import { type Answer, ask, type Form, type Sender, sender, tokenIn } from './issuer-requests.ts'
import { apis, callback, type Setup } from './issuer-setup.ts'

export interface Authorization {
  readonly verifier: string
  readonly url: string
}

/** The request of the portal; an empty value leaves a parameter out. */
export function authorization(issuer: string, changes: Record<string, string> = {}): Authorization {
  const verifier = randomBytes(32).toString('base64url')
  const parameters = new URLSearchParams({
    client_id: 'portal',
    response_type: 'code',
    redirect_uri: callback,
    resource: apis.trips,
    scope: 'openid trip:read trip:book',
    state: 'state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') parameters.delete(name)
    else parameters.set(name, value)
  }
  return { verifier, url: `${issuer}/auth?${parameters}` }
}

export interface Code {
  readonly code: string
  readonly verifier: string
  readonly visit: Visit
}

export async function codeOf(
  setup: Setup,
  changes?: Record<string, string>,
  person: Person = setup.alice,
): Promise<Code> {
  const { verifier, url } = authorization(setup.issuer, changes)
  const visit = await person.visit(url)
  return { code: visit.leftTo?.searchParams.get('code') ?? '', verifier, visit }
}

export async function redeem(
  setup: Setup,
  from: Sender,
  { code, verifier }: Code,
  changes: Form = {},
): Promise<Answer> {
  const form = { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier, ...changes }
  return ask(setup, from, form)
}

/** A token for the portal, which names agent-a as the one who may act. */
export async function tokenOfPortal(setup: Setup): Promise<string> {
  return tokenIn(await redeem(setup, await sender(setup, 'portal'), await codeOf(setup)))
}
