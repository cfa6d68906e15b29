import { uuidFor } from './made-up-ids.ts'
import { isOwnToken, type Writer } from './written-token.ts'

/**
 * Stytch has no delegation: an agent that acts for a person is a Connected App and has the person's token, whose client it
 * is. A machine client's own token names neither client nor itself. Neither is bound to a key. The audience is the project.
 */
export const writeStytch: Writer = (claims) => {
  const { iss, sub, aud, client_id, scope, iat, exp, jti } = claims
  const common = { iss, aud: [`project-test-${uuidFor(aud)}`], scope, iat, nbf: iat, exp }
  return {
    typ: undefined,
    claims: isOwnToken(claims) ? { ...common, sub: `m2m-client-${client_id}` } : { ...common, sub, client_id, jti },
  }
}
