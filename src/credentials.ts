import { sha256 } from './jose/sha256.ts'
import { Denial } from './refusal/denial.ts'
import type { RequestView } from './types/request.ts'

/** The scheme the caller used, in the spelling of the registry. */
export type Scheme = 'Bearer' | 'DPoP'

/** One access token as it was presented; nothing in it is verified. */
export interface Credentials {
  readonly scheme: Scheme
  readonly token: string
  /** base64url SHA-256 of the token: the key of the token cache, and what a proof's `ath` must be. */
  readonly tokenHash: string
}

export interface CredentialsPolicy {
  readonly takesBearer: boolean
  readonly takesDpop: boolean
  readonly token: { readonly maxBytes: number }
}

/**
 * Step 1: exactly one Authorization field line with exactly one token. Query and body are never read (RFC 6750 §2, RFC
 * 9700 §4.3.2). Whether the token is a token68 is found out when it is parsed: a JWS always is one.
 */
export function readCredentials(view: RequestView, policy: CredentialsPolicy): Credentials | Denial {
  const lines = view.header('authorization')
  const line = lines[0]
  if (line === undefined) return new Denial('credentials_missing')
  if (lines.length > 1) return new Denial('request_malformed')
  // The longest scheme name and a few spaces beside the token.
  if (line.length > policy.token.maxBytes + 16) return new Denial('request_malformed', { hint: 'token.maxBytes' })

  const scheme = readScheme(line)
  const isTaken = scheme === 'Bearer' ? policy.takesBearer : scheme === 'DPoP' && policy.takesDpop
  if (scheme === undefined || !isTaken) {
    return new Denial(isAscii.test(line) ? 'credentials_missing' : 'request_malformed')
  }
  const token = readToken(line, scheme.length)
  if (token === undefined) return new Denial('request_malformed')
  if (token.length > policy.token.maxBytes) return new Denial('request_malformed', { hint: 'token.maxBytes' })
  return { scheme, token, tokenHash: sha256(token) }
}

/** RFC 9110 §11.1: case does not count; a name that goes on is another scheme. */
function readScheme(line: string): Scheme | undefined {
  const start = line.slice(0, 6).toLowerCase()
  if (start.startsWith('dpop') && !goesOn.test(line.charAt(4))) return 'DPoP'
  if (start === 'bearer' && !goesOn.test(line.charAt(6))) return 'Bearer'
  return undefined
}

/** RFC 9110 §5.6.2: a character of a token. */
const goesOn = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/
const isAscii = /^[\x20-\x7e\t]*$/

/** RFC 9110 §11.4: `auth-scheme 1*SP` and the rest. */
function readToken(line: string, schemeLength: number): string | undefined {
  let start = schemeLength
  while (line.charCodeAt(start) === 0x20) start++
  return start === schemeLength || start === line.length ? undefined : line.slice(start)
}
