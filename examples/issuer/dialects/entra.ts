import { createHash } from 'node:crypto'
import type { ActorProfileClaims } from '../actor-profile-claims.ts'
import { uuidFor } from './made-up-ids.ts'
import { isOwnToken, scopesOf, type Writer } from './written-token.ts'

/**
 * Microsoft Entra ID, version 2 with agent identities. Facets tell that the client is an agent, and of whom: earlier agents
 * have no place, nor has a key. An agent that acts for an agent has no documented facets, so they say nothing of the subject.
 */
export const writeEntra: Writer = (claims) => {
  const { iss, sub, iat, exp, jti } = claims
  const azp = claims.act?.sub ?? claims.client_id
  return {
    typ: 'JWT',
    claims: {
      aud: uuidFor(claims.aud),
      iss,
      iat,
      nbf: iat,
      exp,
      azp,
      // The client authenticated with a key.
      azpacr: '2',
      tid: uuidFor(iss),
      uti: jti,
      ver: '2.0',
      idtyp: claims.sub_profile === 'user' ? 'user' : 'app',
      oid: sub,
      sub: pairwiseSubject(sub, azp),
      // Delegated permissions are scopes, application permissions are roles.
      ...(claims.sub_profile === 'user' ? { scp: claims.scope } : { roles: scopesOf(claims) }),
      ...facetsOf(claims),
    },
  }
}

/** 11 is an agent identity. The other numbers have no meaning for an API. */
function facetsOf(claims: ActorProfileClaims): Record<string, string> {
  const { act, sub_profile } = claims
  const client = '3 9 11'
  if (isOwnToken(claims)) return sub_profile === 'ai_agent' ? { xms_act_fct: client, xms_sub_fct: '9 3 11' } : {}
  if (act?.sub_profile !== 'ai_agent') return {}
  return sub_profile === 'user' ? { xms_act_fct: client, xms_sub_fct: '2 3' } : { xms_act_fct: client }
}

/** `sub` differs from client to client; `oid` does not. */
function pairwiseSubject(sub: string, client: string): string {
  return createHash('sha256')
    .update(JSON.stringify([client, sub]))
    .digest('base64url')
}
