import { readHttpsUrl } from '../internal/urls.ts'
import { isJsonObject, type JsonObject } from '../jose/strict-json.ts'
import { algorithms as defaultAlgorithms, numbers } from '../options/defaults.ts'
import { withinTime } from '../token/bounded-fetch.ts'
import { FetchError } from '../token/fetch-error.ts'
import { fetchJson, metadataUrls, readKeysUri } from '../token/issuer-metadata.ts'
import { inferred, type KeySet, noKeys, readKeySet } from '../token/keys.ts'
import type { Algorithm } from '../types/options.ts'

/** What an issuer publishes, as a verifier with default options would take it. */
export interface Checkup {
  readonly issuer: string
  /** The URLs that were tried, and why one is not used; null for the one that is. */
  readonly documents: readonly { readonly url: string; readonly notUsed: string | null }[]
  /** Where the metadata names another issuer: that one. */
  readonly namedIssuer: string | null
  readonly metadata: JsonObject | null
  readonly keysUrl: string | null
  /** Why there are none. */
  readonly keysFailure: string | null
  readonly keys: readonly CheckedKey[]
}

export interface CheckedKey {
  readonly kid: string | null
  readonly type: string
  /** The algorithm that it is used for. */
  readonly usedFor: Algorithm | null
  readonly passedOver: string | null
  /** With this name in `algorithms` it would be used. */
  readonly usableFor: Algorithm | null
}

const nothing = { namedIssuer: null, metadata: null, keysUrl: null, keysFailure: null, keys: [] }

/** @returns undefined where no verifier takes this text as an issuer that has its keys on the network */
export async function examineIssuer(issuer: string, fetcher: typeof fetch): Promise<Checkup | undefined> {
  const url = readHttpsUrl(issuer)
  if (typeof url === 'string' || url.search !== '') return undefined
  const documents: { url: string; notUsed: string | null }[] = []
  let namedIssuer: string | null = null
  for (const at of metadataUrls(issuer)) {
    const metadata = await fetchDocument(at, fetcher)
    if (metadata instanceof FetchError) {
      documents.push({ url: at, notUsed: reasonIn(metadata) })
      continue
    }
    if (metadata['issuer'] !== issuer) {
      documents.push({ url: at, notUsed: 'it names another issuer' })
      if (typeof metadata['issuer'] === 'string') namedIssuer ??= metadata['issuer']
      continue
    }
    const keysUrl = keysUrlIn(metadata, issuer)
    documents.push({ url: at, notUsed: keysUrl instanceof Error ? keysUrl.message : null })
    if (keysUrl instanceof Error) continue
    return { ...nothing, issuer, documents, metadata, keysUrl, ...(await fetchKeys(keysUrl, fetcher)) }
  }
  return { ...nothing, issuer, documents, namedIssuer }
}

async function fetchKeys(url: string, fetcher: typeof fetch): Promise<Pick<Checkup, 'keysFailure' | 'keys'>> {
  const document = await fetchDocument(url, fetcher)
  if (document instanceof FetchError) return { keysFailure: reasonIn(document), keys: [] }
  const list = document['keys']
  if (!Array.isArray(list)) return { keysFailure: 'answered something that is not a JWK Set', keys: [] }
  return { keysFailure: null, keys: list.map(checkKey) }
}

/** By the reader of the pipeline, one key at a time. */
function checkKey(jwk: unknown): CheckedKey {
  const { keys, passedOver } = readOne(jwk, defaultAlgorithms['issuer.algorithms'])
  const { kid, kty, crv } = isJsonObject(jwk) ? jwk : ({} as JsonObject)
  const texts = [kty, crv].filter((part) => typeof part === 'string')
  const usedFor = keys[0]?.key.algorithm ?? null
  return {
    kid: typeof kid === 'string' ? kid : null,
    type: texts.join(' ') || 'unknown',
    usedFor,
    passedOver: Object.keys(passedOver)[0] ?? null,
    usableFor: usedFor === null ? (readOne(jwk, inferred).keys[0]?.key.algorithm ?? null) : null,
  }
}

function readOne(jwk: unknown, accepted: readonly Algorithm[]): KeySet {
  return readKeySet({ keys: [jwk] }, new Set(accepted)) ?? noKeys
}

async function fetchDocument(url: string, fetcher: typeof fetch): Promise<JsonObject | FetchError> {
  const timeoutMs = numbers['issuer.keys.timeoutMs'].default
  try {
    return await withinTime(timeoutMs, new AbortController().signal, (signal) =>
      fetchJson(url, { fetch: fetcher, signal }, (document) => document),
    )
  } catch (error) {
    return error instanceof FetchError ? error : new FetchError([], error)
  }
}

function keysUrlIn(metadata: JsonObject, issuer: string): string | Error {
  try {
    return readKeysUri(metadata, issuer, new Set())
  } catch (error) {
    return error as Error
  }
}

function reasonIn({ failures, message }: FetchError): string {
  return failures[0]?.reason ?? message
}
