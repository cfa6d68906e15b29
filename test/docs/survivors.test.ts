import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './tree.ts'

interface Entry {
  readonly line: string
  readonly mutants: readonly string[]
  readonly equivalent: boolean
  readonly reason: string
}

const listed: Readonly<Record<string, readonly Entry[]>> = JSON.parse(
  readFileSync(join(root, 'test/mutation/survivors.json'), 'utf8'),
)

test('HYGIENE: every survivor of mutation testing that is listed names a line of its file, and has a reason', () => {
  const wrong = Object.entries(listed).flatMap(([file, entries]) => {
    const lines = new Set(
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .map((line) => line.trim()),
    )
    return entries.filter(({ line, mutants, reason }) => !lines.has(line) || mutants.length === 0 || reason.length < 20)
  })
  expect(wrong).toEqual([])
})
