import type { DialectName, IssuerOptions } from 'onbehalf'
import type { ActorProfileClaims } from '../actor-profile-claims.ts'
import { writeAs } from './index.ts'

export interface Target {
  readonly issuer: string
  readonly resource: string
  /** The agents whose tokens the API is to take. */
  readonly agents: readonly [string, ...string[]]
}

/** The options that an API needs to read the tokens of this issuer in a dialect, and none that it does not. */
export function apiOptions(dialect: DialectName, { issuer, resource, agents }: Target): IssuerOptions {
  const tokens = agents
    .flatMap((agent) => samplesOf(agent, issuer, resource))
    .map((claims) => writeAs(dialect, claims).claims)
  const audiences = [...new Set(tokens.flatMap(({ aud }) => (aud as string | readonly string[] | undefined) ?? []))]
  const isUnbound = tokens.some(({ cnf }) => cnf === undefined)
  const withoutAudience = tokens.filter(({ aud }) => aud === undefined).map(({ client_id: client }) => String(client))
  const dangerously = {
    ...(isUnbound && { allowUnbound: true as const }),
    ...(withoutAudience.length > 0 && { allowMissingAudience: { clients: [...new Set(withoutAudience)] } }),
  }
  return {
    issuer,
    dialect,
    ...(audiences.some((audience) => audience !== resource) && { audience: audiences }),
    ...(namesNoClient.has(dialect) && { optionalClaims: ['client_id'] }),
    ...(Object.keys(dangerously).length > 0 && { dangerously }),
  }
}

/** Its dialect of `onbehalf` wants a client, and the tokens have none. */
const namesNoClient: ReadonlySet<DialectName> = new Set(['fusionauth'])

/** Of an agent for itself, and for a person. */
function samplesOf(agent: string, iss: string, aud: string): readonly ActorProfileClaims[] {
  const common = {
    iss,
    aud,
    client_id: agent,
    client_profile: 'ai_agent',
    scope: '',
    iat: 0,
    exp: 300,
    jti: '',
  } as const
  const cnf = { jkt: '' }
  const act = { iss, sub: agent, sub_profile: 'ai_agent' } as const
  return [
    { ...common, cnf, sub: agent, sub_profile: 'ai_agent' },
    { ...common, cnf, sub: 'alice', sub_profile: 'user', act },
  ]
}
