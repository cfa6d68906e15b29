import { isOwnToken, scopesOf, type Writer } from './written-token.ts'

/**
 * Amazon Cognito has no delegation: an agent that acts for a person has the person's token, whose client it is. There is no
 * audience and no key; the scopes begin with the identifier of a resource server, which is all that tells APIs apart.
 */
export const writeCognito: Writer = (claims) => {
  const { iss, sub, aud, client_id, auth_time, iat, exp, jti } = claims
  return {
    typ: undefined,
    claims: {
      sub,
      token_use: 'access',
      scope: scopesOf(claims)
        .map((scope) => `${aud}/${scope}`)
        .join(' '),
      // Of a client's own token: when it was issued.
      auth_time: auth_time ?? iat,
      iss,
      exp,
      iat,
      version: 2,
      jti,
      client_id,
      ...(!isOwnToken(claims) && { username: sub }),
    },
  }
}
