import type { KeySettings } from './hardware-key.ts'
import { HardwareKeyError, tokenError } from './hardware-key-error.ts'
import { ck, type Handle, type Pkcs11js, type Pkcs11Module } from './pkcs11js.ts'

/** A session in which the user is logged in. */
export interface Session {
  readonly module: Pkcs11Module
  readonly handle: Handle
}

export function openSession(pkcs11js: Pkcs11js, settings: KeySettings): Session {
  const module = loadModule(pkcs11js, settings.module)
  const slot = slotOf(module, settings.tokenLabel)
  const handle = module.C_OpenSession(slot, ck.CKF_SERIAL_SESSION | ck.CKF_RW_SESSION)
  try {
    unlessValue('CKR_USER_ALREADY_LOGGED_IN', () => module.C_Login(handle, ck.CKU_USER, settings.pin))
    return { module, handle }
  } catch (error) {
    module.C_CloseSession(handle)
    throw tokenError(String(error), error)
  }
}

/** A process initialises a module once (PKCS #11 v2.40 §5.4), and it is never unloaded: it ends with the process. */
const modules = new Map<string, Pkcs11Module>()

function loadModule({ PKCS11 }: Pkcs11js, path: string): Pkcs11Module {
  const known = modules.get(path)
  if (known !== undefined) return known
  const module = new PKCS11()
  try {
    module.load(path)
  } catch (cause) {
    throw new HardwareKeyError('module_missing', `This is no PKCS #11 module: ${path}.`, { cause })
  }
  // Signatures are made on other threads.
  unlessValue('CKR_CRYPTOKI_ALREADY_INITIALIZED', () => module.C_Initialize({ flags: ck.CKF_OS_LOCKING_OK }))
  modules.set(path, module)
  return module
}

function slotOf(module: Pkcs11Module, label: string): Handle {
  const [slot, ...others] = module.C_GetSlotList(true).filter((candidate) => labelOf(module, candidate) === label)
  if (slot === undefined) throw new HardwareKeyError('token_missing', `There is no token with the label ${label}.`)
  if (others.length > 0) throw new HardwareKeyError('token_ambiguous', `Several tokens have the label ${label}.`)
  return slot
}

/** Padded with blanks (PKCS #11 v2.40 §3.2). A token that the module does not know has none. */
function labelOf(module: Pkcs11Module, slot: Handle): string | undefined {
  try {
    return module.C_GetTokenInfo(slot).label.replace(/[ \0]+$/, '')
  } catch {
    return undefined
  }
}

function unlessValue(allowed: string, ask: () => void): void {
  try {
    ask()
  } catch (error) {
    if (!String(error).includes(allowed)) throw tokenError(String(error), error)
  }
}
