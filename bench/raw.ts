import * as crypto from 'node:crypto'

/** What a verdict cannot do without, done bare: everything parsed, decoded and imported before. */

export const sha256: (data: string | Uint8Array) => string =
  typeof crypto.hash === 'function'
    ? (data) => crypto.hash('sha256', data, 'base64url')
    : (data) => crypto.createHash('sha256').update(data).digest('base64url')

/** One signature check of an ES256 JWS, the key given later. `expected`: what it must come to. */
export function prepareVerification(jws: string, expected = true): (key: crypto.KeyObject) => void {
  const end = jws.lastIndexOf('.')
  const input = Buffer.from(jws.slice(0, end))
  const signature = Buffer.from(jws.slice(end + 1), 'base64url')
  return (key) => {
    if (crypto.verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, signature) !== expected) {
      throw new Error('a raw verification came to the other end')
    }
  }
}

export function rawVerification(jws: string, key: crypto.KeyObject, expected?: boolean): () => void {
  const verify = prepareVerification(jws, expected)
  return () => verify(key)
}
