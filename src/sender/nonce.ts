import { createHmac, timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'

/** Stateless server nonces (RFC 9449 §8, §9): a time slot and its HMAC, so that every instance with the secret can judge them. */
export interface Nonces {
  /** The nonce to hand out now. */
  mint(nowMs: number): string
  /** Milliseconds since the epoch until which this nonce is good; undefined: not ours, from the future, or past. */
  validUntil(nonce: string, nowMs: number): number | undefined
  /** True once a client that holds this nonce should get the next one. */
  isAging(nonce: string, nowMs: number): boolean
}

const slotOctets = 6
const macOctets = 18
const shape = /^[A-Za-z0-9_-]{32}$/

/**
 * `purpose` keeps the nonces of two resources with one secret apart. A nonce is good for `seconds` from the start of
 * its slot, a thirtieth of that long; slots are whole numbers of any size, so no year overflows them.
 */
export function createNonces(secrets: readonly Uint8Array[], seconds: number, purpose: string): Nonces {
  const slotMs = Math.max(1_000, Math.floor((seconds * 1_000) / 30))
  let current: { readonly slot: number; readonly nonce: string } | undefined
  const good = new LRUCache<string, true>({ max: 100 })

  function mint(nowMs: number): string {
    const slot = Math.floor(nowMs / slotMs)
    if (current?.slot !== slot) current = { slot, nonce: encode(slot, secrets[0] as Uint8Array) }
    return current.nonce
  }

  function encode(slot: number, secret: Uint8Array): string {
    const bytes = Buffer.alloc(slotOctets)
    bytes.writeUIntBE(slot, 0, slotOctets)
    const mac = createHmac('sha256', secret).update(`onbehalf nonce\0${slotMs}\0${purpose}\0`).update(bytes).digest()
    return Buffer.concat([bytes, mac.subarray(0, macOctets)]).toString('base64url')
  }

  function validUntil(nonce: string, nowMs: number): number | undefined {
    if (!shape.test(nonce)) return undefined
    const slot = slotOf(nonce)
    const end = slot * slotMs + seconds * 1_000
    // One slot ahead: the clocks of two instances differ a little.
    if (!(nowMs <= end && slot * slotMs <= nowMs + slotMs)) return undefined
    // Many proofs carry the same nonce: known to be good, it needs no HMAC.
    if (good.has(nonce)) return end
    if (!secrets.some((secret) => isSame(nonce, encode(slot, secret)))) return undefined
    good.set(nonce, true)
    return end
  }

  return {
    mint,
    validUntil,
    isAging: (nonce, nowMs) => nowMs - slotOf(nonce) * slotMs >= seconds * 500,
  }
}

function slotOf(nonce: string): number {
  return Buffer.from(nonce, 'base64url').readUIntBE(0, slotOctets)
}

function isSame(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b))
}
