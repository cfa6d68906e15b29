import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** Data that lies beside the repository, not in it: tests that need it run where it is. */
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
