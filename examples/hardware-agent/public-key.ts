import { createPublicKey, type KeyObject } from 'node:crypto'
import type { JWK } from 'jose'
import { HardwareKeyError } from './hardware-key-error.ts'

/** RFC 5480 §2: the algorithm id-ecPublicKey on P-256, before the octets of the point. */
const infoBeforePoint = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex')

/** The object identifier of P-256 (RFC 5480 §2.1.1.1), in DER: CKA_EC_PARAMS of such a key. */
export const curveP256: Buffer = Buffer.from('06082a8648ce3d030107', 'hex')

/** From CKA_EC_POINT: an octet string in DER (PKCS #11 v2.40 mechanisms §2.3.3). Some tokens give the octets alone. */
export function infoOfPoint(value: Buffer): Buffer {
  const isWrapped = value.length === 67 && value[0] === 0x04 && value[1] === 65
  const point = isWrapped ? value.subarray(2) : value
  return Buffer.concat([infoBeforePoint, point])
}

export function readPublicKey(info: Buffer): { publicKey: KeyObject; publicJwk: JWK } {
  const publicKey = importInfo(info)
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
  if (crv !== 'P-256') throw new HardwareKeyError('key_unusable', 'The key is not an EC key on the curve P-256.')
  return { publicKey, publicJwk: { kty, crv, x, y } as JWK }
}

function importInfo(info: Buffer): KeyObject {
  try {
    return createPublicKey({ key: info, format: 'der', type: 'spki' })
  } catch (cause) {
    throw new HardwareKeyError('key_unusable', 'The public key cannot be read.', { cause })
  }
}
