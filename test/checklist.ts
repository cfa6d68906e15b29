import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A row of docs/requirements.md. Test titles begin with its id. */
export interface ChecklistRow {
  readonly id: string
  /** The letters before the number of its id. */
  readonly section: string
  readonly clause: string
  readonly level: Level
  readonly demand: string
  /** What enforces it, the decisive place first. */
  readonly where: readonly Place[]
  /** Paths below test/. */
  readonly tests: readonly string[]
  /** Why no test covers it yet; absent: covered. */
  readonly deferred?: string
}

/** The specification's word for a resource server (negated or not); `local`: a rule of this project alone. */
export type Level = 'must' | 'should' | 'may' | 'local'

export interface Place {
  /** From the root of the repository. */
  readonly file: string
  readonly name: string
}

const document = join(import.meta.dirname, '../docs/requirements.md')

export const checklist: readonly ChecklistRow[] = readSections(readFileSync(document, 'utf8'))

function readSections(text: string): readonly ChecklistRow[] {
  return text.split(/^## /m).flatMap((part) => {
    const section = /^([A-Z]+): /.exec(part)?.[1]
    if (section === undefined) return []
    const [, , ...rows] = part.split('\n').filter((line) => line.startsWith('|'))
    return rows.map((line) => readRow(section, line))
  })
}

function readRow(section: string, line: string): ChecklistRow {
  const cells = line.split('|').map((cell) => cell.trim())
  const [, id = '', clause = '', level = '', demand = '', where = '', tests = ''] = cells
  if (cells.length !== 8 || !id.startsWith(section))
    throw new Error(`docs/requirements.md: not a row of ${section}: ${line}`)
  const deferred = /^not yet: (.+)$/.exec(where)?.[1]
  return {
    id,
    section,
    clause,
    level: readLevel(level),
    demand,
    where: [...where.matchAll(/`((?:src|adapters)\/[^`]+)` `([^`]+)`/g)].map(([, file = '', name = '']) => ({
      file,
      name,
    })),
    tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path),
    ...(deferred === undefined ? {} : { deferred }),
  }
}

function readLevel(word: string): Level {
  const levels = { MUST: 'must', SHOULD: 'should', MAY: 'may', ours: 'local' } as const
  if (!Object.hasOwn(levels, word)) throw new Error(`docs/requirements.md: ${word} is no level`)
  return levels[word as keyof typeof levels]
}
