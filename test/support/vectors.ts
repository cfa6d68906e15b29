/**
 * Data that lies beside the repository: public test vectors (`VECTORS_DIR`, else `../shared/vectors`) and decoded tokens of
 * products and drafts (`DIALECTS_DIR`, else `../shared/dialects`). Its tests run where it is there.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

export interface DataFolder {
  /** Names of the files right in `path`. */
  names(path?: string): readonly string[]
  bytes(path: string): Buffer
  json(path: string): unknown
}

/**
 * A suite over one folder of vectors. Where it is absent, one skipped line says so; with `ONBEHALF_REQUIRE_VECTORS=1`
 * it fails instead.
 */
export function describeVectors(folder: string, suite: (files: DataFolder) => void): void {
  describeData(`vectors ${folder}`, 'VECTORS_DIR', join('vectors', folder), suite)
}

/** The same over the decoded tokens. */
export function describeFixtures(suite: (files: DataFolder) => void): void {
  describeData('tokens as they are issued', 'DIALECTS_DIR', 'dialects/fixtures', suite)
}

/** `path` begins with the name of the folder that the variable stands for. */
function describeData(
  name: string,
  variable: 'VECTORS_DIR' | 'DIALECTS_DIR',
  path: string,
  suite: (files: DataFolder) => void,
): void {
  const [folder = '', ...inner] = path.split('/')
  const beside = join(import.meta.dirname, '../../../shared', folder)
  const root = resolve(process.env[variable] ?? beside, ...inner)
  const isMissing = !existsSync(root)
  if (isMissing && process.env['ONBEHALF_REQUIRE_VECTORS'] === '1') {
    throw new Error(`ONBEHALF_REQUIRE_VECTORS=1, and the data is missing: ${name}`)
  }
  const title = isMissing ? `${name}: skipped, ${variable} has no such folder` : name
  if (isMissing) console.info(title)
  describe.skipIf(isMissing)(title, () => {
    if (isMissing) test('the folder is there', () => expect(existsSync(root)).toBe(true))
    else suite(openFolder(root))
  })
}

function openFolder(root: string): DataFolder {
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
