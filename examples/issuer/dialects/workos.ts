import { digitsFor } from './made-up-ids.ts'
import { actorsOf, isOwnToken, NotIssuedError, type Writer } from './written-token.ts'

/**
 * WorkOS Connect has no delegation: an agent that acts for a person has the person's token, whose client it is, and an agent
 * that was asked by another shows nothing of it. The audience is the environment that the API belongs to.
 */
export const writeWorkos: Writer = (claims) => {
  const { iss, sub, aud, client_id, scope, mission, iat, exp, jti } = claims
  return {
    typ: undefined,
    claims: {
      iss,
      aud: `client_${digitsFor(aud)}`,
      sub,
      client_id,
      org_id: `org_${digitsFor(iss)}`,
      // The consent of the person.
      ...(!isOwnToken(claims) && mission !== undefined && { sid: `app_consent_${mission.id}` }),
      scope,
      jti,
      exp,
      iat,
    },
  }
}

/**
 * WorkOS agent registrations: `sub` is the acting agent and `act` the party that it acts for, the inverse of RFC 8693 §4.1.
 * There is one level, so the agents between the two are lost.
 */
export const writeWorkosAgents: Writer = (claims) => {
  const { iss, sub, sub_profile, aud, scope, iat, exp, jti } = claims
  const { sub: agent, sub_profile: profile } = actorsOf(claims)[0] ?? { sub, sub_profile }
  if (profile !== 'ai_agent') throw new NotIssuedError('agent registrations get tokens, other parties do not')
  const principal = sub_profile === 'ai_agent' ? registration(sub) : sub
  return {
    typ: undefined,
    claims: {
      iss,
      aud: `proj_${digitsFor(aud)}`,
      sub: registration(agent),
      jti,
      org_id: `org_${digitsFor(iss)}`,
      scope,
      exp,
      iat,
      ...(claims.act !== undefined && { act: { sub: principal } }),
    },
  }
}

function registration(agent: string): string {
  return `agent_reg_${agent}`
}
