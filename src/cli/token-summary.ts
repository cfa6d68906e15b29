import { decodeObject, splitCompact } from '../jose/compact-jws.ts'
import { isJsonObject, type JsonObject } from '../jose/strict-json.ts'

/** What a token says of itself. Nothing in it is verified, and it is never the whole token. */
export interface TokenSummary {
  readonly format: 'jwt' | 'opaque'
  readonly header: Readonly<Record<string, string>>
  /** Claims that name parties, audiences and rights. */
  readonly members: Readonly<Record<string, unknown>>
  /** Claims that are times, in seconds since the epoch. */
  readonly times: Readonly<Record<string, number>>
  readonly boundTo: readonly string[]
  /** The names of the other claims. */
  readonly otherClaims: readonly string[]
}

export interface ReadToken {
  readonly summary: TokenSummary
  /** Empty where they cannot be read. */
  readonly claims: JsonObject
}

const shownInHeader = ['typ', 'alg', 'kid']
const shownClaims = ['iss', 'sub', 'aud', 'client_id', 'azp', 'act', 'scope']
const timeClaims = ['iat', 'nbf', 'exp']
const mostShown = 1_024

export function readTokenSummary(text: string): ReadToken {
  const parts = splitCompact(text)
  if (parts === undefined) return { summary: opaque, claims: {} }
  const header = decodeObject(text, 0, parts.headerEnd) ?? {}
  const claims = decodeObject(text, parts.headerEnd + 1, parts.payloadEnd) ?? {}
  const known = [...shownClaims, ...timeClaims, 'cnf']
  return {
    claims,
    summary: {
      format: 'jwt',
      header: Object.fromEntries(
        shownInHeader.flatMap((name) => (typeof header[name] === 'string' ? [[name, shorten(header[name])]] : [])),
      ),
      members: Object.fromEntries(
        shownClaims.flatMap((name) => (Object.hasOwn(claims, name) ? [[name, bounded(claims[name])]] : [])),
      ),
      times: Object.fromEntries(
        timeClaims.flatMap((name) => (typeof claims[name] === 'number' ? [[name, claims[name]]] : [])),
      ),
      boundTo: bindingsOf(claims['cnf']),
      otherClaims: Object.keys(claims)
        .filter((name) => !known.includes(name))
        .map(shorten),
    },
  }
}

const opaque: TokenSummary = { format: 'opaque', header: {}, members: {}, times: {}, boundTo: [], otherClaims: [] }

function bindingsOf(cnf: unknown): readonly string[] {
  if (!isJsonObject(cnf)) return []
  return Object.entries(cnf).map(([name, value]) => {
    const thumbprint = typeof value === 'string' ? ` ${value.slice(0, 8)}…` : ''
    if (name === 'jkt') return `DPoP key${thumbprint}`
    return name === 'x5t#S256' ? `client certificate${thumbprint}` : shorten(name)
  })
}

function bounded(value: unknown): unknown {
  if (typeof value === 'string') return shorten(value)
  const text = JSON.stringify(value)
  return text.length > mostShown ? `${maskTokens(text).slice(0, mostShown)}…` : value
}

function shorten(text: string): string {
  return text.length > longestText ? `${maskTokens(text).slice(0, longestText)}…` : text
}

const longestText = 256

/** A claim may hold another token, which is not shown whole either. In JSON nothing but the inside of texts is changed. */
export function maskTokens(text: string): string {
  return text.replace(/[\w.-]+/g, maskRun)
}

/** Base64url begins with `ey` where a JSON object begins, and the header of a token ends with a dot. */
function maskRun(run: string): string {
  const dot = run.lastIndexOf('.')
  const start = run.indexOf('ey')
  if (start === -1 || dot < start + 16) return run
  return `${run.slice(0, start + 16)}…`
}

/** A time of a token in UTC, and how far it is from now. */
export function describeTime(seconds: number, nowMs: number): string {
  const date = new Date(seconds * 1_000)
  if (Number.isNaN(date.getTime())) return `${seconds} (no time)`
  const distance = Math.round(seconds - nowMs / 1_000)
  const words = describeDuration(Math.abs(distance))
  return `${date.toISOString().replace('.000Z', 'Z')} (${distance < 0 ? `${words} ago` : `in ${words}`})`
}

function describeDuration(seconds: number): string {
  const units: readonly (readonly [size: number, name: string])[] = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ]
  const at = Math.max(
    0,
    units.findIndex(([size]) => seconds >= size),
  )
  const [size, name] = (seconds === 0 ? units[3] : units[at]) ?? [1, 's']
  const next = units[at + 1]
  const rest = next === undefined ? 0 : Math.floor((seconds % size) / next[0])
  return `${Math.floor(seconds / size)} ${name}${rest > 0 && next !== undefined ? ` ${rest} ${next[1]}` : ''}`
}
