/** What is used of the package pkcs11js 2, which wraps PKCS #11 v2.40. It is optional, so its own types may be missing. */

export interface Pkcs11js {
  readonly PKCS11: new () => Pkcs11Module
}

/** A module in this process. Everything but `C_SignAsync` blocks until the token answers. */
export interface Pkcs11Module {
  load(path: string): void
  C_Initialize(options: { flags: number }): void
  C_GetSlotList(withToken: boolean): Handle[]
  C_GetTokenInfo(slot: Handle): { readonly label: string }
  C_OpenSession(slot: Handle, flags: number): Handle
  C_CloseSession(session: Handle): void
  C_Login(session: Handle, user: number, pin: string): void
  C_FindObjectsInit(session: Handle, template: Attribute[]): void
  C_FindObjects(session: Handle, most: number): Handle[]
  C_FindObjectsFinal(session: Handle): void
  C_GetAttributeValue(session: Handle, object: Handle, template: Attribute[]): { readonly value: Buffer }[]
  C_GenerateKeyPair(session: Handle, mechanism: Mechanism, publicKey: Attribute[], privateKey: Attribute[]): unknown
  C_SignInit(session: Handle, mechanism: Mechanism, key: Handle): void
  /** The part of `output` that is used. */
  C_SignAsync(session: Handle, data: Buffer, output: Buffer): Promise<Buffer>
}

export type Handle = Buffer

export interface Attribute {
  readonly type: number
  readonly value?: number | boolean | string | Buffer
}

export interface Mechanism {
  readonly mechanism: number
}

/** The names of PKCS #11 v2.40 that are used here. */
export const ck = {
  CKF_OS_LOCKING_OK: 0x2,
  CKF_RW_SESSION: 0x2,
  CKF_SERIAL_SESSION: 0x4,
  CKU_USER: 1,
  CKO_PUBLIC_KEY: 2,
  CKO_PRIVATE_KEY: 3,
  CKA_CLASS: 0x0,
  CKA_TOKEN: 0x1,
  CKA_PRIVATE: 0x2,
  CKA_LABEL: 0x3,
  CKA_ID: 0x102,
  CKA_SENSITIVE: 0x103,
  CKA_DECRYPT: 0x105,
  CKA_UNWRAP: 0x107,
  CKA_SIGN: 0x108,
  CKA_VERIFY: 0x10a,
  CKA_DERIVE: 0x10c,
  CKA_EXTRACTABLE: 0x162,
  CKA_NEVER_EXTRACTABLE: 0x164,
  CKA_ALWAYS_SENSITIVE: 0x165,
  CKA_EC_PARAMS: 0x180,
  CKA_EC_POINT: 0x181,
  CKM_EC_KEY_PAIR_GEN: 0x1040,
  CKM_ECDSA: 0x1041,
} as const

/** The package, or why it cannot be loaded: it is not installed, or not built for this Node. */
export async function loadPkcs11js(): Promise<Pkcs11js | { readonly cause: unknown }> {
  // Not a literal: the type checker must not look for the package.
  const name: string = 'pkcs11js'
  try {
    return ((await import(name)) as { readonly default: Pkcs11js }).default
  } catch (cause) {
    return { cause }
  }
}
