import * as crypto from 'node:crypto'

/** SHA-256 in base64url without padding. `crypto.hash` (Node 20.12) costs half of a Hash object. */
export const sha256: (data: string | Uint8Array) => string =
  typeof crypto.hash === 'function'
    ? (data) => crypto.hash('sha256', data, 'base64url')
    : (data) => crypto.createHash('sha256').update(data).digest('base64url')
