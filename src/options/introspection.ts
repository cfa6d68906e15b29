import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { types } from 'node:util'
import type { CryptoKey } from 'jose'
import { namesOf, type OptionReader } from '../internal/option-reader.ts'
import { fitsAlgorithm } from '../jose/jwk.ts'
import { algorithms } from '../jose/signature.ts'
import { isJsonObject, type JsonObject } from '../jose/strict-json.ts'
import { inferred } from '../token/keys.ts'
import type { IntrospectionOptions, PrivateKeyClient, SecretClient } from '../types/introspection-options.ts'
import type { Algorithm } from '../types/options.ts'
import { choices } from './defaults.ts'
import { readDiscoverable, readUrl } from './issuer-keys.ts'
import { readNumber } from './read-number.ts'

/** How one issuer is asked about tokens (RFC 7662). */
export interface IntrospectionPolicy {
  /** Undefined: the one of the issuer's metadata. */
  readonly endpoint: string | undefined
  readonly client: ClientPolicy
  readonly for: 'opaque' | 'all'
  readonly cacheSeconds: number
  readonly signed: boolean
}

export type ClientPolicy = { readonly id: string; readonly secret: string } | AssertionClient

export interface AssertionClient {
  readonly id: string
  readonly key: AssertionKey
}

export interface AssertionKey {
  readonly privateKey: CryptoKey | KeyObject
  readonly alg: Algorithm
  readonly kid: string | undefined
}

const names = namesOf<IntrospectionOptions>({
  endpoint: true,
  client: true,
  for: true,
  cacheSeconds: true,
  signed: true,
})
const clientNames = namesOf<SecretClient & PrivateKeyClient>({ id: true, secret: true, privateKey: true, alg: true })

/** The issuer, where it stands among the options, and where http is allowed. */
interface Surroundings {
  readonly issuer: string | undefined
  readonly at: string
  readonly httpHosts: ReadonlySet<string>
}

export function readIntrospection(
  read: OptionReader,
  issuerPath: string,
  value: unknown,
  { issuer, at, httpHosts }: Surroundings,
): IntrospectionPolicy | undefined {
  const path = `${issuerPath}.introspection`
  const raw = read.object(path, value, names)
  if (raw === undefined) return undefined
  const endpoint = readUrl(read, `${path}.endpoint`, raw.endpoint, httpHosts)
  if (raw.endpoint === undefined && issuer !== undefined) readDiscoverable(read, at, issuer, httpHosts)
  const client = readAskingClient(read, `${path}.client`, raw.client)
  const scope = choices['issuer.introspection.for']
  const policy = {
    endpoint,
    for: read.oneOf(`${path}.for`, raw.for, scope.allowed) ?? scope.default,
    cacheSeconds: readNumber(read, 'issuer.introspection.cacheSeconds', raw.cacheSeconds, `${path}.cacheSeconds`),
    signed: read.boolean(`${path}.signed`, raw.signed) ?? choices['issuer.introspection.signed'].default,
  }
  return client && { ...policy, client }
}

/** An opaque token names no issuer: with several to ask, one issuer would see the tokens of another. */
export function refuseSeveralIntrospections(
  read: OptionReader,
  issuers: readonly { readonly path: string; readonly introspection: IntrospectionPolicy | undefined }[],
): void {
  for (const { path } of issuers.filter(({ introspection }) => introspection !== undefined).slice(1)) {
    read.problem(`${path}.introspection`, 'must stand at one issuer only, since an opaque token names no issuer')
  }
}

function readAskingClient(read: OptionReader, path: string, value: unknown): ClientPolicy | undefined {
  if (value === undefined) return read.problem(path, 'is required')
  const raw = read.object(path, value, clientNames)
  if (raw === undefined) return undefined
  const id = raw.id === undefined ? read.problem(`${path}.id`, 'is required') : read.string(`${path}.id`, raw.id)
  if ((raw.secret === undefined) === (raw.privateKey === undefined)) {
    return read.problem(path, 'must have either secret or privateKey')
  }
  if (raw.secret !== undefined) {
    const secret = read.string(`${path}.secret`, raw.secret)
    if (raw.alg !== undefined) read.problem(`${path}.alg`, 'belongs to privateKey')
    return id === undefined || secret === undefined ? undefined : { id, secret }
  }
  const key = readAssertionKey(read, path, raw.privateKey, read.oneOf(`${path}.alg`, raw.alg, algorithms))
  return id === undefined || key === undefined ? undefined : { id, key }
}

function readAssertionKey(
  read: OptionReader,
  path: string,
  value: unknown,
  wanted: Algorithm | undefined,
): AssertionKey | undefined {
  const key = types.isCryptoKey(value) ? keyOfCryptoKey(value, wanted) : keyOfJwk(value, wanted)
  if (key !== undefined) return key
  return read.problem(
    `${path}.privateKey`,
    'must be a private signing key, a CryptoKey or a JWK of an accepted type and size, that fits alg',
  )
}

function keyOfCryptoKey(key: CryptoKey, wanted: Algorithm | undefined): AssertionKey | undefined {
  if (key.type !== 'private' || !key.usages.includes('sign')) return undefined
  const possible = algorithmsOf(key)
  const alg = wanted ?? possible[0]
  return alg === undefined || !possible.includes(alg) ? undefined : { privateKey: key, alg, kid: undefined }
}

/** RFC 7518 §3.1 and RFC 9864 §2.2: what a key of Web Cryptography can sign with. */
function algorithmsOf({ algorithm }: CryptoKey): readonly Algorithm[] {
  const { name, namedCurve, hash } = algorithm as { name: string; namedCurve?: string; hash?: { name: string } }
  if (name === 'Ed25519') return ['Ed25519', 'EdDSA']
  if (name === 'ECDSA') return algorithms.filter((alg) => alg === `ES${namedCurve?.slice(2).replace('521', '512')}`)
  const family = name === 'RSA-PSS' ? 'PS' : name === 'RSASSA-PKCS1-v1_5' ? 'RS' : ''
  return algorithms.filter((alg) => alg === `${family}${hash?.name.slice(4)}`)
}

function keyOfJwk(value: unknown, wanted: Algorithm | undefined): AssertionKey | undefined {
  if (!isJsonObject(value)) return undefined
  const { kty, crv, x, y, n, e, kid, alg: declared } = value
  if (kid !== undefined && typeof kid !== 'string') return undefined
  const publicPart: JsonObject = { kty, crv, x, y, n, e }
  const candidates = (declared === undefined ? inferred : [declared as Algorithm]).filter(
    (name) => wanted === undefined || name === wanted,
  )
  const alg = candidates.find((name) => algorithms.includes(name) && fitsAlgorithm(publicPart, name))
  if (alg === undefined) return undefined
  try {
    return { privateKey: createPrivateKey({ key: value as JsonWebKey, format: 'jwk' }), alg, kid }
  } catch {
    // A public or damaged key.
    return undefined
  }
}
