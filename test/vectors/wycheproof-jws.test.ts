import { expect, test } from 'vitest'
import { isBase64url } from '../../src/jose/base64url.ts'
import { decodeObject, hasExtensions, signingInput, splitCompact } from '../../src/jose/compact-jws.ts'
import { algorithms, verifySignature } from '../../src/jose/signature.ts'
import { noKeys, readKeySet, selectKey } from '../../src/token/keys.ts'
import type { Algorithm } from '../../src/types/options.ts'
import { readCompact } from '../support/jws.ts'
import { createKit } from '../support/kit.ts'
import { describeVectors } from '../support/vectors.ts'

interface Group {
  readonly comment: string
  readonly public?: object
  readonly private: object
  readonly tests: readonly { tcId: number; comment: string; result: string; jws?: unknown; jwe?: unknown }[]
}

/** Valid in the suite, refused here: we take no HMAC. */
const refusedHere = [1, 48]
/** Invalid in the suite because of where the key comes from; here it is the issuer's own published key. */
const acceptedHere = [46]

/** Reader, key choice and signature as token.ts puts them together; the payload of these vectors is not JSON. */
function accepts(text: string, jwks: object): boolean {
  const parts = splitCompact(text)
  if (parts === undefined) return false
  const { headerEnd, payloadEnd } = parts
  if (!isBase64url(text.slice(headerEnd + 1, payloadEnd))) return false
  const header = decodeObject(text, 0, headerEnd)
  if (header === undefined || hasExtensions(header)) return false
  const key = selectKey(
    readKeySet(jwks, new Set(algorithms)) ?? noKeys,
    header['kid'] as string,
    header['alg'] as Algorithm,
  )
  return key !== undefined && verifySignature(key.key, signingInput(parts), parts.signature)
}

/** Judged before the payload is: a JWS with such a header lacks the right typ. */
function isReadable(text: string): boolean {
  const parts = splitCompact(text)
  const header = parts === undefined ? undefined : decodeObject(text, 0, parts.headerEnd)
  return header !== undefined && !hasExtensions(header)
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

describeVectors('wycheproof', (files) => {
  const { testGroups } = files.json('json_web_crypto_test.json') as { testGroups: readonly Group[] }

  test('RFC 7515 §5.2: each JWS ends as its vector says', () => {
    const differing: number[] = []
    let count = 0
    for (const { public: key, private: own, tests } of testGroups) {
      const jwks = { keys: [key ?? own] }
      for (const { tcId, result, jws } of tests) {
        if (jws === undefined) continue
        count++
        if (accepts(textOf(jws), 'keys' in own ? own : jwks) !== (result === 'valid')) differing.push(tcId)
      }
    }
    expect(count).toBe(49)
    expect(differing).toEqual([...refusedHere, ...acceptedHere].sort((a, b) => a - b))
  })

  test('RFC 7516 §9: no JWE is taken for a JWS', () => {
    const jwes = testGroups.flatMap(({ tests }) => tests.flatMap(({ jwe }) => (jwe === undefined ? [] : [textOf(jwe)])))
    expect(jwes).toHaveLength(34)
    for (const jwe of jwes) expect(readCompact(jwe)).toBe(undefined)
  })

  test('RFC 9068 §4: none of them is an access token, or a proof', async () => {
    const kit = await createKit()
    const token = await kit.token()
    for (const { tests } of testGroups) {
      for (const { tcId, jws, jwe } of tests) {
        const text = textOf(jws ?? jwe)
        const asToken = await kit.code({ token: text })
        expect(isReadable(text) ? ['token_type'] : ['token_malformed', 'request_malformed'], String(tcId)).toContain(
          asToken,
        )
        const headers = { dpop: text }
        expect(await kit.code({ token, headers }), String(tcId)).toBe('proof_malformed')
      }
    }
  })
})
