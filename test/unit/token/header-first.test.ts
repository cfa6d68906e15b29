import { describe, expect, test } from 'vitest'
import { rawJws } from '../../support/raw-jws.ts'
import { createScene, outcomeOf, type Scene } from '../../support/scene.ts'

const scene: Scene = await createScene()
const verifier = scene.verifier()

/** A token with this header, and claims that are no JSON. */
const withoutClaims = (header: Record<string, unknown>) => rawJws(scene.key, scene.header(header), '{"iss":')

describe('RFC 7515 §5.2: the header is judged before the payload is decoded', () => {
  test.each([
    ['token_malformed', { crit: ['x'] }],
    ['token_type', { typ: 'JWT' }],
    ['token_algorithm', { alg: 'HS256' }],
    ['token_malformed', {}],
  ])('RFC 7515 §5.2: %s by the header %j', async (code, header) => {
    expect(outcomeOf(await scene.send(verifier, withoutClaims(header)))).toBe(code)
  })

  test('RFC 9110 §11.2: what is no token68 is request_malformed, whatever its header', async () => {
    const [header] = withoutClaims({ typ: 'JWT' }).split('.')
    expect(outcomeOf(await scene.send(verifier, `${header}.%%%%.AAAA`))).toBe('request_malformed')
  })

  test('RFC 8725 §3.1: an algorithm that only another issuer takes is refused after the issuer', async () => {
    const both = scene.verifier({ algorithms: ['ES256'] })
    const foreign = rawJws(scene.key, scene.header({ alg: 'ES256' }), scene.claims({ iss: 'https://other.test' }))
    expect(outcomeOf(await scene.send(both, foreign))).toBe('token_issuer')
  })

  test('RFC 7515 §4.1.9: a typ that is absent is absent from the facts', async () => {
    const verdict = await scene.send(verifier, rawJws(scene.key, { alg: 'ES256' }, scene.claims()))
    if (verdict.ok) throw new Error('admitted')
    expect(verdict.refusal.code).toBe('token_type')
    expect(verdict.refusal.facts).toEqual({})
  })
})
