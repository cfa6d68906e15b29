/**
 * R‖S (RFC 7518 §3.4) as the DER that OpenSSL verifies (RFC 3279 §2.2.3). Node can convert too, but that makes a DPoP
 * request one per cent slower. Every call writes to the same buffer: use the result before the next call.
 */
export function derOf(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2
  const r = integerAt(signature, 0, half)
  const s = integerAt(signature, half, signature.length)
  const length = 2 + r.length + 2 + s.length
  let at = 0
  der[at++] = 0x30
  // From 128 on a length has an octet that counts its octets (X.690 §8.1.3.5): ES512.
  if (length > 127) der[at++] = 0x81
  der[at++] = length
  writeInteger(signature, r, at)
  writeInteger(signature, s, at + 2 + r.length)
  return der.subarray(0, at + length)
}

/** Holds two integers of at most 66 octets (P-521), so the length of each fits one octet. */
const der = Buffer.allocUnsafeSlow(3 + 2 * (2 + 67))

interface Integer {
  /** The first octet that is not zero, or the last octet if all are zero. */
  readonly start: number
  readonly end: number
  /** Octets in DER: one more if the first bit is set, because DER would read it as a minus sign. */
  readonly length: number
}

function integerAt(bytes: Uint8Array, from: number, end: number): Integer {
  let start = from
  while (start < end - 1 && bytes[start] === 0) start++
  return { start, end, length: end - start + ((bytes[start] as number) >> 7) }
}

function writeInteger(bytes: Uint8Array, { start, end, length }: Integer, at: number): void {
  der[at] = 0x02
  der[at + 1] = length
  let to = at + 2
  if (length > end - start) der[to++] = 0
  for (let from = start; from < end; from++) der[to++] = bytes[from] as number
}
