/**
 * The public keys that RFC 7515 to 7520, 8037, 9421, 9449 and 9500 print and that fit a signature algorithm of this
 * package. The private half of nearly all of them is printed beside, so anyone can sign with them. By RFC 7638 thumbprint.
 */
const published: ReadonlySet<string> = new Set([
  'IsUn6_e04MaShXFIISMp4kG62LWzMIPy_MvSA5pJgX8', // RFC 7515 A.2, RFC 7519 A.2, RSA 2048
  'oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U', // RFC 7515 A.3, P-256
  'u5YUSjQ2-2chBi51NSk3t3g7IM4o2KYcnPqPtCNGd3U', // RFC 7515 A.4, P-521
  'xtIsOV1FqKH77AI_A3jdTg5QfdabzqI-LNpYTPi0IgI', // RFC 7516 A.1, RSA 2048
  '_K0fXS8wlsT7Tn3vvZrs9qdKUIqi5AxQ5EVk41xi_BM', // RFC 7516 A.2, RFC 7519 A.1, RSA 2048
  'cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s', // RFC 7517 A.1 and A.2, P-256
  'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs', // RFC 7517 A.1 and A.2, RFC 7638 §3.1, RSA 2048
  'DdsFv-2-wgcPoDcyS6OXOWVh00JdbWkkVXDCYdxJ3uM', // RFC 7517 B, RSA 2048
  'D8R4-FeTJfzuDUy8bZ0c4hcwpul-Q11gCPs3mw6-R9Q', // RFC 7517 C.1, RSA 2048
  '_GK0r6GCoJt9zcssg9lay4obIxgCq05ntiRymRHADSU', // RFC 7518 C, Alice, P-256
  'Vy57XrArUrW0NbpI12tEzDHABxMwrTh6HHXRenSpnCo', // RFC 7518 C, Bob, P-256
  'dHri3SADZkrush5HU_50AoRhcKFryN-PI6jPBtPL55M', // RFC 7520 §3.1 and §3.2, P-521
  '9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI', // RFC 7520 §3.3 and §3.4, RSA 2048
  'h_jutvC-jg3Nwueq8LmdSybXykVsBwk4_5u5Y9JiS7E', // RFC 7520 §5.1 and §5.13, RSA 2048
  'Rt-IyDEhXohvTl_ozKQ9YGflXGuDb3uu3QmqN2LoMwM', // RFC 7520 §5.2 and §6, RSA 4096
  'YlKlB7M2wnS0cPn_V7OW-FuDLuWdJ9z4OvPHmhGDfeE', // RFC 7520 §5.4 and §5.13, P-384
  'rTtHPa7sf4UUCCKAww7j-XnhD2AKwOGNIsGDDipf_EM', // RFC 7520 §5.4, ephemeral, P-384
  'HsSFalww3yP-dO-lWGYgFcyV5H22oScIFc4V2Y6GOto', // RFC 7520 §5.5, P-256
  'mTVa39KNK8LI9ZgAkyqQOQayaqVO7DXurapqkzEbfMg', // RFC 7520 §5.5, ephemeral, P-256
  'mn9TtdH1OfJlO91eUXaEGe9tTrDzowXs_n2wKGrqLN4', // RFC 7520 §5.13, ephemeral, P-384
  '8izOqBCj1XBwWw0-iTcMv27pUKWwFvNmw-kutyfzf-g', // RFC 7520 §6, RSA 2048
  'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k', // RFC 8037 A.1 and A.2, Ed25519
  'BHj8s0GPnMEQtkaULIM-PLgEhLBbuGUQ1vMxmBWZzEo', // RFC 9421 B.1.1, RSA 2048
  'oD0HwocPBSfpNy5W3bpJeyFGY_IQ_YpqxSjQ3Yd-CLA', // RFC 9421 B.1.2, RSA 2048
  'ydQXMtvbsOsZyFir-Y7A8t7fKEM1gbKPvyFkdpu4fvI', // RFC 9421 B.1.3, P-256
  'poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U', // RFC 9421 B.1.4, Ed25519
  '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I', // RFC 9449 §4.1, P-256
  'Fa5JHFzFB8yHv0Dk3rGTgtCQPXPr3q8midyfylf8CUU', // RFC 9500 §2.1, testRSA2048
  'u88se-xodYvJqpVtfxKIhE6bv2S6Z9hy1ikqIcPciAE', // RFC 9500 §2.1, testRSA4096
  'LIstkoCvByn4jk8oZPvigQkzTzO9UwnGnE-VMlkZvYQ', // RFC 9500 §2.3, testECCP256
  'TLOWIUBG7ALE2U13WMeEAErmpD48gp8MllKbX_zBARE', // RFC 9500 §2.3, testECCP384
  'uG5zwmkbOsp4CWXAXpcCwS_BBebz0EP871Y1aRTdY9E', // RFC 9500 §2.3, testECCP521
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
