/** Data that lies beside the repository (`VECTORS_DIR`, else `../shared/vectors`): its tests run where it is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

/** A folder of public test vectors. */
export interface VectorFolder {
  /** Names of the files right in `path`. */
  names(path?: string): readonly string[]
  bytes(path: string): Buffer
  json(path: string): unknown
}

/**
 * A suite over one folder of vectors. Where it is absent, one skipped line says so; with `ONBEHALF_REQUIRE_VECTORS=1`
 * it fails instead.
 */
export function describeVectors(folder: string, suite: (files: VectorFolder) => void): void {
  const root = resolve(process.env['VECTORS_DIR'] ?? join(import.meta.dirname, '../../../shared/vectors'), folder)
  const isMissing = !existsSync(root)
  if (isMissing && process.env['ONBEHALF_REQUIRE_VECTORS'] === '1') {
    throw new Error(`ONBEHALF_REQUIRE_VECTORS=1, and the vectors ${folder} are missing`)
  }
  const title = isMissing ? `vectors ${folder}: skipped, VECTORS_DIR has no such folder` : `vectors ${folder}`
  if (isMissing) console.info(title)
  describe.skipIf(isMissing)(title, () => {
    if (isMissing) test('the folder is there', () => expect(existsSync(root)).toBe(true))
    else suite(openFolder(root))
  })
}

function openFolder(root: string): VectorFolder {
  const bytes = (path: string) => readFileSync(join(root, path))
  return {
    names: (path = '.') =>
      readdirSync(join(root, path), { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => entry.name)
        .sort(),
    bytes,
    json: (path) => JSON.parse(bytes(path).toString('utf8')),
  }
}

export interface SharedFolder {
  readonly path: string
  /** Why its tests cannot run; undefined where they can. */
  readonly missing: string | undefined
}

/** A sibling of the vectors' folder (`VECTORS_DIR`). With `ONBEHALF_REQUIRE_VECTORS=1` a missing folder throws. */
export function sharedFolder(name: string): SharedFolder {
  const vectors = resolve(process.env['VECTORS_DIR'] ?? join(import.meta.dirname, '../../../shared/vectors'))
  const path = name === 'vectors' ? vectors : join(dirname(vectors), name)
  if (existsSync(path)) return { path, missing: undefined }
  if (process.env['ONBEHALF_REQUIRE_VECTORS'] === '1')
    throw new Error(`ONBEHALF_REQUIRE_VECTORS=1, and ${name} is missing`)
  return { path, missing: `${name} is not beside this repository` }
}
