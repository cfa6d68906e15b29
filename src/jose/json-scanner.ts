import { backslash, escapeLength, hashOf, quote } from './json-string.ts'
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
  /** Of the last string, and of the whole text. */
  #isEscaped = false
  #hasEscape = false
  #seen = 0

  constructor(bounds: JsonBounds) {
    this.#bounds = bounds
    this.#names = new MemberNames(bounds.values)
  }

  /** Whether any octet in a string was beyond ASCII. */
  get isAscii(): boolean {
    return this.#seen < 0x80
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
    this.#seen = 0
    this.#hasEscape = false
    this.#names.clear()
    this.#skipBlanks()
    if (this.#octets[this.#at] !== openBrace || !this.#value(0)) return false
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
    let members = 0
    this.#at++
    this.#skipBlanks()
    if (this.#takes(closeBrace)) return true
    do {
      this.#skipBlanks()
      if (++members > this.#bounds.members || !this.#member(object, depth)) return false
    } while (this.#takes(comma))
    return this.#takes(closeBrace)
  }

  #member(object: number, depth: number): boolean {
    const start = this.#at + 1
    if (this.#octets[this.#at] !== quote || !this.#string()) return false
    const end = this.#at - 1
    const hash = hashOf(this.#octets, start, end, this.#isEscaped)
    const wanted = depth === 1 ? (this.#wanted?.find(this.#octets, hash, start, end) ?? -1) : -1
    if (!this.#names.add(this.#octets, object, hash, start, end)) return false
    this.#skipBlanks()
    if (!this.#takes(colon)) return false
    this.#skipBlanks()
    const valueStart = this.#at
    if (!this.#value(depth)) return false
    if (wanted >= 0) this.#wanted?.note(wanted, valueStart, this.#at)
    this.#skipBlanks()
    return true
  }

  #list(depth: number): boolean {
    this.#at++
    this.#skipBlanks()
    if (this.#takes(closeBracket)) return true
    do {
      this.#skipBlanks()
      if (!this.#value(depth)) return false
      this.#skipBlanks()
    } while (this.#takes(comma))
    return this.#takes(closeBracket)
  }

  #string(): boolean {
    const octets = this.#octets
    let seen = 0
    let at = this.#at + 1
    let isEscaped = false
    for (let octet = octets[at] as number; octet !== quote; octet = octets[at] as number) {
      if (octet < 0x20) return false
      seen |= octet
      if (octet === backslash) {
        const length = escapeLength(octets, at)
        if (length === 0) return false
        isEscaped = true
        at += length
      } else at++
    }
    this.#at = at + 1
    this.#isEscaped = isEscaped
    if (isEscaped) this.#hasEscape = true
    this.#seen |= seen
    return true
  }

  /** RFC 8259 §6. */
  #number(): boolean {
    this.#takes(minus)
    if (!this.#takes(zero) && !this.#digits()) return false
    if (this.#takes(point) && !this.#digits()) return false
    const e = this.#octets[this.#at]
    if (e !== 0x65 && e !== 0x45) return true
    this.#at++
    if (!this.#takes(plus)) this.#takes(minus)
    return this.#digits()
  }

  #digits(): boolean {
    const start = this.#at
    while (isDigit(this.#octets[this.#at] as number)) this.#at++
    return this.#at > start
  }

  #literal(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (!this.#takes(text.charCodeAt(i))) return false
    return true
  }

  #takes(octet: number): boolean {
    if (this.#octets[this.#at] !== octet) return false
    this.#at++
    return true
  }

  #skipBlanks(): void {
    let octet = this.#octets[this.#at]
    while (octet === 0x20 || octet === 0x0a || octet === 0x0d || octet === 0x09) octet = this.#octets[++this.#at]
  }
}

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

function isDigit(octet: number): boolean {
  return octet >= 0x30 && octet <= 0x39
}
