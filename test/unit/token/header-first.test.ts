import { describe, expect, test } from 'vitest'
import { createForge, type Forge } from '../../support/forge.ts'

const forge: Forge = await createForge()

/** A token with this header, and claims that are no JSON. */
const withoutClaims = (header: Record<string, unknown>) => forge.raw(forge.header(header), '{"iss":')

describe('RFC 7515 §5.2: the header is judged before the payload is decoded', () => {
  test.each([
    ['token_malformed', { crit: ['x'] }],
    ['token_type', { typ: 'JWT' }],
    ['token_algorithm', { alg: 'HS256' }],
    ['token_malformed', {}],
  ])('RFC 7515 §5.2: %s by the header %j', async (code, header) => {
    expect(await forge.code({ token: withoutClaims(header) })).toBe(code)
  })

  test('RFC 9110 §11.2: what is no token68 is request_malformed, whatever its header', async () => {
    const [header] = withoutClaims({ typ: 'JWT' }).split('.')
    expect(await forge.code({ token: `${header}.%%%%.AAAA` })).toBe('request_malformed')
  })

  test('RFC 8725 §3.1: an algorithm that only another issuer takes is refused after the issuer', async () => {
    const both = forge.verifierTrusting({ algorithms: ['ES256'] })
    const foreign = forge.token({ iss: 'https://other.test' }, { alg: 'ES256' })
    expect(await forge.code({ verifier: both, token: foreign })).toBe('token_issuer')
  })

  test('RFC 7515 §4.1.9: a typ that is absent is absent from the facts', async () => {
    const refusal = await forge.refusal({ token: forge.raw({ alg: 'ES256' }, forge.claims()) })
    expect(refusal.code).toBe('token_type')
    expect(refusal.facts).toEqual({ hint: 'issuer.dialect' })
  })
})
