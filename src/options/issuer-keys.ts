import type { JSONWebKeySet } from 'jose'
import { namesOf, type OptionReader, type RawOptions } from '../internal/option-reader.ts'
import { readHttpsUrl } from '../internal/urls.ts'
import { readKeySet } from '../token/keys.ts'
import type { IssuerOptions, KeyOptions } from '../types/issuer-options.ts'
import type { Algorithm } from '../types/options.ts'
import { readNumber } from './read-number.ts'

/** Where the keys of an issuer come from, and how they age. */
export interface KeySource {
  readonly jwks: JSONWebKeySet | undefined
  readonly jwksUri: string | undefined
  readonly keys: { readonly freshSeconds: number; readonly staleSeconds: number; readonly timeoutMs: number }
}

const names = namesOf<KeyOptions>({ freshSeconds: true, staleSeconds: true, timeoutMs: true })

export function readKeySource(
  read: OptionReader,
  path: string,
  raw: RawOptions<keyof IssuerOptions>,
  { accepted, httpHosts }: { accepted: ReadonlySet<Algorithm>; httpHosts: ReadonlySet<string> },
): KeySource {
  const jwks = readJwks(read, `${path}.jwks`, raw.jwks, accepted)
  const jwksUri = readUrl(read, `${path}.jwksUri`, raw.jwksUri, httpHosts)
  if (jwks !== undefined && jwksUri !== undefined) {
    read.problem(`${path}.jwksUri`, 'must not be combined with jwks: the keys come from one of them')
  }
  return { jwks, jwksUri, keys: readKeyAges(read, `${path}.keys`, raw.keys) }
}

function readJwks(
  read: OptionReader,
  path: string,
  value: unknown,
  accepted: ReadonlySet<Algorithm>,
): JSONWebKeySet | undefined {
  if (value === undefined) return undefined
  try {
    const copy: unknown = JSON.parse(JSON.stringify(value))
    if ((readKeySet(copy, accepted)?.keys.length ?? 0) > 0) return copy as JSONWebKeySet
  } catch {
    // JSON cannot hold it, so it is no JWK Set.
  }
  return read.problem(path, 'must be a JWK Set with at least one usable public key')
}

export function readUrl(
  read: OptionReader,
  path: string,
  value: unknown,
  httpHosts: ReadonlySet<string>,
): string | undefined {
  const text = read.string(path, value)
  if (text === undefined) return undefined
  const url = readHttpsUrl(text, httpHosts)
  return typeof url === 'string' ? read.problem(path, url) : text
}

/** RFC 8414 §2: an issuer identifier has no query. */
export function readDiscoverable(
  read: OptionReader,
  path: string,
  issuer: string,
  httpHosts: ReadonlySet<string>,
): void {
  readUrl(read, path, issuer, httpHosts)
  if (issuer.includes('?')) read.problem(path, 'must not have a query, since its keys are discovered')
}

function readKeyAges(read: OptionReader, path: string, value: unknown): KeySource['keys'] {
  const raw: RawOptions<keyof KeyOptions> = read.object(path, value, names) ?? {}
  return {
    freshSeconds: readNumber(read, 'issuer.keys.freshSeconds', raw.freshSeconds, `${path}.freshSeconds`),
    staleSeconds: readNumber(read, 'issuer.keys.staleSeconds', raw.staleSeconds, `${path}.staleSeconds`),
    timeoutMs: readNumber(read, 'issuer.keys.timeoutMs', raw.timeoutMs, `${path}.timeoutMs`),
  }
}
