import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
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

test('HYGIENE: mutation testing of what has changed takes the lines that a diff adds, file by file', async () => {
  const { placesIn }: { placesIn(lines: readonly string[]): readonly string[] } = await import(
    pathToFileURL(join(root, 'test/mutation/changed.mjs')).href
  )
  const diff = [
    'diff --git a/src/sender/proof.ts b/src/sender/proof.ts',
    '--- a/src/sender/proof.ts',
    '+++ b/src/sender/proof.ts',
    '@@ -10 +10 @@ function of() {',
    '-old',
    '+new',
    '@@ -20,2 +20,3 @@',
    '@@ -30,4 +30,0 @@',
    '--- /dev/null',
    '+++ b/src/token/life.ts',
    '@@ -0,0 +1,5 @@',
    '--- a/src/token/gone.ts',
    '+++ /dev/null',
    '@@ -1,5 +0,0 @@',
  ]
  expect(placesIn(diff)).toEqual(['src/sender/proof.ts:10-10', 'src/sender/proof.ts:20-22', 'src/token/life.ts:1-5'])
})
