import { describe, expect, test } from 'vitest'
import { createDesk, type Desk, opaque } from '../../support/introspection.ts'
import type { Members } from '../../support/jws.ts'
import { issuerUrl, resource } from '../../support/kit.ts'

const all = () => createDesk({ introspection: { for: 'all' } })

async function refusalOfJwt(desk: Desk, answer: Members, claims: Members = {}) {
  desk.answer(() => ({ active: true, ...answer }))
  return desk.forge.refusal({ token: desk.forge.token(claims), verifier: desk.verifier })
}

describe('the answer about a JWT', () => {
  test.each([
    ['introspection_unavailable', 'exp', { exp: '9' }],
    ['introspection_unavailable', 'iss', { iss: 'https://evil.test' }],
    ['token_claim', 'sub', { sub: 'bob' }],
    ['token_claim', 'cnf', { cnf: { jkt: 'A'.repeat(43) } }],
  ])('RFC 7662 §2.2: %s names %s and the issuer for %j', async (code, claim, answer) => {
    const { code: refused, facts } = await refusalOfJwt(await all(), answer)
    expect({ code: refused, ...facts }).toStrictEqual({ code, claim, issuer: issuerUrl })
  })

  test('RFC 7662 §2.2: may say the binding of the JWT again', async () => {
    const desk = await all()
    const cnf = { jkt: desk.forge.agent.jkt }
    desk.answer(() => ({ active: true, cnf }))
    expect(await desk.forge.code({ token: desk.forge.token({ cnf }), verifier: desk.verifier })).toBe('admitted')
  })

  test.each([7, null, 'x', [], true])('RFC 7800 §3.1: does not heal a JWT whose own cnf is %j', async (cnf) => {
    const desk = await all()
    const answer = { cnf: { jkt: desk.forge.agent.jkt } }
    const alone = await refusalOfJwt(desk, {}, { cnf })
    expect(alone.code).toBe('binding_unsupported')
    expect((await refusalOfJwt(desk, answer, { cnf })).code).toBe(alone.code)
  })
})

test('RFC 7662 §2.2: aud may be absent for a client whose audience is waived, under the name azp as well', async () => {
  const trust = { dangerously: { allowMissingAudience: { clients: ['travel-app'] } } }
  const desk = await createDesk({ trust })
  const code = async (changes: Members) => {
    desk.answer(() => desk.active({ aud: undefined, client_id: undefined, ...changes }))
    return desk.forge.code({ token: `${opaque}${desk.questions.length}`, verifier: desk.verifier })
  }
  expect(await code({ azp: 'travel-app', client_id: 'other-app' })).toBe('introspection_unavailable')
  expect(await code({ azp: 'other-app' })).toBe('introspection_unavailable')
  expect(await code({})).toBe('introspection_unavailable')
  expect(await code({ client_id: ['travel-app'] })).toBe('introspection_unavailable')
  expect(await code({ azp: 'travel-app' })).toBe('admitted')
})

test.each([[[]], [['']], [[resource, '']], [[resource, 7]], [''], [{}], [null]])(
  'RFC 7662 §2.2: aud is a text or a list of texts, which %j is not',
  async (aud) => {
    const desk = await createDesk({})
    desk.answer(() => desk.active({ aud }))
    const { code, facts } = await desk.forge.refusal({ token: opaque, verifier: desk.verifier })
    expect([code, facts.claim]).toEqual(['introspection_unavailable', 'aud'])
  },
)

test('RFC 7662 §4: of tokens that are not active no more are remembered than cache.tokens', async () => {
  const desk = await createDesk({ verifier: { cache: { tokens: 2 } } })
  desk.answer(() => ({ active: false }))
  const ask = (token: string) => desk.forge.code({ token, verifier: desk.verifier })
  for (const token of ['one', 'two', 'one', 'two']) expect(await ask(token)).toBe('token_revoked')
  expect(desk.questions).toHaveLength(2)
  for (const token of ['three', 'one', 'two']) expect(await ask(token)).toBe('token_revoked')
  expect(desk.questions).toHaveLength(5)
})
