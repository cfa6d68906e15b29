import { createHash } from 'node:crypto'

/**
 * Where a product gives an API, a tenant or an organization an id of its own, one is made of the name that this issuer has
 * for it. The same name always gets the same id and another name another one, so a token still fits one API alone.
 */

export function uuidFor(name: string): string {
  const bytes = createHash('sha256').update(name).digest().subarray(0, 16)
  // RFC 9562 §5.8: a UUID of a vendor's own making is of version 8.
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** 18 digits. */
export function digitsFor(name: string): string {
  const number = createHash('sha256').update(name).digest().readBigUInt64BE()
  return (number % 10n ** 18n).toString().padStart(18, '0')
}
