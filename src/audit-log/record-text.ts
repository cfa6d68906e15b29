/**
 * Records as JSON on one line. Parties, chains and scopes are frozen and shared by all requests of a token, so their text is
 * made once; this takes half of the time of `JSON.stringify`.
 */

/** Anything but printable ASCII without quotation mark and backslash. */
const unplain = /[^\x20\x21\x23-\x5b\x5d-\x7e]/

/**
 * What `JSON.stringify` leaves as it is and what a terminal or an editor would act on: DEL and C1, line and paragraph
 * separators, and characters that change the direction of text.
 */
const acting = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** A JSON string. Lone surrogates are escaped, so that the line is UTF-8. */
function quoted(text: string): string {
  return unplain.test(text) ? JSON.stringify(text).replace(acting, escaped) : `"${text}"`
}

/** For people: without anything that a terminal acts on. */
export function textForTerminals(text: string): string {
  return quoted(text).slice(1, -1)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

const known = new WeakMap<object, string>()

/** The text of a value. Frozen objects are taken to be deep-frozen. */
export function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoted(value)
    case 'number':
      return Number.isFinite(value) ? `${value}` : 'null'
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      return value === null ? 'null' : textOfObject(value)
    default:
      return 'null'
  }
}

function textOfObject(value: object): string {
  if (Array.isArray(value) && value.length === 0) return '[]'
  if (!Object.isFrozen(value)) return compose(value)
  let text = known.get(value)
  if (text === undefined) {
    text = flattened(compose(value))
    known.set(value, text)
  }
  return text
}

function compose(value: object): string {
  if (!Array.isArray(value)) return `{${membersText(value)}}`
  let text = textOf(value[0])
  for (let at = 1; at < value.length; at++) text += `,${textOf(value[at])}`
  return `[${text}]`
}

/** The members of a record without its braces. */
export function textOfRecord(record: object): string {
  return flattened(membersText(record))
}

/**
 * V8 keeps a text that was put together as a tree of its parts, until somebody reads a character of it. While records wait
 * for the disk, the collector would copy all those parts: that took two thirds of the time of an event.
 */
function flattened(text: string): string {
  return text.charCodeAt(0) === 0 ? '' : text
}

/** The own members of an object without its braces; what is undefined is left out, as in `JSON.stringify`. */
export function membersText(object: object): string {
  let text = ''
  const isInherited = everyObjectInherits()
  for (const name in object) {
    const value = (object as Readonly<Record<string, unknown>>)[name]
    if (value === undefined || (isInherited && !Object.hasOwn(object, name))) continue
    text += text === '' ? openingOf(name).slice(1) : openingOf(name)
    text += textOf(value)
  }
  return text
}

/** Whether something was added to all objects. Asking for each member would take as long as all the rest. */
function everyObjectInherits(): boolean {
  for (const _ in Object.prototype) return true
  return false
}

/** Names of members repeat with each record. Those beyond the bounds are made each time. */
const openings = new Map<string, string>()
const maxOpenings = 1_000
const maxOpeningLength = 64

function openingOf(name: string): string {
  let opening = openings.get(name)
  if (opening === undefined) {
    opening = `,${quoted(name)}:`
    if (openings.size < maxOpenings && name.length <= maxOpeningLength) openings.set(name, opening)
  }
  return opening
}
