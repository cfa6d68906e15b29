import type { EntityProfile } from '../actor-profile-claims.ts'
import { actorsOf, dpopBinding, NotIssuedError, scopesOf, type Writer } from './written-token.ts'

/**
 * ZeroID: `sub` is the acting identity and `act` the party that delegated to it, the inverse of RFC 8693 §4.1. There is one
 * level: where an agent was asked by another, that one is named and the person is lost. `delegation_depth` counts on.
 */
export const writeZeroid: Writer = (claims) => {
  const { iss, sub, sub_profile, aud, mission, iat, exp, jti } = claims
  const actors = actorsOf(claims)
  const [self = { sub, sub_profile }] = actors
  // An agent that asked itself did not delegate; only where it is the subject as well does it act for itself.
  const others = [...actors, { sub }].filter((party) => party.sub !== self.sub)
  const delegator = self.sub === sub ? self : (others[0] ?? self)
  return {
    typ: 'JWT',
    claims: {
      iss,
      sub: self.sub,
      aud: [aud],
      iat,
      exp,
      jti,
      account_id: 'acc-001',
      project_id: 'proj-001',
      grant_type: actors.length > 0 ? 'urn:ietf:params:oauth:grant-type:token-exchange' : 'client_credentials',
      external_id: self.sub,
      identity_type: identityType(self.sub_profile),
      scopes: scopesOf(claims),
      cnf: dpopBinding(claims),
      delegation_depth: actors.length,
      ...(actors.length > 0 && { act: { sub: delegator.sub, iss }, mission_id: mission?.id }),
    },
  }
}

function identityType(profile: EntityProfile): string {
  if (profile === 'user') throw new NotIssuedError('identities are agents and services, not people')
  return profile === 'ai_agent' ? 'agent' : 'service'
}
