import type { RefusalCode } from '../../src/index.ts'

/** The intended differences between jose's jwtVerify and this package, with reasons. Any other difference is a fault. */
export interface Difference {
  readonly name: string
  /** Ours: why it refused, or `accepted`. */
  readonly ours: readonly (RefusalCode | 'accepted')[]
  explains(token: Dissected): boolean
}

/** Read leniently, and by other means than the sources use. */
export interface Dissected {
  readonly segments: readonly string[]
  readonly texts: readonly string[]
  readonly octets: readonly Uint8Array[]
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

export function dissect(token: string): Dissected {
  const segments = token.split('.')
  const octets = segments.slice(0, 2).map((segment) => Buffer.from(segment, 'base64url'))
  const texts = octets.map((bytes) => new TextDecoder().decode(bytes))
  const [header = {}, claims = {}] = texts.map(parse)
  return { segments, texts, octets, header, claims }
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}

const isText = (value: unknown) => typeof value === 'string' && value !== ''
const now = Date.UTC(2026, 0, 1) / 1_000
const malformed = ['token_malformed'] as const
const claim = ['token_claim'] as const

export const differences: readonly Difference[] = [
  { name: 'JOSE-06: a member name stands twice', ours: malformed, explains: ({ texts }) => texts.some(hasTwins) },
  {
    name: 'JOSE-08: base64url with padding or unused bits',
    // Padding inside a token is no token68 (RFC 9110 §11.2).
    ours: ['token_malformed', 'request_malformed'],
    explains: ({ segments }) => segments.some((text) => Buffer.from(text, 'base64url').toString('base64url') !== text),
  },
  {
    name: 'JOSE-04, JOSE-05: crit in any form, and b64',
    ours: malformed,
    explains: ({ header }) => 'crit' in header || 'b64' in header,
  },
  {
    name: 'JOSE-20: a time that is infinite or beyond exact integers',
    ours: claim,
    explains: ({ claims }) =>
      ['iat', 'exp', 'nbf', 'auth_time'].some((name) => {
        const time = claims[name]
        return typeof time === 'number' && !(Math.abs(time) < 2 ** 53)
      }),
  },
  {
    name: 'JOSE-09: a byte order mark',
    ours: malformed,
    explains: ({ octets }) => octets.some(([a, b, c]) => a === 0xef && b === 0xbb && c === 0xbf),
  },
  {
    name: 'RFC 7493 §2.1: a lone surrogate',
    ours: malformed,
    explains: ({ texts }) => texts.some((text) => scan(text).strings.some((value) => /\p{Surrogate}/u.test(value))),
  },
  {
    name: 'AT-07: a claim of RFC 9068 §2.2 is missing, empty or mistyped',
    ours: claim,
    explains: ({ claims }) =>
      ['sub', 'client_id', 'jti'].some((name) => !isText(claims[name])) ||
      ['iat', 'exp'].some((name) => typeof claims[name] !== 'number'),
  },
  {
    name: 'AT-09: it lives too long, ends before it begins or comes from the future',
    ours: ['token_lifetime', 'token_not_active', 'token_claim'],
    explains: ({ claims: { iat, exp } }) =>
      typeof iat === 'number' && typeof exp === 'number' && (exp - iat > 300 || exp <= iat || iat > now + 5),
  },
  {
    name: 'AT-12: scope is not one string of tokens and single spaces',
    ours: claim,
    explains: ({ claims }) =>
      'scope' in claims &&
      !(typeof claims['scope'] === 'string' && !/^ | {2}| $|[^\x20-\x7e]|["\\]/.test(claims['scope'])),
  },
  {
    name: 'AT-04: aud is a list with something else than names in it',
    ours: claim,
    explains: ({ claims: { aud } }) => Array.isArray(aud) && !aud.every(isText),
  },
  {
    name: 'RFC 9068 §2.2.1: an optional claim is mistyped',
    ours: claim,
    explains: ({ claims }) =>
      ['azp', 'acr'].some((name) => name in claims && !isText(claims[name])) ||
      ('auth_time' in claims && typeof claims['auth_time'] !== 'number') ||
      ('amr' in claims && !isListOf(claims['amr'], (item) => typeof item === 'string')) ||
      ('authorization_details' in claims && !isListOf(claims['authorization_details'], hasType)),
  },
  {
    name: 'RFC 9864: EdDSA and Ed25519 are one algorithm',
    ours: ['accepted'],
    explains: ({ header }) => header['alg'] === 'EdDSA',
  },
]

function isListOf(value: unknown, holds: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(holds)
}

function hasType(item: unknown): boolean {
  return typeof (item as { type?: unknown } | null)?.type === 'string'
}

function hasTwins(text: string): boolean {
  return scan(text).twins
}

/** Reads JSON token by token, since JSON.parse drops the first of two equal members. */
function scan(text: string): { twins: boolean; strings: readonly string[] } {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? []
  const names: Set<string>[] = []
  const found = { twins: false, strings: [] as string[] }
  for (const [at, token] of tokens.entries()) {
    if (token === '{') names.push(new Set())
    else if (token === '}') names.pop()
    else if (token.startsWith('"')) {
      const value = JSON.parse(token) as string
      found.strings.push(value)
      if (tokens[at + 1] !== ':') continue
      found.twins ||= names.at(-1)?.has(value) === true
      names.at(-1)?.add(value)
    }
  }
  return found
}
