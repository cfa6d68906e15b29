import type { Refusal, VerifierOptions } from 'onbehalf'
import { parseChallenges } from './challenge-grammar.ts'
import type { Call, World } from './world.ts'

/** What a client gets to see of a refusal. */

export const noCredentials: Call = { headers: { authorization: undefined, dpop: undefined } }

/** Policies that differ in their challenges; the short list of algorithms keeps the fields readable. */
export const plain: Partial<VerifierOptions> = { dpop: { algorithms: ['ES256'] }, metadata: false }
export const dpopOnly: Partial<VerifierOptions> = { ...plain, mtls: false }
export const mtlsOnly: Partial<VerifierOptions> = { dpop: false, metadata: false }

/** The refusal of this call under other options. */
export async function refusalUnder(world: World, options: Partial<VerifierOptions>, call: Call): Promise<Refusal> {
  return world.refusal({ ...call, verifier: world.verifierWith(options) })
}

export function challengeFields(refusal: Refusal): readonly string[] {
  return refusal.headers.filter(([name]) => name === 'WWW-Authenticate').map(([, value]) => value)
}

/** Scheme → parameters. */
export function readChallenges(refusal: Refusal): Record<string, Record<string, string>> {
  const [field = ''] = challengeFields(refusal)
  return Object.fromEntries(
    parseChallenges(field).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]),
  )
}
