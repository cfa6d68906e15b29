import { createHash, verify } from 'node:crypto'
import type { KeySettings, OpenKey, Route, RouteName } from './hardware-key.ts'
import { HardwareKeyError } from './hardware-key-error.ts'
import { readPublicKey } from './public-key.ts'
import { chooseRoute } from './routes.ts'

/** Opens the key, and makes it inside the token where it does not exist. Throws a HardwareKeyError. */
export async function openHardwareKey(settings: KeySettings, wanted?: RouteName): Promise<OpenKey> {
  const route = await chooseRoute(settings, wanted)
  try {
    return await openThrough(route)
  } catch (error) {
    route.close()
    throw error
  }
}

async function openThrough(route: Route): Promise<OpenKey> {
  const found = await route.find()
  const isNew = found.privateKeys === 0 && found.publicKeys === 0
  if (isNew) await route.make()
  const { privateKeys, publicKeys, isConfined } = isNew ? await route.find() : found
  if (privateKeys === 0 || publicKeys === 0) {
    throw new HardwareKeyError('key_incomplete', 'The token has one half of the key pair only under this id.')
  }
  if (privateKeys > 1 || publicKeys > 1) {
    throw new HardwareKeyError('key_ambiguous', 'The token has several keys under this id.')
  }
  if (!isConfined) {
    throw new HardwareKeyError('key_exportable', 'The private key can leave the token, or was made elsewhere.')
  }
  const { publicKey, publicJwk } = readPublicKey(await route.readPublicKey())

  async function sign(data: Uint8Array): Promise<Uint8Array> {
    const signature = await route.signHash(createHash('sha256').update(data).digest())
    // RFC 7518 §3.4: two numbers of 32 octets each.
    if (signature.length !== 64) throw new HardwareKeyError('key_unusable', 'The signature is not of the form R and S.')
    return signature
  }

  // No text of a JWS, so that this signature is good for nothing else.
  const probe = Buffer.from('do both halves belong together?')
  if (!verify('sha256', probe, { key: publicKey, dsaEncoding: 'ieee-p1363' }, await sign(probe))) {
    throw new HardwareKeyError('key_incomplete', 'The private key does not belong to the public key of this id.')
  }
  return { publicJwk, algorithm: 'ES256', sign, route: route.name, isNew, close: () => route.close() }
}
