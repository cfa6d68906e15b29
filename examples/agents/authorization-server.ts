/** What an agent reads of the metadata (RFC 8414 §2). */
export interface AuthorizationServer {
  readonly issuer: string
  readonly token_endpoint: string
  /** RFC 8628 §4 */
  readonly device_authorization_endpoint?: string
  /** RFC 9126 §5 */
  readonly pushed_authorization_request_endpoint?: string
  readonly registration_endpoint?: string
  /** RFC 8705 §5 */
  readonly mtls_endpoint_aliases?: { readonly token_endpoint?: string }
}

export async function discover(issuer: string): Promise<AuthorizationServer> {
  const { origin, pathname } = new URL(issuer)
  // RFC 8414 §3.1: before the path.
  const url = `${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`
  const response = await fetch(url, { redirect: 'error' })
  if (!response.ok) throw new Error(`The metadata of ${issuer} could not be read: ${response.status}`)
  const metadata = (await response.json()) as AuthorizationServer
  // RFC 8414 §3.3
  if (metadata.issuer !== issuer) throw new Error(`The metadata of ${issuer} names another issuer`)
  return metadata
}

/** What a token is asked for. */
export interface TokenRequest {
  /** RFC 8707: the API the token is for. */
  readonly resource: string
  /** Absent: everything this client may have. */
  readonly scope?: string | undefined
}

export interface Token {
  readonly accessToken: string
  readonly type: string
  /** Seconds. */
  readonly expiresIn: number
  readonly scope: string
}

/** The refusal of a token request (RFC 6749 §5.2). */
export class TokenRequestError extends Error {
  readonly status: number
  /** The code of the RFC, such as `invalid_target`. */
  readonly error: string

  constructor(status: number, error: string, description: string) {
    super(`${error}: ${description}`)
    this.name = 'TokenRequestError'
    this.status = status
    this.error = error
  }
}

export function readToken(status: number, body: Record<string, unknown>): Token {
  const { access_token, token_type, expires_in, scope, error, error_description } = body
  if (status !== 200) throw new TokenRequestError(status, String(error), String(error_description ?? ''))
  return {
    accessToken: String(access_token),
    type: String(token_type),
    expiresIn: Number(expires_in),
    scope: String(scope),
  }
}

export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

/** Each attempt has an assertion and a proof of its own: both may be used once. */
export async function askWithNonce(attempt: () => Promise<Response>): Promise<Answer> {
  const first = await read(await attempt())
  // RFC 9449 §8: the nonce is known by now.
  return first.body['error'] === 'use_dpop_nonce' ? read(await attempt()) : first
}

async function read(response: Response): Promise<Answer> {
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

/** The grant of an agent acting for itself (RFC 6749 §4.4). */
export function clientCredentials(request: TokenRequest): URLSearchParams {
  return withTarget(new URLSearchParams({ grant_type: 'client_credentials' }), request)
}

/** What the issuer asks for where an agent wants to show that it acts in its own name: a token for the issuer itself. */
export function actorTokenRequest(issuer: string): TokenRequest {
  return { resource: issuer, scope: 'agent:act' }
}

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'

/** The grant of an agent acting for the subject of the token it was handed (RFC 8693 §2.1). */
export function tokenExchange(subjectToken: string, actorToken: string, request: TokenRequest): URLSearchParams {
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: subjectToken,
    subject_token_type: accessTokenType,
    actor_token: actorToken,
    actor_token_type: accessTokenType,
  })
  return withTarget(form, request)
}

export function withTarget(form: URLSearchParams, { resource, scope }: TokenRequest): URLSearchParams {
  form.set('resource', resource)
  if (scope !== undefined) form.set('scope', scope)
  return form
}
