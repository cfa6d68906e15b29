import { beforeAll, describe, expect, test } from 'vitest'
import { createKit, headerValues, type Kit, url } from '../support/kit.ts'

let kit: Kit
let unbound: Kit

beforeAll(async () => {
  kit = await createKit()
  unbound = await createKit({ trust: { dangerously: { allowUnbound: true } } })
})

describe('scheme names', () => {
  test.each(['DPoP', 'dpop', 'DPOP', 'dPoP'])('PRES-02: scheme %s is DPoP', async (scheme) => {
    expect(await kit.code({ scheme })).toBe('admitted')
  })

  test.each(['Bearer', 'bearer', 'BEARER'])('PRES-02: scheme %s is Bearer', async (scheme) => {
    expect(await unbound.code({ scheme, token: { bind: 'none' }, proof: null })).toBe('admitted')
  })

  test('PRES-02: the token keeps its case', async () => {
    const token = await kit.token()
    const other = token.replace(/[a-z](?=[^a-z]*$)/, (letter) => letter.toUpperCase())
    expect(other).not.toBe(token)
    expect(await kit.code({ token: other })).not.toBe('admitted')
  })
})

describe('grammar: scheme 1*SP token68', () => {
  test('PRES-03: several spaces are legal', async () => {
    expect(await kit.code({ scheme: 'DPoP  ' })).toBe('admitted')
  })

  const malformed = [
    'DPoP',
    'DPoP ',
    'Bearer',
    'DPoP a b',
    'Bearer a b',
    'Bearer a,b',
    'DPoP a, DPoP b',
    'Bearer "a"',
    'DPoP\ta',
    'DPoP \ta',
    'DPoP a ',
    'DPoP a\tb',
    'Bearer token=a, realm=b',
    'DPoP =',
    'DPoP a=b',
    'DPoP,a',
    'DPoP"a"',
    'DPoP a%62',
  ]
  test.each(malformed)('PRES-03: %j is malformed', async (authorization) => {
    expect(await kit.code({ headers: { authorization } })).toBe('request_malformed')
  })

  test.each(['DPoP ä', 'Basic ä', 'DPoP a\u0000'])('PRES-03: %j holds what no field may', async (authorization) => {
    expect(await kit.code({ headers: { authorization } })).toBe('request_malformed')
  })

  test('PRES-03: token68 is a superset of a JWT, so padding is a malformed token only', async () => {
    expect(await kit.code({ headers: { authorization: 'DPoP a.b.c==' } })).toBe('token_malformed')
  })
})

describe('no credentials of ours', () => {
  test('PRES-04: without Authorization there is no error code', async () => {
    const refusal = await kit.refusal({ headers: { authorization: undefined, dpop: undefined } })
    expect(refusal).toMatchObject({ code: 'credentials_missing', status: 401, error: null })
    expect(refusal.body).not.toHaveProperty('error')
    expect(JSON.stringify(refusal.headers)).not.toContain('error')
  })

  test.each(['Basic dTpw', 'Negotiate', 'DPoPX a', 'Bearer-x a', 'Digest username="a"', ''])(
    'PRES-04: %j is a scheme not taken',
    async (authorization) => {
      const refusal = await kit.refusal({ headers: { authorization } })
      expect(refusal).toMatchObject({ code: 'credentials_missing', error: null })
    },
  )

  test('PRES-04: Bearer is not taken where nothing is presented under it', async () => {
    const verifier = kit.verifierWith({ mtls: false })
    expect(await kit.code({ verifier, scheme: 'Bearer' })).toBe('credentials_missing')
  })

  test('PRES-04: a field that is not ASCII is malformed, whatever its scheme', async () => {
    const verifier = kit.verifierWith({ mtls: false })
    expect(await kit.code({ verifier, headers: { authorization: 'Bearer ä' } })).toBe('request_malformed')
    expect(await kit.code({ verifier, headers: { authorization: 'Negotiate ä' } })).toBe('request_malformed')
  })

  test('PRES-04: DPoP is not taken where dpop is off', async () => {
    const verifier = kit.verifierWith({ dpop: false })
    expect(await kit.code({ verifier })).toBe('credentials_missing')
  })

  test('DPOP-39: a good proof alone grants nothing', async () => {
    const proof = await kit.agent.proof({ method: 'GET', url })
    const refusal = await kit.refusal({ headers: { authorization: undefined, dpop: proof } })
    expect(refusal).toMatchObject({ code: 'credentials_missing', status: 401, error: null })
  })

  test('DPOP-39: nor does a proof made for a token that is not sent', async () => {
    const refusal = await kit.refusal({ headers: { authorization: undefined } })
    expect(refusal).toMatchObject({ code: 'credentials_missing', error: null })
  })
})

