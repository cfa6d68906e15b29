import { expect, test } from 'vitest'
import { createVerifier } from '../../src/index.ts'
import { parseJsonObject } from '../../src/jose/strict-json.ts'
import { requestView } from '../../src/testing/index.ts'
import { encode } from '../support/bytes.ts'
import { makeRawKey, rawJws } from '../support/jws.ts'
import { createKit, outcomeOf, resource, url } from '../support/kit.ts'
import { describeVectors } from '../support/vectors.ts'

/** The default cap of a token. */
const defaultMaxBytes = 8_192

/** Legal JSON that is refused on purpose. */
const refusedHere: Readonly<Record<string, string>> = {
  'y_object_duplicated_key.json': 'RFC 7515 §4: member names are unique',
  'y_object_duplicated_key_and_value.json': 'RFC 7515 §4: member names are unique',
}

describeVectors('json-test-suite/test_parsing', (files) => {
  const good = files.names().filter((name) => name.startsWith('y_'))
  const bad = files.names().filter((name) => name.startsWith('n_'))
  const raw = (name: string) => files.bytes(name)
  /** A file as a member's value, beside more members. */
  const within = (name: string, more: object = {}) =>
    Buffer.concat([Buffer.from('{"v":'), raw(name), Buffer.from(`,${JSON.stringify(more).slice(1)}`)])
  const alone = (name: string) => Buffer.concat([Buffer.from('{"v":'), raw(name), Buffer.from('}')])

  test('HYGIENE: the suite of JSON texts is complete', () => {
    expect([good.length, bad.length]).toEqual([95, 188])
  })

  test('RFC 8259, RFC 7493: what must parse parses, as JSON.parse reads it, but for the exceptions named', () => {
    const refused: string[] = []
    for (const name of good) {
      const value = parseJsonObject(alone(name))
      if (value === undefined) refused.push(name)
      else expect(value, name).toEqual(JSON.parse(alone(name).toString('utf8')))
      // We read only objects, so every other top-level value is refused.
      const top: unknown = JSON.parse(raw(name).toString('utf8'))
      const isObject = typeof top === 'object' && top !== null && !Array.isArray(top)
      expect(parseJsonObject(raw(name)) !== undefined, name).toBe(isObject && !(name in refusedHere))
    }
    expect(refused).toEqual(Object.keys(refusedHere).sort())
  })

  test('RFC 8259: what must be refused is refused, by itself and as a value', () => {
    for (const name of bad) {
      expect(parseJsonObject(raw(name)), name).toBe(undefined)
      expect(parseJsonObject(alone(name)), name).toBe(undefined)
    }
  })

  test('RFC 7515 §5.2: in the header or payload of a token what must be refused is malformed', async () => {
    const kit = await createKit()
    const [header, payload, mac] = (await kit.token()).split('.')
    const proof = await kit.agent.proof({ method: 'GET', url })
    for (const name of bad) {
      for (const text of [raw(name), within(name, { typ: 'at+jwt', alg: 'ES256' })]) {
        for (const token of [
          [encode(text), payload, mac],
          [header, encode(text), mac],
        ].map((parts) => parts.join('.'))) {
          const view = requestView({ url, headers: { authorization: `DPoP ${token}`, dpop: proof } })
          // The largest exceed the cap of the field, which is checked before they are parsed.
          const expected = token.length <= defaultMaxBytes ? 'token_malformed' : 'request_malformed'
          expect(outcomeOf(await kit.verifier.check(view)), name).toBe(expected)
        }
      }
    }
  })

  test('RFC 9449 §4.3(2): in the header or payload of a proof what must be refused is malformed', async () => {
    const kit = await createKit()
    const token = await kit.token()
    const [header, payload, mac] = (await kit.agent.proof({ method: 'GET', url, token })).split('.')
    for (const name of bad) {
      for (const text of [raw(name), within(name, { typ: 'dpop+jwt', alg: 'ES256' })]) {
        for (const parts of [
          [encode(text), payload, mac],
          [header, encode(text), mac],
        ]) {
          const headers = { authorization: `DPoP ${token}`, dpop: parts.join('.') }
          expect(outcomeOf(await kit.verifier.check(requestView({ url, headers }))), name).toBe('proof_malformed')
        }
      }
    }
  })

  test('RFC 7519 §7.2: in a signed payload what must parse is a claim like any other', async () => {
    const key = await makeRawKey('ES256')
    const kit = await createKit({ trust: { jwks: { keys: [{ ...key.publicJwk, kty: 'EC' }] } } })
    const now = kit.issuer.clock.now() / 1_000
    const claims = {
      iss: kit.issuer.issuer,
      sub: 'alice',
      aud: resource,
      client_id: 'c',
      jti: 'j',
      iat: now,
      exp: now + 60,
      cnf: { jkt: kit.agent.jkt },
    }
    for (const name of good) {
      const expected = name in refusedHere ? 'token_malformed' : 'admitted'
      const inPayload = rawJws(key, { typ: 'at+jwt', alg: 'ES256' }, within(name, claims))
      expect(await kit.code({ token: inPayload }), name).toBe(expected)
      const inHeader = rawJws(key, within(name, { typ: 'at+jwt', alg: 'ES256' }), claims)
      expect(await kit.code({ token: inHeader }), name).toBe(expected)
    }
  })

  test('RFC 7517 §5: a key set of which a part must be refused is our outage, never a crash', async () => {
    const kit = await createKit()
    const token = await kit.token()
    for (const name of [...bad, ...good]) {
      for (const body of [raw(name), within(name, kit.issuer.jwks)]) {
        const verifier = createVerifier({
          issuer: { issuer: kit.issuer.issuer, jwksUri: 'https://as.example.test/jwks' },
          resource,
          clock: kit.issuer.clock,
          fetch: async () => new Response(body),
        })
        const verdict = await verifier.check(await kit.request({ token }))
        const outcome = verdict.ok ? 'admitted' : verdict.refusal.code
        const isRead = parseJsonObject(body) !== undefined
        const hasKeys = body.length > raw(name).length
        expect(outcome, name).toBe(isRead && hasKeys ? 'admitted' : 'keys_unavailable')
        expect(isRead && name.startsWith('n_'), name).toBe(false)
      }
    }
  })
})
