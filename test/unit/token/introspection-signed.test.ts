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
    ['an iat that is just not too old', { iat: start - 65 }, {}, 'admitted'],
    ['an iat that is just too old', { iat: start - 65.001 }, {}, 'refused'],
    ['a typ in a list', {}, { typ: ['token-introspection+jwt'] }, 'refused'],
    ['a typ that begins otherwise', {}, { typ: 'x-token-introspection+jwt' }, 'refused'],
    ['a typ that goes on', {}, { typ: 'token-introspection+jwt+x' }, 'refused'],
    ['a typ of another tree', {}, { typ: 'text/token-introspection+jwt' }, 'refused'],
    ['no kid, where one key fits', {}, { kid: undefined }, 'admitted'],
    ['no token_introspection', { token_introspection: undefined }, {}, 'refused'],
    ['a token_introspection that is a list', { token_introspection: [] }, {}, 'refused'],
  ])('RFC 9701 §5: with %s', async (_, envelope, header, outcome) => {
    const desk = await signing()
    desk.answer(() => desk.signed(desk.active(), envelope, header))
    expect(await codeOf(desk)).toBe(outcome === 'admitted' ? outcome : 'introspection_unavailable')
  })

  test('RFC 9701 §5: the operator is told what is wrong with it, each fault by a cause of its own', async () => {
    const desk = await signing()
    const causeOf = async (reply: () => Response) => {
      desk.answer(reply)
      const { facts } = await desk.forge.refusal({ token: opaque, verifier: desk.verifier })
      return facts.cause
    }
    const signed = (envelope: Members, header: Members = {}) =>
      causeOf(() => desk.signed(desk.active(), envelope, header))
    const [head, body, signature] = (await desk.signed(desk.active()).text()).split('.') as [string, string, string]
    const unreadable = ['a.b', `e.${body}.${signature}`, `${head}.e.${signature}`]
    const noJwt: (string | undefined)[] = []
    for (const text of unreadable) noJwt.push(await causeOf(() => new Response(text)))
    expect(new Set(noJwt).size).toBe(1)
    const noKey = [await signed({}, { alg: 'none' }), await signed({}, { kid: 1 })]
    expect(new Set(noKey).size).toBe(1)
    const causes = [
      noJwt[0],
      noKey[0],
      await signed({}, { crit: ['x'], x: 1 }),
      await signed({}, { typ: 'JWT' }),
      await signed({}, { kid: 'other' }),
      await causeOf(() => new Response(`${head}.${body}.${'A'.repeat(86)}`)),
      await signed({ iss: 'https://evil.test' }),
      await signed({ aud: 'other-api' }),
      await signed({ iat: start - 66 }),
      await signed({ token_introspection: [] }),
    ]
    for (const cause of causes) expect(cause).toMatch(/^answered /)
    expect(new Set(causes).size).toBe(causes.length)
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
