import { expect, test } from 'vitest'
import { type AuditRecord, partyKey, refusals, sentence } from '../../src/index.ts'
import { parseChallenges } from '../support/challenges.ts'
import { createApi } from '../support/express.ts'
import { createKit, type Kit, url } from '../support/kit.ts'
import { listen, sendRaw } from '../support/servers.ts'
import { describeVectors } from '../support/vectors.ts'

const printable = /^[\x20-\x7e]*$/
const places = ['sub', 'jti', 'client_id', 'scope', 'acr', 'iss', 'aud', 'azp', 'sub_profile'] as const

/** Tokens with this text in one place each, for every place that may hold a string. */
async function tokensWith(kit: Kit, text: string): Promise<string[]> {
  const claims = [
    ...places.map((name) => ({ [name]: text })),
    { act: { sub: text, iss: kit.issuer.issuer } },
    { act: { sub: 'x', sub_profile: text, act: { sub: text } } },
    { act: { sub: 'x', iss: text } },
    { [text]: text },
    { cnf: { [text]: text } },
  ]
  const headers = ['kid', 'typ', 'alg'].map((name) => ({ [name]: text }))
  return Promise.all([
    ...claims.map((one) => kit.token({ claims: one })),
    ...headers.map((header) => kit.token({ header })),
  ])
}

describeVectors('naughty-strings', (files) => {
  const strings = files.json('blns.json') as readonly string[]

  test('HYGIENE: the list of strings is complete', () => {
    expect(strings).toHaveLength(515)
  })

  test('Hostile text: a string in any claim or header of a token crashes nothing, and never leaves by header or line', async () => {
    const events: AuditRecord[] = []
    const kit = await createKit({
      verifier: { audit: { write: (event) => void events.push(event) } },
      token: { human: 'alice' },
    })
    let admitted = 0
    for (const text of strings) {
      for (const token of await tokensWith(kit, text)) {
        const verdict = await kit.verifier.check(await kit.request({ token }))
        if (verdict.ok) {
          admitted++
          const { context } = verdict
          const line = sentence(context)
          expect(line).toMatch(printable)
          expect(partyKey(context.actor)).toMatch(/^[\x21-\x7e]+$/)
          continue
        }
        const { code, headers, body } = verdict.refusal
        expect(Object.hasOwn(refusals, code), text).toBe(true)
        for (const [name, value] of headers) {
          expect(value, text).toMatch(printable)
          if (name === 'WWW-Authenticate') expect(parseChallenges(value)).toHaveLength(1)
        }
        expect(body.detail).toBe(refusals[code].detail)
      }
    }
    expect(admitted).toBeGreaterThan(2_000)
    expect(events).toHaveLength(strings.length * 17)
  }, 60_000)

  test('Hostile text: a string in any member of a proof is refused or ignored', async () => {
    const kit = await createKit({ token: { human: 'alice' } })
    const token = await kit.token()
    for (const text of strings) {
      for (const name of ['htm', 'htu', 'ath']) {
        const outcome = await kit.code({ token, proof: { claims: { [name]: text } } })
        expect(['proof_method', 'proof_target', 'proof_token_hash'], text).toContain(outcome)
      }
      const typed = await kit.code({ token, proof: { header: { typ: text } } })
      expect(typed, text).toBe('proof_malformed')
      const kid = await kit.code({ token, proof: { header: { kid: text }, nonce: text } })
      expect(kid, text).toBe('admitted')
    }
  })

  test('Hostile text: a string as a whole field is refused', async () => {
    const kit = await createKit({ token: { human: 'alice' } })
    const token = await kit.token()
    for (const text of strings) {
      for (const authorization of [text, `DPoP ${text}`, `Bearer ${text}`]) {
        const outcome = await kit.code({ token, headers: { authorization } })
        expect(['credentials_missing', 'request_malformed', 'token_malformed'], text).toContain(outcome)
      }
      const outcome = await kit.code({ token, headers: { dpop: text } })
      expect(outcome, text).toBe('proof_malformed')
      expect(await kit.code({ token, target: text }), text).toBe('proof_target')
    }
  })

  test('Hostile text: through Express a string adds no field, and the challenge can be read', async () => {
    const kit = await createKit({ token: { human: 'alice' } })
    const usual = new Set<string>()
    const port = await listen(createApi(kit.verifier))
    for (const text of strings) {
      const token = await kit.token({ claims: { act: { sub: text }, aud: text, scope: text } })
      const proof = await kit.agent.proof({ method: 'GET', url, token })
      const head = ['GET /tools HTTP/1.1', 'Host: x', `Authorization: DPoP ${token}`, `DPoP: ${proof}`]
      const response = await sendRaw(port, head)
      expect(response.status, text).toBe(401)
      for (const [name, value] of response.fields) {
        usual.add(name.toLowerCase())
        expect(value).toMatch(printable)
        if (name.toLowerCase() === 'www-authenticate') parseChallenges(value)
      }
    }
    expect([...usual].sort()).toEqual([
      'access-control-expose-headers',
      'cache-control',
      'connection',
      'content-length',
      'content-type',
      'date',
      'www-authenticate',
      'x-powered-by',
    ])
  })
})
