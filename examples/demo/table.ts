import type { Row } from './row.ts'

const columns: readonly (readonly [keyof Row, string])[] = [
  ['scene', 'what happens'],
  ['who', 'who'],
  ['forWhom', 'for whom'],
  ['bound', 'bound'],
  ['decision', 'decision'],
  ['status', 'status'],
  ['code', 'code'],
]

/** Marks every row that is not as told. */
export function formatTable(rows: readonly Row[], story: readonly Row[]): string {
  const lines = [
    columns.map(([, title]) => title),
    ...rows.map((row) => columns.map(([column]) => String(row[column]))),
  ]
  const widths = columns.map((_column, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)))
  return lines
    .map((line, index) => {
      const row = rows[index - 1]
      const mark = row === undefined || isSame(row, story[index - 1]) ? ' ' : '!'
      return `${mark} ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd()
    })
    .join('\n')
}

export function findDifferences(rows: readonly Row[], story: readonly Row[]): string[] {
  const length = Math.max(rows.length, story.length)
  return Array.from({ length }, (_none, index) => index)
    .filter((index) => !isSame(rows[index], story[index]))
    .map((index) => {
      const expected = JSON.stringify(story[index] ?? null)
      return `line ${index + 1}\n  expected ${expected}\n  happened ${JSON.stringify(rows[index] ?? null)}`
    })
}

function isSame(row: Row | undefined, expected: Row | undefined): boolean {
  if (row === undefined || expected === undefined) return row === expected
  return columns.every(([column]) => row[column] === expected[column])
}
