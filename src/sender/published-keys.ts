/** Proof keys whose private half is printed in an RFC: anybody can sign with them. By RFC 7638 thumbprint. */
const published: ReadonlySet<string> = new Set([
  'oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U', // RFC 7515 A.3, P-256
  'cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s', // RFC 7517 A.1 and A.2, P-256
  'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs', // RFC 7517 A.2, RFC 7638 §3.1, RSA
  '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I', // RFC 9449, P-256
  'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k', // RFC 8037 A.1, Ed25519
  'poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U', // RFC 9421 B.1.4, Ed25519
])

let allowed = false

/** Lets tests of RFC examples use the keys printed there, in this process. Returns the undo. Never for production. */
export function allowPublishedKeys(): () => void {
  allowed = true
  return () => {
    allowed = false
  }
}

export function isRefusedAsPublished(jkt: string): boolean {
  return !allowed && published.has(jkt)
}
