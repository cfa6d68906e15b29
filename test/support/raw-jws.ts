import { constants, createHash, generateKeyPair, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { JWK } from 'jose'
import type { Algorithm } from '../../src/index.ts'

/** JWS made byte by byte: whatever a hostile sender could put between the dots, with a signature that holds over it. */

export interface RawKey {
  readonly algorithm: Algorithm
  readonly privateKey: KeyObject
  readonly publicJwk: JWK
}

export type Members = Record<string, unknown>
/** An object is written as JSON, a text and bytes as they stand. */
export type Part = Members | string | Uint8Array

const makePair = promisify(generateKeyPair)

export async function makeRawKey(algorithm: Algorithm, modulusLength = 2048): Promise<RawKey> {
  const { privateKey, publicKey } = await pairFor(algorithm, modulusLength)
  return { algorithm, privateKey, publicJwk: publicKey.export({ format: 'jwk' }) as JWK }
}

function pairFor(algorithm: Algorithm, modulusLength: number) {
  switch (algorithm) {
    case 'ES256':
      return makePair('ec', { namedCurve: 'P-256' })
    case 'ES384':
      return makePair('ec', { namedCurve: 'P-384' })
    case 'ES512':
      return makePair('ec', { namedCurve: 'P-521' })
    case 'Ed25519':
    case 'EdDSA':
      return makePair('ed25519', {})
    default:
      return makePair('rsa', { modulusLength })
  }
}

/** A key of a curve or size that no algorithm of ours takes; ECDSA with SHA-256 all the same. */
export async function makeOddCurveKey(namedCurve: 'secp256k1' | 'P-521'): Promise<RawKey> {
  const { privateKey, publicKey } = await makePair('ec', { namedCurve })
  return { algorithm: 'ES256', privateKey, publicJwk: publicKey.export({ format: 'jwk' }) as JWK }
}

export function rawJws(key: RawKey, header: Part, payload: Part): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${encode(signBytes(key, input))}`
}

export function encode(part: Part): string {
  const isText = typeof part === 'string' || part instanceof Uint8Array
  return Buffer.from(isText ? part : JSON.stringify(part)).toString('base64url')
}

/** RFC 7518 §3.3 to §3.5, RFC 8037 §3.1. */
export function signBytes({ algorithm, privateKey }: RawKey, data: string | Uint8Array): Buffer {
  const bytes = Buffer.from(data)
  switch (algorithm) {
    case 'ES256':
      return sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    case 'ES384':
      return sign('sha384', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    case 'ES512':
      return sign('sha512', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    case 'Ed25519':
    case 'EdDSA':
      return sign(null, bytes, privateKey)
    case 'PS256':
    case 'PS384':
    case 'PS512':
      return sign(`sha${algorithm.slice(2)}`, bytes, {
        key: privateKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: Number(algorithm.slice(2)) / 8,
      })
    case 'RS256':
    case 'RS384':
    case 'RS512':
      return sign(`sha${algorithm.slice(2)}`, bytes, { key: privateKey, padding: constants.RSA_PKCS1_PADDING })
  }
}

/** The same private key used for another algorithm of its type. */
export function asAlgorithm(key: RawKey, algorithm: Algorithm): RawKey {
  return { ...key, algorithm }
}

export function sha256Url(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('base64url')
}

/** JSON with `text` as its first member, as `JSON.stringify` would not write it. */
export function spliceMember(members: Members, text: string): string {
  return `{${text},${JSON.stringify(members).slice(1)}`
}
