import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTarget, normalizeUrl, readTarget } from '../../src/sender/proof-url.ts'
import { runs } from './rig.ts'

/** An address as a tuple: two URLs mean the same if and only if their tuples are equal. */
interface Address {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
  /** Decoded characters; what must stay encoded stands as `%HH`. */
  readonly path: readonly string[]
}

const unreserved = [...'abzAZ09-_~', 'a.', '..a', 'x.y']
const reserved = [
  '%2F',
  '%2E%2E%2F'.slice(6),
  '%3F',
  '%23',
  '%00',
  '%C3%A9',
  '%25',
  '%252e',
  ':',
  '@',
  '!',
  ';',
  '=',
  '%5C',
]
const segment = fc
  .array(fc.constantFrom(...unreserved, ...reserved), { maxLength: 3 })
  .map((parts) => parts.join(''))
  .filter((text) => text !== '.' && text !== '..')
const address: fc.Arbitrary<Address> = fc.record({
  scheme: fc.constantFrom('http' as const, 'https' as const),
  host: fc.constantFrom(
    'api.example.test',
    'api.example.test.',
    'example.test',
    'api-example.test',
    '127.0.0.1',
    '[::1]',
    '[::2]',
  ),
  port: fc.constantFrom(80, 443, 8443, 8080),
  path: fc.array(segment, { maxLength: 3 }),
})

/** Ways of writing one address that RFC 3986 §6.2.2 and §6.2.3 call equivalent. */
function spell({ scheme, host, port, path }: Address, choices: readonly number[]): string {
  let at = 0
  const choose = (count: number) => (choices[at++ % choices.length] ?? 0) % count
  const isDefault = port === (scheme === 'https' ? 443 : 80)
  const ports = isDefault ? ['', ':', `:${port}`] : [`:${port}`]
  const cased = (text: string) => (choose(2) === 0 ? text : text.toUpperCase())
  let written = ''
  for (const item of path) {
    const detour = ['', '/.', '/x/..', '/%2e', '/y/%2E%2e', '/.'][choose(6)] ?? ''
    written += `${detour}/${[...item.matchAll(/%..|./g)].map(([character]) => encodeOneWay(character, choose)).join('')}`
  }
  if (written === '' && choose(2) === 0) written = '/'
  const tail = ['', '?q=/../x', '#f', '?a#b'][choose(4)]
  return `${cased(scheme)}://${cased(host)}${ports[choose(ports.length)]}${written}${tail}`
}

function encodeOneWay(character: string, choose: (count: number) => number): string {
  if (character.startsWith('%')) return choose(2) === 0 ? character : character.toLowerCase()
  if (!/[A-Za-z0-9._~-]/.test(character)) return character
  const hex = character.charCodeAt(0).toString(16).padStart(2, '0')
  return [character, character, `%${hex}`, `%${hex.toUpperCase()}`][choose(4)] ?? character
}

function keyOf({ scheme, host, port, path }: Address): string {
  return JSON.stringify([scheme, host, port, path.length === 0 ? [''] : path])
}

const choices = fc.array(fc.nat(60), { minLength: 6, maxLength: 24 })
const similar = address.chain((one) =>
  fc.record({ scheme: address, host: address, port: address, path: address }, { requiredKeys: [] }).map(
    (other) =>
      [
        one,
        {
          scheme: other.scheme?.scheme ?? one.scheme,
          host: other.host?.host ?? one.host,
          port: other.port?.port ?? one.port,
          path: other.path?.path ?? one.path,
        },
      ] as const,
  ),
)

/** Pairs of similar addresses; a pair is equal where the change had nothing to act on. */
const twists: readonly ((one: Address) => Address)[] = [
  (one) => ({ ...one, path: one.path.length === 0 ? [] : [one.path.join('%2F')] }),
  (one) => ({ ...one, path: [...one.path, ''] }),
  (one) => ({ ...one, path: one.path.map((item) => item.replace(/^[a-z]/, (letter) => letter.toUpperCase())) }),
  (one) => ({ ...one, path: one.path.map((item) => item.replaceAll('%3F', '%253F')) }),
  (one) => ({ ...one, scheme: one.scheme === 'http' ? 'https' : 'http' }),
  (one) => ({ ...one, host: one.host.startsWith('[') ? one.host : `${one.host}.` }),
  (one) => one,
]
const near = fc.oneof(
  similar,
  fc.tuple(address, fc.constantFrom(...twists)).map(([one, twist]) => [one, twist(one)] as const),
)

