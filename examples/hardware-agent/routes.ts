import { access } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import type { KeySettings, Route, RouteName } from './hardware-key.ts'
import { HardwareKeyError } from './hardware-key-error.ts'
import { openWithPkcs11Tool } from './pkcs11-tool-route.ts'
import { loadPkcs11js } from './pkcs11js.ts'
import { openWithPkcs11js } from './pkcs11js-route.ts'

/**
 * The way to the token: the package pkcs11js where it can be loaded, else the program pkcs11-tool. After a refusal of the
 * token the other way is not tried: a wrong PIN counts each time.
 */
export async function chooseRoute(settings: KeySettings, wanted?: RouteName): Promise<Route> {
  const { module, keyId, pin } = settings
  if (!isAbsolute(module)) throw new TypeError('The path of the PKCS #11 module must be absolute')
  if (!/^(?:[0-9a-f]{2}){1,64}$/.test(keyId)) throw new TypeError('The id of the key must be octets in hexadecimal')
  if (pin === '') throw new TypeError('The PIN must not be empty')
  await access(module).catch((cause: unknown) => {
    throw new HardwareKeyError('module_missing', `There is no PKCS #11 module at ${module}.`, { cause })
  })
  if (wanted === 'pkcs11-tool') return openWithPkcs11Tool(settings)
  const pkcs11js = await loadPkcs11js()
  if ('PKCS11' in pkcs11js) return openWithPkcs11js(pkcs11js, settings)
  if (wanted === undefined) return openWithPkcs11Tool(settings)
  throw new HardwareKeyError('route_missing', 'The package pkcs11js cannot be loaded.', pkcs11js)
}
