import { randomInt } from 'node:crypto'
import { randomText } from './text.ts'

/** JSON texts that are as dear to read as their octets allow, each the inside of an object and of about the length asked for. */

type Filler = (octets: number) => string

/** What one object, and one text, may hold. */
const mostMembers = 250
const mostValues = 1_000

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_'

export const fillers: Readonly<Record<string, Filler>> = {
  'one long string': (octets) => `"x":"${randomText(octets - 6)}"`,
  'backslash pairs': (octets) => `"x":"${'\\\\'.repeat(octets / 2 - 4)}"`,
  'short escapes': (octets) => `"x":"${'\\n'.repeat(octets / 2 - 4)}"`,
  'escaped letters': (octets) => `"x":"${'\\u0061'.repeat(octets / 6 - 2)}"`,
  'escaped surrogates': (octets) => `"x":"${'\\ud83d\\ude00'.repeat(octets / 12 - 1)}"`,
  'letters beyond ASCII': (octets) => `"x":"${'é'.repeat(octets / 2 - 4)}"`,
  'characters of four octets': (octets) => `"x":"${'😀'.repeat(octets / 4 - 2)}"`,
  blanks: (octets) => `"x":${' '.repeat(octets - 5)}1`,
  'blanks everywhere': (octets) => listOf(octets, () => ' \n\t\r1 '),
  'one long number': (octets) => `"x":${'1'.repeat(octets - 4)}`,
  'long numbers': (octets) => listOf(octets, () => `-1.${'5'.repeat(15)}e-${'0'.repeat(10)}1`),
  'short numbers': (octets) => listOf(octets, () => '1'),
  literals: (octets) => listOf(octets, () => 'false'),
  'empty lists': (octets) => listOf(octets, () => '[]'),
  'empty objects': (octets) => listOf(octets, () => '{}'),
  'short strings': (octets) => listOf(octets, () => '"a"'),
  'lists in lists': (octets) => listOf(octets, () => `${'['.repeat(200)}${']'.repeat(200)}`, 5),
  'objects in objects': (octets) => listOf(octets, () => `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`, 5),
  'objects of one member': (octets) => listOf(octets, () => '{"a":1}', 500),
  'members of one object': (octets) => membersOf(octets, () => nameAt(randomInt(4_096))),
  'members of four objects': (octets) => objectsOf(octets, (at) => nameAt(at)),
  'members with invented names': (octets) => objectsOf(octets, () => randomText(3)),
  'members with long names': (octets) => objectsOf(octets, () => randomText(20)),
  'members with escaped names': (octets) => objectsOf(octets, (at) => `\\n${nameAt(at)}`),
  'members with names all escaped': (octets) => objectsOf(octets, (at) => `\\u0${(at + 256).toString(16)}`),
  'members with names beyond ASCII': (octets) => objectsOf(octets, (at) => String.fromCharCode(0x100 + at)),
  'members called __proto__': (octets) => listOf(octets, () => '{"__proto__":1}', 500),
}

/** One of everything, cut and put together at random. */
export function mixtureOf(octets: number): string {
  const kinds = Object.values(fillers)
  const members: string[] = []
  for (let left = octets; left > 100; ) {
    const size = Math.min(left, randomInt(60, 2_000))
    const kind = kinds[randomInt(kinds.length)] as Filler
    members.push(`"m${members.length}":{${kind(Math.max(60, size - 20))}}`)
    left -= size
  }
  return members.join(',')
}

function nameAt(index: number): string {
  return `${letters[index % 64]}${letters[(index >> 6) % 64]}`
}

function listOf(octets: number, item: (at: number) => string, most = mostValues): string {
  return `"x":[${repeated(octets - 8, most, item)}]`
}

/** Names that were there before are left out. */
function membersOf(octets: number, name: (at: number) => string): string {
  const seen = new Set<string>()
  const next = (at: number): string => {
    let unique = name(at)
    while (seen.has(unique)) unique = `${unique}_`
    seen.add(unique)
    return `"${unique}":1`
  }
  return repeated(octets, mostMembers, next)
}

function objectsOf(octets: number, name: (at: number) => string): string {
  const objects: string[] = []
  for (let left = octets - 8; left > 40 && objects.length < 4; ) {
    const object = `{${membersOf(left - 4, name)}}`
    objects.push(object)
    left -= Buffer.byteLength(object)
  }
  return `"x":[${objects.join(',')}]`
}

function repeated(octets: number, most: number, item: (at: number) => string): string {
  const items: string[] = []
  for (let left = octets, at = 0; at < most; at++) {
    const text = item(at)
    left -= Buffer.byteLength(text) + 1
    if (left < 0) break
    items.push(text)
  }
  return items.join(',')
}