describe('normalisation', () => {
  test('RFC 3986 §6.2.2: two URLs become one if and only if they mean the same', () => {
    const seen = { same: 0, different: 0 }
    fc.assert(
      fc.property(near, choices, choices, ([one, other], first, second) => {
        const a = normalizeUrl(spell(one, first))
        const b = normalizeUrl(spell(other, second))
        expect(a).toBeDefined()
        const isSame = keyOf(one) === keyOf(other)
        seen[isSame ? 'same' : 'different'] += 1
        expect(a === b, `${spell(one, first)} and ${spell(other, second)}`).toBe(isSame)
      }),
      runs(1_200),
    )
    expect(seen.same).toBeGreaterThan(100)
    expect(seen.different).toBeGreaterThan(300)
  })

  const anyUrl = fc.oneof(
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
    fc.string({ unit: fc.constantFrom(...'htps:/@?#[]%.aZ09\\~!', 'https://', '%2f', '%2e', '..'), maxLength: 30 }),
    fc
      .string({ unit: fc.constantFrom(...'/%.aZ2eEfF:@', '..', '%2e'), maxLength: 20 })
      .map((rest) => `https://h${rest}`),
    fc.string({ unit: 'binary', maxLength: 20 }).map((rest) => `https://h/${rest}`),
  )

  test('RFC 3986 §6.2.2: what is normal stays as it is', () => {
    fc.assert(
      fc.property(anyUrl, (text) => {
        const once = normalizeUrl(text)
        if (once !== undefined) expect(normalizeUrl(once)).toBe(once)
      }),
      runs(1_200),
    )
  })

  test('RFC 6454 §4: the origin is the one another parser of URLs reads', () => {
    fc.assert(
      fc.property(anyUrl, (text) => {
        const normal = normalizeUrl(text)
        if (normal === undefined) return
        // The platform reads odd hosts as IPv4 addresses (0x7f.1): those are names here, and stay distinct.
        if (!URL.canParse(text)) return
        const host = new URL(text).hostname
        if (/^[\d.]+$/.test(host) || host.startsWith('[')) return
        expect(new URL(normal).origin).toBe(new URL(text).origin)
      }),
      runs(1_200),
    )
  })
})

describe('request and proof', () => {
  const publicUrls = ['https://api.example.test', 'https://www.example.test/base']

  test('RFC 9449 §4.3(9): only a URL that means the request passes for it', () => {
    fc.assert(
      fc.property(near, choices, fc.nat(1), ([one, other], spelling, which) => {
        const target = `/${one.path.join('/')}`
        const read = readTarget(`${target}?q=1`, publicUrls)
        if (read === undefined) return
        const prefix = which === 1 ? ['base'] : []
        const host = which === 1 ? 'www.example.test' : 'api.example.test'
        const meant: Address = { scheme: 'https', host, port: 443, path: [...prefix, ...target.slice(1).split('/')] }
        const shown: Address = { ...meant, scheme: other.scheme, port: other.port, path: [...prefix, ...other.path] }
        expect(isTarget(spell(meant, spelling), read)).toBe(true)
        expect(isTarget(spell(shown, spelling), read)).toBe(keyOf(shown) === keyOf(meant))
      }),
      runs(1_200),
    )
  })

  test('RFC 9112 §3.2: a target that a router could read otherwise has no path', () => {
    const bad = fc.constantFrom('/..', '/.', '/%2e', '/%2E%2e', '/.%2E', '\\', '\t', '\0', '\x7f', ' ')
    fc.assert(
      fc.property(fc.webPath(), bad, fc.webPath(), (before, odd, after) => {
        expect(readTarget(`/a${before}${odd}${after.startsWith('/') ? after : ''}`, publicUrls)).toBeUndefined()
        expect(readTarget(`/${before.startsWith('/') ? before : '/'}`, publicUrls)).toBeUndefined()
        expect(readTarget(`https://other.test${before}`, publicUrls)).toBeUndefined()
      }),
      runs(500),
    )
  })
})
