import {
  backslash,
  codePointAt,
  escapeLength,
  hashCodePoint,
  hashOctet,
  quote,
  seedOf,
  shortEscapes,
} from './json-string.ts'
import { MemberNames } from './member-names.ts'
import type { WantedMembers } from './wanted-members.ts'

/** How much one text may hold. A name counts as no value of its own. */
export interface JsonBounds {
  /** Members of one object. */
  readonly members: number
  /** Values of all kinds, objects and lists included. */
  readonly values: number
}

/** Deeper than any token needs, shallow enough for recursion. */
const maxDepth = 256

/**
 * Reads JSON (RFC 8259) in one pass, without building anything: grammar, bounds, depth, unique names (RFC 7515 §4), and
 * escapes that leave no lone surrogate (RFC 7493 §2.1). UTF-8 is the caller's to check. The octet behind the text must be
 * zero: it ends every loop here, as JSON allows it nowhere.
 */
export class JsonScanner {
  readonly #names: MemberNames
  readonly #bounds: JsonBounds
  #octets: Buffer = Buffer.of(0)
  #wanted: WantedMembers | undefined
  #at = 0
  #values = 0
  #objects = 0
  #hash = 0
  #hasEscape = false
  #isAscii = true

  constructor(bounds: JsonBounds) {
    this.#bounds = bounds
    this.#names = new MemberNames(bounds.values)
  }

  /** Whether all octets were ASCII. */
  get isAscii(): boolean {
    return this.#isAscii
  }

  /** Whether any string had an escape. */
  get hasEscape(): boolean {
    return this.#hasEscape
  }

  /** Whether there is one object from `start` on and nothing else up to `end`, blanks aside. */
  scan(octets: Buffer, start: number, end: number, wanted?: WantedMembers): boolean {
    this.#octets = octets
    this.#wanted = wanted
    this.#at = start
    this.#values = 0
    this.#objects = 0
    this.#isAscii = true
    this.#hasEscape = false
    this.#names.clear(end)
    if (this.#skipBlanks() !== openBrace || !this.#value(0)) return false
    this.#skipBlanks()
    return this.#at === end
  }

  #value(depth: number): boolean {
    if (++this.#values > this.#bounds.values) return false
    switch (this.#octets[this.#at]) {
      case quote:
        return this.#string()
      case openBrace:
        return depth < maxDepth && this.#object(depth + 1)
      case openBracket:
        return depth < maxDepth && this.#list(depth + 1)
      case 0x74:
        return this.#literal('true')
      case 0x66:
        return this.#literal('false')
      case 0x6e:
        return this.#literal('null')
      default:
        return this.#number()
    }
  }

  #object(depth: number): boolean {
    const object = ++this.#objects
    this.#at++
    let octet = this.#skipBlanks()
    if (octet === closeBrace) return this.#pass()
    for (let members = 1; octet === quote && members <= this.#bounds.members; members++) {
      if (!this.#member(object, depth)) return false
      octet = this.#skipBlanks()
      if (octet !== comma) return octet === closeBrace && this.#pass()
      this.#at++
      octet = this.#skipBlanks()
    }
    return false
  }

  #member(object: number, depth: number): boolean {
    const octets = this.#octets
    const start = this.#at + 1
    if (!this.#name(object)) return false
    const hash = this.#hash
    if (!this.#names.add(octets, hash, start)) return false
    const wanted = depth === 1 ? this.#wanted?.find(octets, hash, start, this.#at - 1) : undefined
    if (this.#skipBlanks() !== colon) return false
    this.#at++
    this.#skipBlanks()
    const valueStart = this.#at
    if (!this.#value(depth)) return false
    if (wanted !== undefined) this.#wanted?.note(wanted, valueStart, this.#at)
    return true
  }

  #list(depth: number): boolean {
    this.#at++
    if (this.#skipBlanks() === closeBracket) return this.#pass()
    while (this.#value(depth)) {
      const octet = this.#skipBlanks()
      if (octet !== comma) return octet === closeBracket && this.#pass()
      this.#at++
      this.#skipBlanks()
    }
    return false
  }

  /** Leaves the hash of what the name reads as. */
  #name(object: number): boolean {
    const octets = this.#octets
    let hash = seedOf(object)
    let seen = 0
    let at = this.#at + 1
    for (let octet = octets[at] as number; octet !== quote; octet = octets[at] as number) {
      if (octet === backslash) {
        this.#hasEscape = true
        const short = shortEscapes[octets[at + 1] as number] as number
        const length = short === 0 ? escapeLength(octets, at) : 2
        if (length === 0) return false
        hash = short === 0 ? hashCodePoint(hash, codePointAt(octets, at)) : hashOctet(hash, short)
        at += length
      } else {
        if (octet < 0x20) return false
        seen |= octet
        hash = hashOctet(hash, octet)
        at++
      }
    }
    if (seen >= 0x80) this.#isAscii = false
    this.#hash = hash
    this.#at = at + 1
    return true
  }

  #string(): boolean {
    const octets = this.#octets
    let at = this.#at + 1
    for (;;) {
      while (plain[octets[at] as number] === 1) at++
      const octet = octets[at] as number
      if (octet === quote) break
      if (octet >= 0x80) {
        this.#isAscii = false
        while ((octets[at] as number) >= 0x80) at++
      } else {
        if (octet !== backslash) return false
        this.#hasEscape = true
        const length = shortEscapes[octets[at + 1] as number] === 0 ? escapeLength(octets, at) : 2
        if (length === 0) return false
        at += length
      }
    }
    this.#at = at + 1
    return true
  }

  /** RFC 8259 §6. */
  #number(): boolean {
    const octets = this.#octets
    let at = this.#at
    if (octets[at] === minus) at++
    const whole = octets[at] === zero ? at + 1 : endOfDigits(octets, at)
    if (whole === at) return false
    at = whole
    if (octets[at] === point) {
      at = endOfDigits(octets, whole + 1)
      if (at === whole + 1) return false
    }
    if (octets[at] === 0x65 || octets[at] === 0x45) {
      const sign = octets[at + 1] === plus || octets[at + 1] === minus ? 1 : 0
      const digits = at + 1 + sign
      at = endOfDigits(octets, digits)
      if (at === digits) return false
    }
    this.#at = at
    return true
  }

  #literal(text: string): boolean {
    const start = this.#at
    for (let i = 0; i < text.length; i++) if (this.#octets[start + i] !== text.charCodeAt(i)) return false
    this.#at = start + text.length
    return true
  }

  #pass(): true {
    this.#at++
    return true
  }

  /** The octet behind the blanks. */
  #skipBlanks(): number {
    let octet = this.#octets[this.#at] as number
    if (octet > 0x20) return octet
    while (octet === 0x20 || octet === 0x0a || octet === 0x0d || octet === 0x09) {
      octet = this.#octets[++this.#at] as number
    }
    return octet
  }
}

function endOfDigits(octets: Buffer, start: number): number {
  let at = start
  while (isDigit[octets[at] as number] === 1) at++
  return at
}

/** 1 for each octet that stands for itself in a string: ASCII but for controls, quote and backslash. */
const plain = new Uint8Array(256).fill(1, 0x20, 0x80)
plain[quote] = 0
plain[backslash] = 0

const isDigit = new Uint8Array(256).fill(1, 0x30, 0x3a)

const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
const colon = 0x3a
const comma = 0x2c
const minus = 0x2d
const plus = 0x2b
const point = 0x2e
const zero = 0x30