describe('one place, one line', () => {
  test.each([
    [(token: string) => [`Bearer ${token}`, `DPoP ${token}`]],
    [(token: string) => [`DPoP ${token}`, `DPoP ${token}`]],
    [(token: string) => [`DPoP ${token}`, 'Basic dTpw']],
    [() => ['Basic dTpw', 'Basic dTpw']],
  ])('PRES-05: several Authorization lines are ambiguous (%#)', async (lines) => {
    const token = await kit.token()
    const refusal = await kit.refusal({ token, headers: { authorization: lines(token) } })
    expect(refusal).toMatchObject({ code: 'request_malformed', status: 400, error: 'invalid_request' })
  })

  test('PRES-07: a token in the query is not read', async () => {
    const token = await kit.token()
    const target = `/tools?access_token=${token}`
    expect(await kit.code({ token, target, headers: { authorization: undefined } })).toBe('credentials_missing')
  })

  test('PRES-07: beside a header the query is not looked at', async () => {
    expect(await kit.code({ target: '/tools?access_token=other' })).toBe('admitted')
  })

  test('PRES-13: Proxy-Authorization is not read', async () => {
    const token = await kit.token()
    const headers = { authorization: undefined, 'proxy-authorization': `DPoP ${token}` }
    expect(await kit.code({ token, headers })).toBe('credentials_missing')
  })

  test('PRES-13: no answer speaks of a proxy', async () => {
    const verdict = await kit.call({ headers: { authorization: undefined } })
    expect(headerValues(verdict, 'www-authenticate')).toHaveLength(1)
    expect(headerValues(verdict, 'proxy-authenticate')).toHaveLength(0)
  })
})

describe('size', () => {
  const longest = 8_192

  test('PRES-20: a token of the longest size is decoded, one more is not', async () => {
    expect(await kit.code({ token: 'a'.repeat(longest) })).toBe('token_malformed')
    expect(await kit.code({ token: 'a'.repeat(longest + 1) })).toBe('request_malformed')
  })

  test('PRES-20: spaces do not lift the cap', async () => {
    const authorization = `DPoP ${' '.repeat(longest + 16)}a`
    expect(await kit.code({ headers: { authorization } })).toBe('request_malformed')
  })

  test('PRES-20: a megabyte is refused without a look into it', async () => {
    const token = 'a'.repeat(1_048_576)
    const refusal = await kit.refusal({ headers: { authorization: `DPoP ${token}` } })
    expect(refusal).toMatchObject({ code: 'request_malformed', facts: { hint: 'token.maxBytes' } })
  })

  test('PRES-20: the cap is the option token.maxBytes', async () => {
    const verifier = kit.verifierWith({ token: { maxBytes: 256 } })
    expect(await kit.code({ verifier, token: 'a'.repeat(256) })).toBe('token_malformed')
    expect(await kit.code({ verifier, token: 'a'.repeat(257) })).toBe('request_malformed')
  })

  test('PRES-20: a proof of the longest size is decoded, a longer one is not', async () => {
    const token = await kit.token()
    const longest = await paddedProof(token, 2_666)
    const longer = await paddedProof(token, 2_667)
    expect([longest.length, longer.length]).toEqual([4_096, 4_098])
    expect(await kit.code({ token, proof: longest })).toBe('admitted')
    expect(await kit.code({ token, proof: longer })).toBe('proof_malformed')
  })
})

function paddedProof(token: string, octets: number): Promise<string> {
  return kit.agent.proof({ method: 'GET', url, token, claims: { pad: 'x'.repeat(octets) } })
}
