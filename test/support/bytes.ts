/** Octets, and compact serialisations (RFC 7515 §7.1) bent into what no signer would make. */
import { createHash } from 'node:crypto'

/** base64url of JSON; a text and bytes are taken as they are. */
export function encode(value: unknown): string {
  const bytes = value instanceof Uint8Array ? value : typeof value === 'string' ? value : JSON.stringify(value)
  return Buffer.from(bytes).toString('base64url')
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('base64url')
}

/** A verifier sees only the bytes of a certificate, so any bytes will do. */
export function fakeCertificate(owner: string): { der: Uint8Array; thumbprint: string } {
  const der = Buffer.from(`certificate of ${owner}`)
  return { der, thumbprint: sha256(der) }
}

export interface Segments {
  readonly header?: string
  readonly payload?: string
  readonly signature?: string
}

/** Replaces segments by others, which are already encoded. */
export function withParts(jws: string, parts: Segments): string {
  const [header = '', payload = '', signature = ''] = jws.split('.')
  return [parts.header ?? header, parts.payload ?? payload, parts.signature ?? signature].join('.')
}

/** Flips one bit of the signature; the spelling stays canonical. */
export function withBrokenSignature(jws: string): string {
  const octets = Buffer.from(jws.slice(jws.lastIndexOf('.') + 1), 'base64url')
  octets[0] = (octets[0] ?? 0) ^ 1
  return withParts(jws, { signature: octets.toString('base64url') })
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Spells the same octets differently: sets a bit of the last character that belongs to no octet. */
export function respell(jws: string): string {
  const sextet = alphabet.indexOf(jws.at(-1) ?? '')
  return jws.slice(0, -1) + alphabet[sextet ^ 1]
}

const p256Order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** The other valid ES256 signature of the same message: (r, n − s). */
export function ecdsaTwin(jws: string): string {
  const signature = Buffer.from(jws.slice(jws.lastIndexOf('.') + 1), 'base64url')
  const s = BigInt(`0x${signature.subarray(32).toString('hex')}`)
  const other = Buffer.from((p256Order - s).toString(16).padStart(64, '0'), 'hex')
  return withParts(jws, { signature: encode(Buffer.concat([signature.subarray(0, 32), other])) })
}
