import type { Context, Provider } from 'oidc-provider'

/**
 * RFC 6749 §7.1: `token_type` tells the client how to send the token. oidc-provider says DPoP where the client proved a key;
 * some dialects cannot name that key in the token, and such a token is a bearer token.
 */
export function addTokenType(
  provider: Provider,
  issuedOf: (context: Context) => { readonly written: Record<string, unknown> } | undefined,
): void {
  provider.use(async (context, next) => {
    await next()
    const written = issuedOf(context)?.written
    const { body } = context
    if (written === undefined || written['cnf'] !== undefined) return
    if (typeof body === 'object' && body !== null && 'token_type' in body) body.token_type = 'Bearer'
  })
}
