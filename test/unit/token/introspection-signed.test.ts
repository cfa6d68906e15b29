import { describe, expect, test } from 'vitest'
import { createDesk, type Desk, opaque } from '../../support/introspection.ts'
import { type Members, makeRawKey, rawJws } from '../../support/jws.ts'
import { issuerUrl, resource } from '../../support/kit.ts'

const codeOf = (desk: Desk, token = opaque) => desk.forge.code({ token, verifier: desk.verifier })
const signing = () => createDesk({ introspection: { signed: true } })
const start = Date.UTC(2026, 0, 1) / 1_000

describe('a signed answer', () => {
  test('RFC 9701 §4: is asked for by its media type, and admits', async () => {
    const desk = await signing()
    desk.answer(() => desk.signed(desk.active()))
    expect(await codeOf(desk)).toBe('admitted')
    expect(desk.questions[0]?.headers.get('accept')).toBe('application/token-introspection+jwt')
  })

  test('RFC 9701 §5: says in the same way that a token is not active', async () => {
    const desk = await signing()
    desk.answer(() => desk.signed({ active: false }))
    expect(await codeOf(desk)).toBe('token_revoked')
  })

  test.each<readonly [string, Members, Members, string]>([
    ['another typ', {}, { typ: 'at+jwt' }, 'refused'],
    ['typ JWT', {}, { typ: 'JWT' }, 'refused'],
    ['no typ', {}, { typ: undefined }, 'refused'],
    ['the full media type', {}, { typ: 'application/Token-Introspection+JWT' }, 'admitted'],
    ['crit', {}, { crit: ['x'], x: 1 }, 'refused'],
    ['an alg that is not accepted', {}, { alg: 'HS256' }, 'refused'],
    ['alg none', {}, { alg: 'none' }, 'refused'],
    ['an unknown kid', {}, { kid: 'other' }, 'refused'],
    ['a kid that is a number', {}, { kid: 1 }, 'refused'],
    ['another iss', { iss: 'https://evil.test' }, {}, 'refused'],
    ['no iss', { iss: undefined }, {}, 'refused'],
    ['another aud', { aud: 'other-api' }, {}, 'refused'],
    ['no aud', { aud: undefined }, {}, 'refused'],
    ['our audience as aud', { aud: resource }, {}, 'admitted'],
    ['a list of aud', { aud: ['other-api', 'travel api'] }, {}, 'admitted'],
    ['no iat', { iat: undefined }, {}, 'refused'],
    ['an iat that is a string', { iat: '1' }, {}, 'refused'],
    ['an iat ahead', { iat: start + 6 }, {}, 'refused'],
    ['an old iat', { iat: start - 66 }, {}, 'refused'],
    ['an iat within the tolerance', { iat: start + 5 }, {}, 'admitted'],
    ['no token_introspection', { token_introspection: undefined }, {}, 'refused'],
    ['a token_introspection that is a list', { token_introspection: [] }, {}, 'refused'],
  ])('RFC 9701 §5: with %s', async (_, envelope, header, outcome) => {
    const desk = await signing()
    desk.answer(() => desk.signed(desk.active(), envelope, header))
    expect(await codeOf(desk)).toBe(outcome === 'admitted' ? outcome : 'introspection_unavailable')
  })

  test('RFC 9701 §5: members beside token_introspection say nothing about the token', async () => {
    const desk = await signing()
    desk.answer(() => desk.signed({ active: true }, desk.active()))
    expect(await codeOf(desk)).toBe('introspection_unavailable')
  })

  test('RFC 9701 §5: a signature by another key, or bytes that were changed, do not hold', async () => {
    const desk = await signing()
    const other = await makeRawKey('ES256')
    const iat = start
    const payload = { iss: issuerUrl, aud: 'travel api', iat, token_introspection: desk.active() }
    const forged = rawJws(other, { typ: 'token-introspection+jwt', alg: 'ES256', kid: 'k1' }, payload)
    desk.answer(() => new Response(forged))
    expect(await codeOf(desk)).toBe('introspection_unavailable')
    const good = await desk.signed(desk.active()).text()
    const [head, , signature] = good.split('.')
    const changed = Buffer.from(JSON.stringify({ ...payload, aud: resource })).toString('base64url')
    desk.answer(() => new Response([head, changed, signature].join('.')))
    expect(await codeOf(desk)).toBe('introspection_unavailable')
  })

  test.each<readonly [string, (desk: Desk) => Response | object]>([
    ['plain JSON', (desk) => desk.active()],
    ['plain JSON of another type', (desk) => new Response(JSON.stringify(desk.active()))],
    ['five parts', () => new Response('a.b.c.d.e')],
    ['an access token', (desk) => new Response(desk.forge.token())],
    ['nothing', () => new Response('')],
  ])('RFC 9701 §5: %s in its place is refused', async (_, reply) => {
    const desk = await signing()
    desk.answer(() => reply(desk))
    expect(await codeOf(desk)).toBe('introspection_unavailable')
  })

  test('RFC 9701 §4: is not taken where it was not asked for', async () => {
    const desk = await createDesk()
    desk.answer(() => desk.signed(desk.active()))
    expect(await codeOf(desk)).toBe('introspection_unavailable')
  })
})
