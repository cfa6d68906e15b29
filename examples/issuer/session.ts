import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Context, Provider } from 'oidc-provider'

/** Seconds. */
export const sessionSeconds = 3_600

/** `Secure` where the issuer is https, also behind a proxy: see `addHardening`. */
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
  const context = provider.createContext(request, response)
  markSecure(context, provider)
  context.cookies.set(provider.cookieName('session'), session.jti, sessionCookie)
}

/** People are to sign in again before anything is done in their name. What they have allowed stays. */
export async function endSession(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const context = provider.createContext(request, response)
  markSecure(context, provider)
  const session = await provider.Session.get(context)
  await session.destroy()
  context.cookies.set(provider.cookieName('session'), null, sessionCookie)
}

/** A proxy may terminate TLS, and need not say so: the URL of the issuer does. */
export function markSecure({ request }: Pick<Context, 'request'>, { issuer }: Provider): void {
  Object.defineProperty(request, 'secure', { value: issuer.startsWith('https:') })
}
