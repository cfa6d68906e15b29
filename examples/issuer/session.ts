import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'

/** Seconds. */
export const sessionSeconds = 3_600

export const sessionCookie = { signed: true, httpOnly: true, sameSite: 'lax' } as const

/** How people sign in here (RFC 8176 §2). */
export const passwordSignIn: { readonly amr: readonly string[]; readonly acr: string } = { amr: ['pwd'], acr: 'pwd' }

/** A new session, as oidc-provider makes one after an interaction. Its name is new, so that it cannot be known beforehand. */
export async function startSession(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  accountId: string,
): Promise<void> {
  const loginTs = Math.floor(Date.now() / 1_000)
  const session = new provider.Session({ accountId, loginTs, transient: true, ...passwordSignIn })
  await session.save(sessionSeconds)
  provider.createContext(request, response).cookies.set(provider.cookieName('session'), session.jti, sessionCookie)
}
