import type { Dialect } from '../../types/dialect.ts'
import { firstMissing, firstPresent, invertedParty, isAgentRegistration, issuerOf, subjectOf } from './readers.ts'

/**
 * Credentials of WorkOS agent registrations. `act` names the party that the agent acts for. Tokens of users share the keys;
 * they have a `sid` or another subject, and are refused, so that a user is never taken for an agent.
 */
export const workosAgentsDialect: Dialect = {
  name: 'workos-agents',
  types: ['JWT', 'at+jwt', null],
  optionalClaims: ['client_id'],
  refuse: (_header, claims) =>
    firstPresent(claims, ['sid']) ??
    firstMissing(claims, ['org_id', 'jti']) ??
    (isAgentRegistration(claims) ? undefined : 'sub'),
  parties(claims, read) {
    // Opaque tokens come here without `refuse`.
    if (!isAgentRegistration(claims)) throw new Error('sub is no agent registration')
    const agent = { subject: subjectOf(claims), kind: 'agent' } as const
    const inverted = invertedParty(claims, read, agent)
    if (inverted === undefined) return { principal: agent, ownToken: true }
    return { ...inverted, chain: [{ ...agent, issuer: issuerOf(claims) }] }
  },
}
