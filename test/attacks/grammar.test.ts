import { describe, expect, test } from 'vitest'
import { type Refusal, type RefusalCode, refusals } from '../../src/index.ts'
import { Denial } from '../../src/refusal/denial.ts'
import { createRefuser } from '../../src/refusal/response.ts'
import { parseChallenges } from '../support/challenges.ts'
import { type Call, resource } from '../support/kit.ts'
import { coldAndWarm } from './stage.ts'

const metadataUrl = `${resource}/.well-known/oauth-protected-resource`
const codes = Object.keys(refusals) as RefusalCode[]
const defaultAlgorithms = ['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256']
const noNeeds = { scopes: [], acr: undefined, maxAuthAgeSeconds: undefined }

function challengesIn(refusal: Refusal) {
  return refusal.headers.filter(([name]) => name === 'WWW-Authenticate').flatMap(([, value]) => parseChallenges(value))
}

describe('grammar', () => {
  const needs = { scopes: ["!#$%&'()*+,-./:;<=>?@[]^_`{|}~", 'b'], acr: ['urn:x,y', "a='b'"], maxAuthAgeSeconds: 0 }
  const policy = { takesBearer: true, dpop: { algorithms: ['ES256', 'PS256'] }, problemCodes: true }

  for (const code of codes) {
    test(`P6: every challenge of ${code} is RFC 9110 grammar, in one line`, () => {
      const url = `${resource}/.well-known/x?a="b"`.replaceAll('"', '%22')
      const refuse = createRefuser(policy, () => url)
      for (const scheme of ['Bearer', 'DPoP', undefined] as const) {
        const refusal = refuse(new Denial(code), { scheme, needs, nonce: 'nonce-1' })
        for (const [, value] of refusal.headers) expect(value).toMatch(/^[\x20-\x7e]+$/)
        for (const { parameters } of challengesIn(refusal)) expect(parameters.get('scope')).toBe(needs.scopes.join(' '))
      }
      // RFC 6750 §3: error_description has neither quote nor backslash.
      expect(refusals[code].detail).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
    })
  }

  const hostile = [
    '"',
    '\\',
    'a"b',
    '\r\nX-Injected: 1',
    '\n',
    '\0',
    'é',
    '日本',
    '\u2028',
    ', Bearer error="x"',
    '%0d%0aX: 1',
  ]
  for (const text of hostile) {
    coldAndWarm(
      `P6: ${JSON.stringify(text)} in any claim leaves the answer as it is`,
      async (stage) => {
        await stage.warmUp({})
        const tokens = ['iss', 'aud', 'scope', 'act', 'sub', 'client_id', 'cnf'].map((claim) => ({
          claims: { [claim]: text, iat: 0 },
        }))
        const heads = ['typ', 'kid', 'alg'].map((name) => ({ header: { [name]: text } }))
        const calls: Call[] = [
          ...[...tokens, ...heads].map((token) => ({ token })),
          ...['htm', 'htu', 'ath'].map((name) => ({ proof: { claims: { [name]: text } } })),
          { proof: { header: { typ: text } } },
        ]
        for (const call of calls) {
          const { headers, body, code, status } = await stage.refusal(call)
          const plain = createRefuser({ ...policy, dpop: { algorithms: defaultAlgorithms } }, () => metadataUrl)
          const expected = plain(new Denial(code), { scheme: 'DPoP', needs: noNeeds, nonce: undefined })
          expect({ headers, body, status }).toEqual({
            headers: expected.headers,
            body: expected.body,
            status: expected.status,
          })
        }
      },
      { metadata: true },
    )
  }
})
