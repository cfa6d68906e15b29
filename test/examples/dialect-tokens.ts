/** Tokens of the reference issuer before they are written in a dialect, and what an API has to relax to read them then. */
import type { DialectName, IssuerOptions, Verdict } from 'onbehalf'
import type { ActorProfileClaims } from '../../examples/issuer/actor-profile-claims.ts'
import { type WrittenToken, writeAs } from '../../examples/issuer/dialects/index.ts'
import { createForge, type Forge } from '../support/forge.ts'
import type { Members } from '../support/jws.ts'
import { resource } from '../support/kit.ts'

export const forge: Forge = await createForge({ certificate: true })
export const issuer: string = forge.trust.issuer
const now = Math.floor(forge.clock.now() / 1_000)

export const situations = ['an agent for itself', 'an agent for a person', 'an agent that another one asked'] as const
export type Situation = (typeof situations)[number]

const travel = { iss: issuer, sub: 'travel-7', sub_profile: 'ai_agent' } as const
const planner = { iss: issuer, sub: 'planner-2', sub_profile: 'ai_agent' } as const

const common = {
  iss: issuer,
  client_profile: 'ai_agent',
  aud: resource,
  scope: 'trips:read trips:book',
  cnf: { jkt: forge.agent.jkt },
  iat: now,
  exp: now + 300,
} as const

const forAlice = {
  ...common,
  sub: 'alice',
  sub_profile: 'user',
  mission: { id: 'grant-1', expires_at: now + 3_600 },
  auth_time: now - 60,
  acr: 'urn:example:loa:2',
  amr: ['pwd'],
} as const

export const strict: Readonly<Record<Situation, ActorProfileClaims>> = {
  'an agent for itself': { ...common, sub: 'travel-7', sub_profile: 'ai_agent', client_id: 'travel-7', jti: 'token-1' },
  'an agent for a person': {
    ...forAlice,
    client_id: 'travel-7',
    act: travel,
    authorization_details: [{ type: 'payment', amount: '120.00' }],
    may_act: { iss: issuer, sub: 'planner-2' },
    jti: 'token-2',
  },
  'an agent that another one asked': {
    ...forAlice,
    client_id: 'planner-2',
    act: { ...planner, act: travel },
    jti: 'token-3',
  },
}

/** By the names of the options. Scalekit gives an agent's own token no audience, and a person's the client. */
export type Relaxation = 'audience' | 'allowUnbound' | 'allowMissingAudience' | 'optionalClaims'

const unbound: readonly Relaxation[] = ['audience', 'allowUnbound']

const relaxations: Readonly<
  Record<DialectName, readonly Relaxation[] | { own: readonly Relaxation[]; person: readonly Relaxation[] }>
> = {
  rfc9068: [],
  'actor-profile': [],
  auth0: [],
  okta: ['audience'],
  entra: unbound,
  keycloak: [],
  zitadel: unbound,
  wso2: ['audience'],
  workos: unbound,
  'workos-agents': unbound,
  zeroid: [],
  scalekit: { own: ['allowMissingAudience', 'allowUnbound'], person: unbound },
  stytch: unbound,
  cognito: ['allowMissingAudience', 'allowUnbound'],
  fusionauth: ['audience', 'optionalClaims'],
  aap: [],
}

export function relaxationsFor(dialect: DialectName, situation: Situation): readonly Relaxation[] {
  const needed = relaxations[dialect]
  if ('own' in needed) return situation === 'an agent for itself' ? needed.own : needed.person
  return needed
}

/** With these options and no other. */
export function trustFor(
  dialect: DialectName,
  { aud, client_id: client }: Members,
  relaxed: readonly Relaxation[],
): IssuerOptions {
  const has = (name: Relaxation) => relaxed.includes(name)
  return {
    ...forge.trust,
    dialect,
    ...(has('audience') && { audience: aud as string | readonly string[] }),
    ...(has('optionalClaims') && { optionalClaims: ['client_id'] }),
    dangerously: {
      ...(has('allowUnbound') && { allowUnbound: true }),
      ...(has('allowMissingAudience') && { allowMissingAudience: { clients: [String(client)] } }),
    },
  }
}

/** Signed, and sent with a proof where the token is bound to the key of one. */
export function send({ typ, claims }: WrittenToken, trust: IssuerOptions): Promise<Verdict> {
  const token = forge.raw(forge.header({ typ }), claims)
  const isBound = claims['cnf'] !== undefined
  return forge.call({
    token,
    verifier: forge.verifierWith({ issuer: trust }),
    ...(!isBound && { scheme: 'Bearer', proof: null }),
  })
}

export function readAs(dialect: DialectName, situation: Situation): Promise<Verdict> {
  const written = writeAs(dialect, strict[situation])
  return send(written, trustFor(dialect, written.claims, relaxationsFor(dialect, situation)))
}
