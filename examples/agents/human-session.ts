import { type Token, type TokenRequest, withTarget } from './authorization-server.ts'
import { createAssertion } from './client-assertion.ts'
import type { DpopAgent } from './dpop-agent.ts'
import type { SigningKey } from './signing-key.ts'

/**
 * A first token for a user who has signed in at this application (RFC 7523 §2.1): the application says so, signed with its
 * registered key, and the authorization server has it on record that it may. How the user signs in (password, passkey,
 * OpenID Connect) is the application's business and not shown here. Agents get their tokens from this one by exchange.
 */
export function tokenForUser(
  application: DpopAgent,
  clientKey: SigningKey,
  input: { user: string; issuer: string } & TokenRequest,
): Promise<Token> {
  return application.requestToken(async () => {
    const assertion = await createAssertion(clientKey, {
      issuer: application.id,
      subject: input.user,
      audience: input.issuer,
    })
    const form = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion })
    return withTarget(form, input)
  })
}
