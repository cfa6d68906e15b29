import { createHash } from 'node:crypto'
import type { ActorProfileClaims } from '../actor-profile-claims.ts'
import { uuidFor } from './made-up-ids.ts'
import { isOwnToken, NotIssuedError, scopesOf, type Writer } from './written-token.ts'

/**
 * Microsoft Entra ID, version 2 with agent identities. Facets tell that the client is an agent, and of whom: earlier agents
 * have no place, nor has a key. On behalf of others an agent acts for people alone.
 */
export const writeEntra: Writer = (claims) => {
  const { iss, sub, iat, exp, jti } = claims
  if (claims.act !== undefined && claims.sub_profile !== 'user') {
    throw new NotIssuedError('tokens on behalf of others are for people alone')
  }
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
  const isAgent = (isOwnToken(claims) ? sub_profile : act?.sub_profile) === 'ai_agent'
  if (!isAgent) return {}
  return { xms_act_fct: '3 9 11', xms_sub_fct: isOwnToken(claims) ? '9 3 11' : '2 3' }
}

/** `sub` differs from client to client; `oid` does not. */
function pairwiseSubject(sub: string, client: string): string {
  return createHash('sha256')
    .update(JSON.stringify([client, sub]))
    .digest('base64url')
}
