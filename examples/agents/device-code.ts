import { type Token, type TokenRequest, TokenRequestError } from './authorization-server.ts'
import type { DpopAgent } from './dpop-agent.ts'

/** What an agent shows its person, and then waits for (RFC 8628 §3.2). */
export interface DeviceCode {
  readonly userCode: string
  /** Where the person types the code. */
  readonly verificationUri: string
  /** Resolves once the person has consented; rejects once they have not, or the code has expired. */
  token(): Promise<Token>
}

/** The device authorization grant: the person signs in at the issuer, not at the agent, which never sees a password. */
export async function requestDeviceCode(agent: DpopAgent, request: TokenRequest): Promise<DeviceCode> {
  const { resource, scope = '' } = request
  const { status, body } = await agent.post(
    'device_authorization_endpoint',
    () => new URLSearchParams({ resource, scope }),
  )
  if (status !== 200)
    throw new TokenRequestError(status, String(body['error']), String(body['error_description'] ?? ''))
  const code = String(body['device_code'])
  const form = () =>
    new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: code, resource })
  return {
    userCode: String(body['user_code']),
    verificationUri: String(body['verification_uri']),
    token: () => poll(() => agent.requestToken(form), Number(body['interval'] ?? 5)),
  }
}

/** RFC 8628 §3.5. */
async function poll(ask: () => Promise<Token>, interval: number): Promise<Token> {
  for (let seconds = interval; ; ) {
    try {
      return await ask()
    } catch (error) {
      const code = error instanceof TokenRequestError ? error.error : undefined
      if (code === 'slow_down') seconds += 5
      else if (code !== 'authorization_pending') throw error
    }
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
  }
}
