import { describe, expect, test } from 'vitest'
import { sha256 } from '../../support/bytes.ts'
import { createDesk, type Desk, opaque } from '../../support/introspection.ts'
import type { Members } from '../../support/jws.ts'
import { outcomeOf, url } from '../../support/kit.ts'

const certificate = Buffer.from('a certificate in DER')
const x5t = sha256(certificate)

async function judged(desk: Desk, answer: Members, claims: Members = {}, more: object = {}) {
  desk.answer(() => answer)
  return desk.forge.code({ token: desk.forge.token(claims), verifier: desk.verifier, ...more })
}

const all = () => createDesk({ introspection: { for: 'all' } })

describe('JWTs that are asked about', () => {
  test('Introspection: of the answer, active is enough; the claims of the JWT count', async () => {
    const desk = await all()
    desk.answer(() => ({ active: true, scope: 'admin', aud: 'https://other.test', act: { sub: 'x' }, client_id: 'y' }))
    const token = desk.forge.token({ scope: 'tools:read' })
    const context = await desk.forge.context({ token, verifier: desk.verifier })
    expect(context).toMatchObject({ scopes: ['tools:read'], delegation: null, client: { id: 'travel-app' } })
    expect(desk.questions[0]?.form.get('token')).toBe(token)
  })

  test('Introspection: opaque tokens are asked about as well', async () => {
    const desk = await all()
    expect(await desk.forge.code({ token: opaque, verifier: desk.verifier })).toBe('admitted')
  })

  test.each<readonly [string, Members, string]>([
    ['active false', { active: false }, 'token_revoked'],
    ['active "true"', { active: 'true' }, 'introspection_unavailable'],
    ['nothing', {}, 'introspection_unavailable'],
    ['the same sub', { active: true, sub: 'alice' }, 'admitted'],
    ['another sub', { active: true, sub: 'bob' }, 'token_claim'],
    ['a sub that is null', { active: true, sub: null }, 'token_claim'],
    ['another iss', { active: true, iss: 'https://evil.test' }, 'introspection_unavailable'],
    ['an exp that is a string', { active: true, exp: '9' }, 'introspection_unavailable'],
    ['an exp that has passed', { active: true, exp: 1_767_225_594 }, 'token_expired'],
    ['another key', { active: true, cnf: { jkt: 'A'.repeat(43) } }, 'token_claim'],
    ['a certificate beside the key', { active: true, cnf: { 'x5t#S256': x5t } }, 'certificate_missing'],
    ['a method that is not enforced', { active: true, cnf: { osc: 'x' } }, 'binding_unsupported'],
    ['a cnf that is null', { active: true, cnf: null }, 'binding_unsupported'],
    ['an empty cnf', { active: true, cnf: {} }, 'admitted'],
    ['token_type DPoP', { active: true, token_type: 'DPoP' }, 'admitted'],
    ['token_type Bearer', { active: true, token_type: 'Bearer' }, 'binding_scheme'],
  ])('Introspection: a good JWT and the answer %s', async (_, answer, outcome) => {
    const desk = await all()
    expect(await judged(desk, answer)).toBe(outcome)
  })

  test('Introspection: a binding that the answer adds must be proven beside that of the JWT', async () => {
    const desk = await all()
    const answer = { active: true, cnf: { 'x5t#S256': x5t } }
    expect(await judged(desk, answer, {}, { certificate })).toBe('admitted')
    expect(await judged(desk, answer, {}, { certificate: Buffer.from('another') })).toBe('binding_mismatch')
    expect(await judged(desk, answer, {}, { certificate, proof: null })).toBe('proof_missing')
  })

  test('Introspection: an unbound JWT becomes a bound one by the answer, never the reverse', async () => {
    const trust = { dangerously: { allowUnbound: true as const } }
    const desk = await createDesk({ introspection: { for: 'all' }, trust })
    const cnf = { jkt: desk.forge.agent.jkt }
    const bearer = { scheme: 'Bearer', proof: null }
    expect(await judged(desk, { active: true }, { cnf: undefined }, bearer)).toBe('admitted')
    expect(await judged(desk, { active: true, cnf }, { cnf: undefined }, bearer)).toBe('binding_scheme')
    expect(await judged(desk, { active: true, cnf }, { cnf: undefined })).toBe('admitted')
    expect(await judged(desk, { active: true }, {}, bearer)).toBe('binding_scheme')
  })

  test('Introspection: the answer ends the life of the token sooner, never later', async () => {
    const desk = await all()
    const now = desk.forge.clock.now() / 1_000
    for (const [exp, expected] of [
      [now + 100, now + 100],
      [now + 9_999, now + 300],
    ]) {
      desk.answer(() => ({ active: true, exp }))
      const context = await desk.forge.context({ token: desk.forge.token(), verifier: desk.verifier })
      expect(context.token.expiresAt).toBe(expected)
    }
  })

  test.each<readonly [string, Members, Members, string]>([
    ['signature', {}, { kid: 'other' }, 'token_key_unknown'],
    ['audience', { aud: 'https://other.test' }, {}, 'token_audience'],
    ['exp', { iat: 1, exp: 2 }, {}, 'token_expired'],
    ['lifetime', { exp: 1_767_225_600 + 301 }, {}, 'token_lifetime'],
    ['typ', {}, { typ: 'JWT' }, 'token_type'],
  ])('Introspection: a JWT whose %s does not hold is not asked about', async (_, claims, header, outcome) => {
    const desk = await all()
    const token = desk.forge.token(claims, header)
    expect(await desk.forge.code({ token, verifier: desk.verifier })).toBe(outcome)
    expect(desk.questions).toEqual([])
  })

  test('RFC 7662 §4: a JWT stays in memory no longer than the answer', async () => {
    const desk = await all()
    desk.answer(() => ({ active: true }))
    const token = desk.forge.token()
    const judgeNow = async () => {
      const verdict = desk.verifier.checkNow(await desk.forge.request({ token, url }))
      return verdict instanceof Promise ? 'had to wait' : outcomeOf(verdict)
    }
    expect(await desk.forge.code({ token, verifier: desk.verifier })).toBe('admitted')
    expect(await judgeNow()).toBe('admitted')
    desk.answer(() => ({ active: false }))
    desk.forge.clock.advance(30)
    expect(await judgeNow()).toBe('had to wait')
    expect(await desk.forge.code({ token, verifier: desk.verifier })).toBe('token_revoked')
  })
})
