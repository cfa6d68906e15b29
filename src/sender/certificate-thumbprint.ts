import { sha256 } from '../jose/sha256.ts'
import type { RequestView } from '../types/request.ts'

/** Adapters hand over one buffer per connection, so its thumbprint is computed once. */
const thumbprints = new WeakMap<Uint8Array, string>()

/**
 * `x5t#S256` of the connection's client certificate (RFC 8705 §3.1), or undefined. Neither chain nor validity dates are
 * checked: the certificate is a key here, its owner is in the token (RFC 8705 §6.2).
 */
export function certificateThumbprint(view: RequestView): string | undefined {
  const der = readCertificate(view)
  if (der === undefined || der.length === 0) return undefined
  const known = thumbprints.get(der)
  if (known !== undefined) return known
  const computed = sha256(der)
  thumbprints.set(der, computed)
  return computed
}

/** A host that fails to name a certificate has none: the token then lacks its proof. */
function readCertificate(view: RequestView): Uint8Array | undefined {
  try {
    const der = view.peer?.certificate?.()
    return der instanceof Uint8Array ? der : undefined
  } catch {
    return undefined
  }
}
