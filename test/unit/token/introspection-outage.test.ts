import { describe, expect, test } from 'vitest'
import { createDesk, type Desk, opaque } from '../../support/introspection.ts'
import type { Members } from '../../support/jws.ts'
import { gate, until } from '../../support/key-home.ts'
import { type Outcome, outcomeOf, url } from '../../support/kit.ts'

const codeOf = (desk: Desk, token = opaque) => desk.forge.code({ token, verifier: desk.verifier })

async function judgeNow(desk: Desk, token = opaque): Promise<Outcome | 'had to wait'> {
  const verdict = desk.verifier.checkNow(await desk.forge.request({ token, url }))
  return verdict instanceof Promise ? 'had to wait' : outcomeOf(verdict)
}

const json = (text: string) => new Response(text, { headers: { 'content-type': 'application/json' } })

describe('an endpoint that cannot be used', () => {
  test.each<readonly [string, () => Response | Promise<Response>]>([
    ['401: our credentials fail, not the token', () => new Response('{"active":false}', { status: 401 })],
    ['403', () => new Response('{"active":false}', { status: 403 })],
    ['400', () => new Response('{"error":"invalid_request"}', { status: 400 })],
    ['204', () => new Response(null, { status: 204 })],
    ['302', () => new Response(null, { status: 302, headers: { location: 'https://evil.test' } })],
    ['500', () => new Response('', { status: 500 })],
    ['no body', () => new Response(null)],
    ['no JSON', () => json('active')],
    ['a list', () => json('[{"active":true}]')],
    ['a member twice', () => json('{"active":false,"active":true}')],
    ['bad UTF-8', () => new Response(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))],
    ['more than 64 KiB', () => json(`{"active":true,"x":"${'a'.repeat(65_536)}"}`)],
    [
      'more members than a token may have',
      () => json(`{${Array.from({ length: 300 }, (_, n) => `"m${n}":1`).join()}}`),
    ],
    ['a network error', () => Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } }))],
    [
      'a body that breaks off',
      () => new Response(new ReadableStream({ pull: (stream) => stream.error(new Error('gone')) })),
    ],
  ])('RFC 7662 §2.3: %s is introspection_unavailable', async (_, reply) => {
    const desk = await createDesk()
    desk.answer(reply)
    const refusal = await desk.forge.refusal({ token: opaque, verifier: desk.verifier })
    expect(refusal).toMatchObject({ code: 'introspection_unavailable', status: 503, error: null })
    const names = refusal.headers.map(([name]) => name)
    expect(names).toContain('Retry-After')
    expect(names).not.toContain('WWW-Authenticate')
    desk.answer(() => desk.active())
    expect(await codeOf(desk), 'an outage is not remembered').toBe('admitted')
  })

  test.each(['that hears of the deadline', 'that does not'])(
    'RFC 7662 §2.3: no answer within hookTimeoutMs, from a fetch %s',
    async (kind) => {
      const desk = await createDesk({ verifier: { hookTimeoutMs: 10 } })
      desk.answer(
        ({ init }) =>
          new Promise((_, reject) => {
            if (kind === 'that does not') return
            init.signal?.addEventListener('abort', () => reject(init.signal?.reason))
          }),
      )
      expect(await codeOf(desk)).toBe('introspection_unavailable')
    },
  )

  test('RFC 7662 §2.3: a body that never ends is given up', async () => {
    const desk = await createDesk({ verifier: { hookTimeoutMs: 10 } })
    desk.answer(() => new Response(new ReadableStream({ pull: () => new Promise(() => {}) })))
    expect(await codeOf(desk)).toBe('introspection_unavailable')
  })

  test('Introspection: close() ends the questions under way and asks no more', async () => {
    const desk = await createDesk({ verifier: { hookTimeoutMs: 60_000 } })
    desk.answer(() => new Promise(() => {}))
    const waiting = codeOf(desk)
    await until(() => desk.questions.length === 1)
    await desk.verifier.close()
    expect(await waiting).toBe('introspection_unavailable')
    expect(await codeOf(desk)).toBe('introspection_unavailable')
    expect(desk.questions).toHaveLength(1)
  })
})

describe('questions under way', () => {
  test('Introspection: requests with one token share a question', async () => {
    const desk = await createDesk()
    const { opened, open } = gate()
    desk.answer(async () => {
      await opened
      return desk.active()
    })
    const codes = Array.from({ length: 40 }, () => codeOf(desk))
    await until(() => desk.questions.length === 1)
    open()
    expect([...new Set(await Promise.all(codes))]).toEqual(['admitted'])
    expect(desk.questions).toHaveLength(1)
  })

  test('Introspection: beyond 32 tokens further ones are refused at once, until an answer comes', async () => {
    const desk = await createDesk()
    const { opened, open } = gate()
    desk.answer(async () => {
      await opened
      return desk.active()
    })
    const waiting = Array.from({ length: 32 }, (_, index) => codeOf(desk, `token-${index}`))
    await until(() => desk.questions.length === 32)
    expect(await judgeNow(desk, 'token-32')).toBe('introspection_unavailable')
    expect(await judgeNow(desk, 'token-0')).toBe('had to wait')
    expect(desk.questions).toHaveLength(32)
    open()
    expect([...new Set(await Promise.all(waiting))]).toEqual(['admitted'])
    expect(await codeOf(desk, 'token-32')).toBe('admitted')
  })
})

