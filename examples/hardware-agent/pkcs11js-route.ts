import type { KeySettings, Route } from './hardware-key.ts'
import { tokenError } from './hardware-key-error.ts'
import { type Attribute, ck, type Handle, type Pkcs11js } from './pkcs11js.ts'
import { openSession, type Session } from './pkcs11js-session.ts'
import { curveP256, infoOfPoint } from './public-key.ts'

/** The key in a session of this process. */
export function openWithPkcs11js(pkcs11js: Pkcs11js, settings: KeySettings): Route {
  const session = openSession(pkcs11js, settings)
  const id = Buffer.from(settings.keyId, 'hex')
  const privateKeys = () => findKeys(session, ck.CKO_PRIVATE_KEY, id)
  const publicKeys = () => findKeys(session, ck.CKO_PUBLIC_KEY, id)
  let last: Promise<unknown> = Promise.resolve()

  return {
    name: 'pkcs11js',
    find: () =>
      asking(() => ({
        privateKeys: privateKeys().length,
        publicKeys: publicKeys().length,
        isConfined: privateKeys().every((key) => isConfined(session, key)),
      })),
    make: () => asking(() => makeKeys(session, id)),
    readPublicKey: () =>
      asking(() => infoOfPoint(attributesOf(session, publicKeys()[0], [ck.CKA_EC_POINT])[0] ?? Buffer.alloc(0))),
    signHash(hash) {
      // A session makes one signature at a time (PKCS #11 v2.40 §5.11).
      const signature = last.then(() => asking(() => signHash(session, privateKeys()[0], hash)))
      last = signature.catch(() => {})
      return signature
    },
    // With its last session the process is logged out.
    close: () => session.module.C_CloseSession(session.handle),
  }
}

async function asking<T>(ask: () => T | Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw tokenError(String(error), error)
  }
}

/** More than one is a fault, so two are enough. */
function findKeys({ module, handle }: Session, keyClass: number, id: Buffer): readonly Handle[] {
  module.C_FindObjectsInit(handle, [
    { type: ck.CKA_CLASS, value: keyClass },
    { type: ck.CKA_ID, value: id },
  ])
  try {
    return module.C_FindObjects(handle, 2)
  } finally {
    module.C_FindObjectsFinal(handle)
  }
}

function attributesOf({ module, handle }: Session, key: Handle | undefined, types: readonly number[]): Buffer[] {
  if (key === undefined) throw new Error('the key is gone')
  const template = types.map((type): Attribute => ({ type }))
  return module.C_GetAttributeValue(handle, key, template).map(({ value }) => value)
}

/** PKCS #11 v2.40 §4.9. */
function isConfined(session: Session, key: Handle): boolean {
  const wanted = [ck.CKA_SENSITIVE, ck.CKA_ALWAYS_SENSITIVE, ck.CKA_NEVER_EXTRACTABLE]
  const [extractable, ...others] = attributesOf(session, key, [ck.CKA_EXTRACTABLE, ...wanted])
  return extractable?.[0] === 0 && others.every((value) => value[0] === 1)
}

function makeKeys({ module, handle }: Session, id: Buffer): void {
  const both: readonly Attribute[] = [
    { type: ck.CKA_TOKEN, value: true },
    { type: ck.CKA_ID, value: id },
    { type: ck.CKA_LABEL, value: 'agent' },
  ]
  const publicKey = [...both, { type: ck.CKA_EC_PARAMS, value: curveP256 }, { type: ck.CKA_VERIFY, value: true }]
  const privateKey = [
    ...both,
    ...[ck.CKA_PRIVATE, ck.CKA_SENSITIVE, ck.CKA_SIGN].map((type) => ({ type, value: true })),
    ...[ck.CKA_EXTRACTABLE, ck.CKA_DECRYPT, ck.CKA_UNWRAP, ck.CKA_DERIVE].map((type) => ({ type, value: false })),
  ]
  module.C_GenerateKeyPair(handle, { mechanism: ck.CKM_EC_KEY_PAIR_GEN }, publicKey, privateKey)
}

/** CKM_ECDSA signs a hash and gives R and S one after the other (PKCS #11 v2.40 mechanisms §2.3.1). */
async function signHash({ module, handle }: Session, key: Handle | undefined, hash: Buffer): Promise<Uint8Array> {
  if (key === undefined) throw new Error('the key is gone')
  module.C_SignInit(handle, { mechanism: ck.CKM_ECDSA }, key)
  return new Uint8Array(await module.C_SignAsync(handle, hash, Buffer.alloc(144)))
}
