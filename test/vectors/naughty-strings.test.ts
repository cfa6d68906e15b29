import { expect, test } from 'vitest'
import { type AuditEvent, partyKey, refusals, sentence } from '../../src/index.ts'
import { createApi } from '../support/api.ts'
import { parseChallenges } from '../support/challenge-grammar.ts'
import { sendRaw, withServer } from '../support/http.ts'
import { createStage, type Stage, url } from '../support/stage.ts'
import { describeVectors } from '../support/vectors.ts'

const printable = /^[\x20-\x7e]*$/
const places = ['sub', 'jti', 'client_id', 'scope', 'acr', 'iss', 'aud', 'azp', 'sub_profile'] as const

/** Tokens that are right but for one string, wherever a string may stand. */
async function tokensWith(stage: Stage, text: string): Promise<string[]> {
  const claims = [
    ...places.map((name) => ({ [name]: text })),
    { act: { sub: text, iss: stage.issuer.issuer } },
    { act: { sub: 'x', sub_profile: text, act: { sub: text } } },
    { act: { sub: 'x', iss: text } },
    { [text]: text },
    { cnf: { [text]: text } },
  ]
  const headers = ['kid', 'typ', 'alg'].map((name) => ({ [name]: text }))
  return Promise.all([
    ...claims.map((one) => stage.token({ claims: one })),
    ...headers.map((header) => stage.token({ header })),
  ])
}

describeVectors('naughty-strings', (files) => {
  const strings = files.json('blns.json') as readonly string[]

  test('the list is complete', () => {
    expect(strings).toHaveLength(515)
  })

  test('a string in any claim or header of a token crashes nothing, and never leaves by header or line', async () => {
    const events: AuditEvent[] = []
    const stage = await createStage('cold', { audit: { write: (event) => void events.push(event) } })
    let admitted = 0
    for (const text of strings) {
      for (const token of await tokensWith(stage, text)) {
        const verdict = await stage.verifier.check(await stage.request(token))
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
  })

  test('a string in any member of a proof is refused or ignored', async () => {
    const stage = await createStage('cold')
    const token = await stage.token()
    for (const text of strings) {
      for (const name of ['htm', 'htu', 'ath']) {
        const outcome = await stage.judge(await stage.request(token, { claims: { [name]: text } }))
        expect(['proof_method', 'proof_target', 'proof_token_hash'], text).toContain(outcome)
      }
      const typed = await stage.judge(await stage.request(token, { header: { typ: text } }))
      expect(typed, text).toBe('proof_malformed')
      const kid = await stage.judge(await stage.request(token, { header: { kid: text }, nonce: text }))
      expect(kid, text).toBe('admitted')
    }
  })

  test('a string as a whole field is refused', async () => {
    const stage = await createStage('cold')
    const token = await stage.token()
    for (const text of strings) {
      for (const authorization of [text, `DPoP ${text}`, `Bearer ${text}`]) {
        const outcome = await stage.judge(await stage.request(token, { headers: { authorization } }))
        expect(['credentials_missing', 'request_malformed', 'token_malformed'], text).toContain(outcome)
      }
      const outcome = await stage.judge(await stage.request(token, { headers: { dpop: text } }))
      expect(outcome, text).toBe('proof_malformed')
      expect(await stage.judge(await stage.request(token, { target: text })), text).toBe('proof_target')
    }
  })

  test('through Express a string adds no field, and the challenge can be read', async () => {
    const stage = await createStage('cold')
    const usual = new Set<string>()
    await withServer(createApi(stage.verifier), async (port) => {
      for (const text of strings) {
        const token = await stage.token({ claims: { act: { sub: text }, aud: text, scope: text } })
        const proof = await stage.agent.proof({ method: 'GET', url, token })
        const head = ['GET /tools HTTP/1.1', 'Host: x', `Authorization: DPoP ${token}`, `DPoP: ${proof}`]
        const response = await sendRaw(port, head)
        expect(response.status, text).toBe(401)
        for (const [name, value] of response.fields) {
          usual.add(name.toLowerCase())
          expect(value).toMatch(printable)
          if (name.toLowerCase() === 'www-authenticate') parseChallenges(value)
        }
      }
    })
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
