import { expect, test } from 'vitest'
import { fitsAlgorithm, thumbprint } from '../../src/jose/jwk.ts'
import { algorithms } from '../../src/jose/signature.ts'
import { isJsonObject, type JsonObject } from '../../src/jose/strict-json.ts'
import { isRefusedAsPublished } from '../../src/sender/published-keys.ts'
import { type DataFolder, describeVectors } from '../support/vectors.ts'

/** Every key anywhere in the files that could sign a proof, by its thumbprint. */
function keysIn(files: DataFolder, folders: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const path of folders.flatMap((folder) => files.names(folder).map((name) => `${folder}/${name}`))) {
    if (path.endsWith('.json')) collect(files.json(path), path, found)
  }
  return found
}

function collect(value: unknown, path: string, found: Map<string, string>): void {
  if (Array.isArray(value)) for (const item of value) collect(item, path, found)
  if (!isJsonObject(value)) return
  const jwk = publicPart(value)
  if (algorithms.some((algorithm) => fitsAlgorithm(jwk, algorithm))) found.set(thumbprint(jwk), path)
  for (const member of Object.values(value)) collect(member, path, found)
}

function publicPart({ kty, crv, x, y, n, e }: JsonObject): JsonObject {
  return { kty, crv, x, y, n, e }
}

describeVectors('jose-cookbook', (files) => {
  test('DPOP-40: no key printed in RFC 7520 and RFC 8037 A.1 may sign a proof', () => {
    const keys = keysIn(files, ['jwk', 'jws', 'jwe', 'nested', 'curve25519'])
    expect(keys.size).toBe(11)
    for (const [jkt, path] of keys) expect(isRefusedAsPublished(jkt), `${jkt} in ${path}`).toBe(true)
  })
})

describeVectors('rfc9421', (files) => {
  test('DPOP-40: no key printed in RFC 9421 B.1 may sign a proof', () => {
    const keys = new Map<string, string>()
    collect((files.json('rfc9421_appendix_b.json') as JsonObject)['keys'], 'B.1', keys)
    expect(keys.size).toBe(4)
    for (const jkt of keys.keys()) expect(isRefusedAsPublished(jkt), jkt).toBe(true)
  })
})
