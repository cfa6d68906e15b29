import fc from 'fast-check'
import { encode, respell } from '../support/bytes.ts'
import { type Members, type RawKey, signBytes } from '../support/jws.ts'
import { claimsFor } from './rig.ts'

/** Tokens on which two verifiers could disagree: good ones with one or two changes, made before or after signing. */

export interface Draft {
  readonly key: RawKey
  readonly header: Members
  readonly claims: Members
  readonly headerText: (json: string) => string | Uint8Array
  readonly payloadText: (json: string) => string | Uint8Array
  /** Before signing: how the two segments are spelled. */
  readonly spell: (segment: string) => string
  /** After signing. */
  readonly finish: (jws: string) => string
}

type Bend = (draft: Draft) => Draft

export function draftOf(key: RawKey, kid: string, jkt: string): Draft {
  const asIs = (text: string) => text
  const header = { typ: 'at+jwt', alg: key.algorithm, kid }
  return { key, header, claims: claimsFor(jkt), headerText: asIs, payloadText: asIs, spell: asIs, finish: asIs }
}

export function write({ key, header, claims, headerText, payloadText, spell, finish }: Draft): string {
  const input = `${spell(encode(headerText(JSON.stringify(header))))}.${spell(encode(payloadText(JSON.stringify(claims))))}`
  return finish(`${input}.${encode(signBytes(key, input))}`)
}

const claim = (name: string, ...values: readonly unknown[]): fc.Arbitrary<Bend> =>
  fc.constantFrom(...values).map((value) => (draft) => ({ ...draft, claims: { ...draft.claims, [name]: value } }))
const member = (name: string, ...values: readonly unknown[]): fc.Arbitrary<Bend> =>
  fc.constantFrom(...values).map((value) => (draft) => ({ ...draft, header: { ...draft.header, [name]: value } }))
const finished = (...changes: readonly Draft['finish'][]): fc.Arbitrary<Bend> =>
  fc.constantFrom(...changes).map((finish) => (draft) => ({ ...draft, finish }))
/** Text put in front of the first member. */
const inserted = (part: 'headerText' | 'payloadText', ...texts: readonly string[]): fc.Arbitrary<Bend> =>
  fc
    .constantFrom(...texts)
    .map((text) => (draft) => ({ ...draft, [part]: (json: string) => `{${text},${json.slice(1)}` }))
const withBom = (json: string) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(json)])

function flip(at: number): Draft['finish'] {
  return (jws) => {
    const parts = jws.split('.')
    const octets = Buffer.from(parts[at % 3] ?? '', 'base64url')
    octets[at % octets.length] = (octets[at % octets.length] ?? 0) ^ 1
    return parts.map((part, index) => (index === at % 3 ? octets.toString('base64url') : part)).join('.')
  }
}

const now = Date.UTC(2026, 0, 1) / 1_000
const mistyped = [null, '', 5, [], {}, true]

/** The verifiers agree on most of these; differential-classes.ts lists where they differ. */
export const bends: readonly fc.Arbitrary<Bend>[] = [
  member('typ', 'application/at+jwt', 'AT+JWT', 'JWT', 'at+jwt;v=1', 'application/AT+jwt', undefined, 5, 'dpop+jwt'),
  member('alg', 'none', 'HS256', 'es256', 'RS256', 'ES256', undefined, 5),
  member('kid', 'nobody', '', undefined, 5, null),
  member('crit', [], ['b64'], ['exp'], ['x5c'], 'b64', null),
  member('b64', true, false, 'x'),
  fc.constant<Bend>((draft) => ({ ...draft, header: { ...draft.header, crit: ['b64'], b64: true } })),
  member('jwk', { kty: 'oct', k: 'AA' }),
  inserted(
    'headerText',
    '"alg":"none"',
    '"\\u0061lg":"none"',
    '"typ":"x"',
    '"x":{"y":1,"y":1}',
    '"x":"\\ud800"',
    '"x":9007199254740993',
  ),
  inserted(
    'payloadText',
    '"sub":"mallory"',
    '"aud":"x"',
    '"x":[{"a":1,"\\u0061":2}]',
    '"x":1e400',
    '"x":"\\udfff"',
    '"x":-1e300',
  ),
  fc
    .constantFrom('headerText' as const, 'payloadText' as const)
    .map((part) => (draft) => ({ ...draft, [part]: withBom })),
  fc.constant<Bend>((draft) => ({
    ...draft,
    payloadText: (json) => Buffer.concat([Buffer.from([0xff]), Buffer.from(json)]),
  })),
  fc.constant<Bend>((draft) => ({ ...draft, payloadText: (json) => `[${json}]` })),
  fc.constant<Bend>((draft) => ({ ...draft, spell: (text) => `${text}${'='.repeat((4 - (text.length % 4)) % 4)}` })),
  fc.constant<Bend>((draft) => ({ ...draft, spell: (text) => (text.length % 4 === 0 ? text : respell(text)) })),
  finished(
    respell,
    (jws) => `${jws}==`,
    (jws) => jws.slice(0, -2),
    (jws) => `${jws}.`,
    (jws) => jws.replace('.', '..'),
  ),
  fc.nat(300).chain((at) => finished(flip(at))),
  claim('iss', 'https://as.example.test/', 'https://AS.example.test', ['https://as.example.test'], undefined, null),
  claim('aud', ['x', 'https://api.example.test'], ['https://api.example.test', 5], ['https://api.example.test', '']),
  claim('aud', 'https://api.example.test/', 'https://api.example.test.evil.test', [], undefined, ...mistyped),
  claim('sub', undefined, ...mistyped),
  claim('client_id', undefined, ...mistyped),
  claim('jti', undefined, ...mistyped),
  claim('iat', undefined, now - 0.5, now + 5, now + 6, now + 200, now - 1, now + 300, now + 400, '1', null),
  claim(
    'exp',
    undefined,
    now,
    now - 4,
    now - 5,
    now - 6,
    now + 0.5,
    now + 301,
    now + 1e6,
    now * 1e3,
    1e300,
    '1',
    null,
    -1,
  ),
  claim('nbf', now, now + 5, now + 6, now + 5.5, now - 900, -1e300, null, 'x'),
  claim('scope', '', 'a b', 'a  b', ' a', 'a\tb', 'a"b', ['a'], null, 5, {}),
  claim('azp', 'other', ...mistyped),
  claim('acr', 'high', ...mistyped),
  claim('auth_time', now, 2 ** 53, ...mistyped),
  claim('amr', ['pwd'], ['pwd', 5], ...mistyped),
  claim('authorization_details', [{ type: 'x' }], [{}], [5], ...mistyped),
  claim('act', { sub: 'x' }, null, 'x'),
  claim('__proto__x', 'é', '\u{1f600}', '\\', '"', { a: ['{', ',', ':'] }),
]
