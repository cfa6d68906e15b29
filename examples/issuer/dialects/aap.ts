import { actorsOf, NotIssuedError, scopesOf, type Writer } from './written-token.ts'

/**
 * The Agent Authorization Profile, draft -01: a token is the agent's that got the first one. A person is at most the creator
 * of the task, so an agent that acts for a person reads like one that acts for itself. Scopes are capabilities.
 */
export const writeAap: Writer = (claims) => {
  const { iss, sub, sub_profile, aud, mission, cnf, iat, exp, jti } = claims
  const isPerson = sub_profile === 'user'
  // The chain of the draft begins with the first agent.
  const chain = [...actorsOf(claims), ...(isPerson ? [] : [{ sub, sub_profile }])].reverse()
  const [origin] = chain
  if (origin === undefined || chain.some((party) => party.sub_profile !== 'ai_agent')) {
    throw new NotIssuedError('tokens are for agents alone')
  }
  const depth = chain.length - 1
  return {
    typ: 'JWT',
    claims: {
      iss,
      sub: origin.sub,
      aud,
      exp,
      iat,
      jti,
      cnf,
      agent: { id: origin.sub, type: 'llm-autonomous' },
      ...(isPerson && { task: { id: mission?.id ?? jti, created_by: sub } }),
      capabilities: scopesOf(claims).map((action) => ({ action })),
      delegation: { depth, max_depth: depth, chain: chain.map((agent) => agent.sub) },
    },
  }
}
