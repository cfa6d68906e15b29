import type { Step } from './attempt.ts'
import { Denial } from './internal/denial.ts'
import { sha256 } from './internal/hash.ts'
import type { RequestView } from './types.ts'

export interface Credentials {
  readonly scheme: Scheme
  readonly token: string
}

/** The scheme the caller used, in the spelling of the registry. */
export type Scheme = 'Bearer' | 'DPoP'

export interface CredentialsPolicy {
  readonly takesBearer: boolean
  readonly takesDpop: boolean
  readonly token: { readonly maxBytes: number }
}

/** Step 1. The token's SHA-256 is made once: it is the cache key and the proof's `ath`. */
export function createCredentialsStep(policy: CredentialsPolicy): Step {
  return function takeCredentials(attempt) {
    const credentials = readCredentials(attempt.view, policy)
    if (credentials instanceof Denial) return credentials
    attempt.scheme = credentials.scheme
    attempt.accessToken = credentials.token
    attempt.tokenHash = sha256(credentials.token)
    return undefined
  }
}

/** RFC 9110 §11.4: `auth-scheme 1*SP token68`. */
const wellFormed = /^(Bearer|DPoP) +([A-Za-z0-9\-._~+/]+=*)$/i
const takenScheme = /^(Bearer|DPoP)(?![!#$%&'*+\-.^_`|~0-9A-Za-z])/i

/** Exactly one Authorization field line with exactly one token; query and body are never read (RFC 6750 §2, RFC 9700 §4.3.2). */
function readCredentials(view: RequestView, policy: CredentialsPolicy): Credentials | Denial {
  const lines = view.header('authorization')
  const line = lines[0]
  if (line === undefined) return new Denial('credentials_missing')
  if (lines.length > 1) return new Denial('request_malformed')
  // The longest scheme name and a few spaces beside the token.
  if (line.length > policy.token.maxBytes + 16) return new Denial('request_malformed', { hint: 'token.maxBytes' })
  if (!isAscii.test(line)) return new Denial('request_malformed')
  const parts = wellFormed.exec(line)
  const scheme = schemeOf(parts?.[1] ?? takenScheme.exec(line)?.[1])
  if (scheme === undefined) return new Denial('credentials_missing')
  if (scheme === 'Bearer' ? !policy.takesBearer : !policy.takesDpop) return new Denial('credentials_missing')
  const token = parts?.[2]
  if (token === undefined || token.length > policy.token.maxBytes) return new Denial('request_malformed')
  return { scheme, token }
}

const isAscii = /^[\x20-\x7e\t]*$/

function schemeOf(text: string | undefined): Scheme | undefined {
  if (text === undefined) return undefined
  return text.length === 4 ? 'DPoP' : 'Bearer'
}
