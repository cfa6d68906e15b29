import { createHash } from 'node:crypto'

export function encode(value: unknown): string {
  const bytes = value instanceof Uint8Array ? value : typeof value === 'string' ? value : JSON.stringify(value)
  return Buffer.from(bytes).toString('base64url')
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('base64url')
}

/** The core sees no more of a certificate than its bytes. */
export function fakeCertificate(owner: string): { der: Uint8Array; thumbprint: string } {
  const der = Buffer.from(`certificate of ${owner}`)
  return { der, thumbprint: sha256(der) }
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The same octets in another spelling: a bit of the last character that no octet uses is set. */
export function respell(jws: string): string {
  const sextet = alphabet.indexOf(jws.at(-1) ?? '')
  return jws.slice(0, -1) + alphabet[sextet ^ 1]
}

const p256Order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** The other valid ES256 signature of the same message: (r, n − s). */
export function ecdsaTwin(jws: string): string {
  const [header, payload, signature = ''] = jws.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const other = Buffer.from((p256Order - s).toString(16).padStart(64, '0'), 'hex')
  return `${header}.${payload}.${Buffer.concat([bytes.subarray(0, 32), other]).toString('base64url')}`
}