describe('what is remembered', () => {
  test('RFC 7662 §4: an answer counts for cacheSeconds, from when it was asked for', async () => {
    const desk = await createDesk()
    expect(await codeOf(desk)).toBe('admitted')
    desk.forge.clock.advance(29)
    desk.answer(() => ({ active: false }))
    expect(await judgeNow(desk)).toBe('admitted')
    desk.forge.clock.advance(1)
    expect(await judgeNow(desk)).toBe('had to wait')
    expect(await codeOf(desk)).toBe('token_revoked')
  })

  test('RFC 7662 §4: a set-back wall clock does not prolong it', async () => {
    const desk = await createDesk()
    await codeOf(desk)
    desk.forge.clock.advance(30)
    desk.forge.clock.step(-30)
    expect(await judgeNow(desk)).toBe('had to wait')
  })

  test('RFC 7662 §4: an answer does not count beyond its exp, not even within the tolerance', async () => {
    const desk = await createDesk({ introspection: { cacheSeconds: 60 } })
    const now = desk.forge.clock.now() / 1_000
    desk.answer(() => desk.active({ exp: now + 5 }))
    await codeOf(desk)
    desk.forge.clock.advance(4)
    expect(await judgeNow(desk)).toBe('admitted')
    desk.forge.clock.advance(1)
    desk.answer(() => ({ active: false }))
    expect(await codeOf(desk)).toBe('token_revoked')
    expect(desk.questions).toHaveLength(2)
  })

  test('RFC 7662 §4: cacheSeconds counts whether or not verified tokens are kept for longer or not at all', async () => {
    for (const tokenSeconds of [0, 3_600]) {
      const desk = await createDesk({ verifier: { cache: { tokenSeconds } } })
      await codeOf(desk)
      desk.forge.clock.advance(15)
      expect(await judgeNow(desk)).toBe('admitted')
      desk.forge.clock.advance(15)
      expect(await judgeNow(desk)).toBe('had to wait')
    }
  })

  test('RFC 7662 §4: an entry made late from an answer does not outlive it', async () => {
    const desk = await createDesk({ verifier: { cache: { tokenSeconds: 3_600, tokens: 1 } } })
    await codeOf(desk)
    desk.forge.clock.advance(20)
    expect(await codeOf(desk, desk.forge.token())).toBe('admitted')
    expect(await judgeNow(desk)).toBe('admitted')
    desk.forge.clock.advance(10)
    expect(await judgeNow(desk)).toBe('had to wait')
  })

  test('RFC 7662 §4: with cacheSeconds 0 every request asks', async () => {
    const desk = await createDesk({ introspection: { cacheSeconds: 0 } })
    for (const round of [1, 2, 3]) {
      expect(await codeOf(desk)).toBe('admitted')
      expect(desk.questions).toHaveLength(round)
    }
  })

  test('RFC 7662 §4: that a token is not active is remembered for 5 s', async () => {
    const desk = await createDesk()
    desk.answer(() => ({ active: false }))
    expect(await codeOf(desk)).toBe('token_revoked')
    desk.answer(() => desk.active())
    desk.forge.clock.advance(4)
    expect(await judgeNow(desk)).toBe('token_revoked')
    expect(desk.questions).toHaveLength(1)
    desk.forge.clock.advance(1)
    expect(await codeOf(desk)).toBe('admitted')
  })

  test('RFC 7662 §4: tokens that are not active push no other out', async () => {
    const desk = await createDesk({ verifier: { cache: { tokens: 1 } } })
    await codeOf(desk)
    desk.answer(() => ({ active: false }))
    for (let index = 0; index < 20; index++) expect(await codeOf(desk, `dead-${index}`)).toBe('token_revoked')
    expect(await judgeNow(desk)).toBe('admitted')
  })

  test('RFC 7662 §4: a token that is refused for its claims is not asked about anew each time', async () => {
    const desk = await createDesk()
    desk.answer(() => desk.active({ aud: 'https://other.test' }))
    for (const _ of [1, 2, 3]) expect(await codeOf(desk)).toBe('token_audience')
    expect(desk.questions).toHaveLength(1)
  })

  test('Introspection: a revocation source is asked about remembered tokens as well', async () => {
    let isRevoked = false
    const desk = await createDesk({ verifier: { revocation: { isRevoked: () => isRevoked } } })
    expect(await codeOf(desk)).toBe('admitted')
    isRevoked = true
    expect(await codeOf(desk)).toBe('token_revoked')
  })
})

describe('the order of refusals', () => {
  const down = () => new Response('', { status: 500 })

  test('ORDER: an outage of the endpoint stands where an opaque token would be judged', async () => {
    const desk = await createDesk()
    desk.answer(down)
    const call = { token: opaque, verifier: desk.verifier }
    expect(await desk.forge.code({ ...call, headers: { authorization: ['DPoP a', 'DPoP a'] } })).toBe(
      'request_malformed',
    )
    expect(await desk.forge.code({ ...call, proof: null })).toBe('introspection_unavailable')
  })

  test('ORDER: of a JWT it stands behind what the JWT says, and before its binding', async () => {
    const desk = await createDesk({ introspection: { for: 'all' } })
    desk.answer(down)
    const code = (claims: Members, more: object = {}) =>
      desk.forge.code({ token: desk.forge.token(claims), verifier: desk.verifier, ...more })
    expect(await code({ exp: desk.forge.clock.now() / 1_000 + 301 })).toBe('token_lifetime')
    expect(await code({})).toBe('introspection_unavailable')
    expect(await code({ cnf: undefined })).toBe('introspection_unavailable')
    expect(await code({}, { scheme: 'Bearer' })).toBe('introspection_unavailable')
  })

  test('ORDER: that token_type does not fit comes behind what the revocation source says', async () => {
    const desk = await createDesk({ verifier: { revocation: { isRevoked: () => true } } })
    desk.answer(() => desk.active({ token_type: 'Bearer' }))
    expect(await codeOf(desk)).toBe('token_revoked')
  })
})
