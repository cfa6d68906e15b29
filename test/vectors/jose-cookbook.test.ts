import { expect, test } from 'vitest'
import {
  type CompactParts,
  decodeObject,
  hasExtensions,
  signingInput,
  splitCompact,
} from '../../src/jose/compact-jws.ts'
import { fitsAlgorithm } from '../../src/jose/jwk.ts'
import { algorithms, importKey, verifySignature } from '../../src/jose/signature.ts'
import type { JsonObject } from '../../src/jose/strict-json.ts'
import type { Algorithm } from '../../src/types/options.ts'
import { createKit } from '../support/kit.ts'
import { describeVectors } from '../support/vectors.ts'

interface Example {
  readonly input: { key?: JsonObject; alg?: string }
  readonly output: { compact?: string; json?: unknown; json_flat?: unknown }
}

/** The nested example has two parts: one signed, one encrypted. */
function flatten(file: unknown): readonly Example[] {
  const { sign, encrypt } = file as { sign?: Example; encrypt?: Example }
  return sign === undefined || encrypt === undefined ? [file as Example] : [sign, encrypt]
}

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi']

function publicPart(jwk: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => !privateMembers.includes(name)))
}

describeVectors('jose-cookbook', (files) => {
  const folders = ['jws', 'jwe', 'curve25519', 'rfc7797', 'nested']
  const examples = folders.flatMap((folder) => files.names(folder).map((name) => `${folder}/${name}`))
  const read = (path: string) => flatten(files.json(path))

  test('RFC 7520 §4, RFC 8037: the signatures of algorithms we have hold', () => {
    const held: string[] = []
    for (const { path, input, output } of examples.flatMap((path) => read(path).map((one) => ({ path, ...one })))) {
      const algorithm = algorithms.find((name) => name === input.alg)
      const parts = splitCompact(output.compact ?? '')
      if (algorithm === undefined || parts === undefined || input.key === undefined) continue
      held.push(`${path} ${verifies(input.key, algorithm, parts)}`)
    }
    expect(held).toEqual([
      'jws/4_1.rsa_v15_signature.json true',
      'jws/4_2.rsa-pss_signature.json true',
      'jws/4_3.ecdsa_signature.json true',
      'curve25519/jws.json true',
      'nested/6.nesting_signatures_and_encryption.json true',
    ])
  })

  function verifies(jwk: JsonObject, algorithm: Algorithm, jws: CompactParts): boolean {
    // The examples print private keys, which a verifier refuses; only their public part is imported.
    expect(fitsAlgorithm(jwk, algorithm)).toBe(false)
    const own = publicPart(jwk)
    const key = fitsAlgorithm(own, algorithm) ? importKey(own, algorithm) : undefined
    if (key === undefined) return false
    const broken = Buffer.from(jws.signature)
    broken[7] = (broken[7] ?? 0) ^ 1
    expect(verifySignature(key, signingInput(jws), broken)).toBe(false)
    return verifySignature(key, signingInput(jws), jws.signature)
  }

  for (const path of examples) {
    test(`RFC 7515 §7.2, RFC 7797: JSON serialisations, JWE, detached and unencoded payloads are no tokens: ${path}`, async () => {
      const outputs = read(path).flatMap(({ output }) => [output.compact, output.json, output.json_flat])
      const texts = outputs.flatMap((value) =>
        value === undefined ? [] : [typeof value === 'string' ? value : JSON.stringify(value)],
      )
      const kit = await createKit()
      const token = await kit.token()
      for (const text of texts) {
        const [asToken, asProof] = expectedOf(text)
        expect(asToken).toContain(await kit.code({ token: text }))
        const headers = { dpop: text }
        expect(await kit.code({ token, headers })).toBe(asProof)
      }
    })
  }
})

/** A JWS with a header that can be read lacks the right typ, whatever its payload; anything else is malformed. */
function expectedOf(text: string): readonly [asToken: readonly string[], asProof: string] {
  const parts = splitCompact(text)
  const header = parts === undefined ? undefined : decodeObject(text, 0, parts.headerEnd)
  const isReadable = header !== undefined && !hasExtensions(header)
  return [isReadable ? ['token_type'] : ['token_malformed', 'request_malformed'], 'proof_malformed']
}
