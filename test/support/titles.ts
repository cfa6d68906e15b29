import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '..')

/** Row id → test files in which a title begins with it. */
export function filesByRow(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.test.ts')) continue
    for (const row of rowsIn(readFileSync(join(folder, path), 'utf8'))) {
      found.set(row, [...(found.get(row) ?? []), path])
    }
  }
  return found
}

function rowsIn(source: string): ReadonlySet<string> {
  const titles = source.matchAll(/['"`]((?:PRES|DPOP|MTLS|AT|JOSE|ACT|AUD|MCP|CLIENT)-\d+|P\d+|P§\d+\.\d+): /g)
  return new Set([...titles].map(([, row = '']) => row))
}

/** Rows that a patch under test/planted removes the check of. */
export function plantedRows(): readonly string[] {
  const names = readdirSync(join(folder, 'planted'))
  return names.filter((name) => name.endsWith('.patch')).map((name) => name.slice(0, -'.patch'.length))
}

export function plantedPatch(row: string): string {
  return readFileSync(join(folder, 'planted', `${row}.patch`), 'utf8')
}

/** MUST rows without a patch, and why. */
export function plantedExemptions(): Readonly<Record<string, string>> {
  return JSON.parse(readFileSync(join(folder, 'planted', 'exempt.json'), 'utf8')) as Record<string, string>
}
