import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { enclosingName } from './declarations.ts'

const root = join(import.meta.dirname, '../..')

/** Where a patch changes the sources. */
export interface PatchedPlace {
  readonly file: string
  /** The declaration around the change; undefined where there is none, or where the hunk is not found. */
  readonly name: string | undefined
}

interface Hunk {
  readonly file: string
  /** Line of the old file, from 0, as the patch says. */
  readonly line: number
  readonly lines: readonly string[]
}

/** One per hunk of a patch made by `diff -U1`, by the sources as they are now. */
export function patchedPlaces(patch: string): readonly PatchedPlace[] {
  return hunksOf(patch).map((hunk) => {
    const source = readFileSync(join(root, hunk.file), 'utf8')
    const line = changedLine(source.split('\n'), hunk)
    return { file: hunk.file, name: line === undefined ? undefined : enclosingName(source, line) }
  })
}

function hunksOf(patch: string): readonly Hunk[] {
  return patch.split(/^--- a\//m).flatMap((part) => {
    const file = /^\S+/.exec(part)?.[0]
    const [, ...hunks] = part.split(/^@@ -/m)
    if (file === undefined) return []
    return hunks.map((hunk) => {
      const [, ...lines] = hunk.split('\n')
      return { file, line: Number.parseInt(hunk, 10) - 1, lines: lines.filter((line) => /^[ +-]/.test(line)) }
    })
  })
}

/** The first line that the hunk removes, or the line behind which it only adds. */
function changedLine(source: readonly string[], { line, lines }: Hunk): number | undefined {
  const old = lines.filter((text) => !text.startsWith('+'))
  const firstChange = Math.max(
    0,
    old.findIndex((text) => text.startsWith('-')),
  )
  // As `git apply -C1` does: one line of context may have changed since.
  for (const [from, to] of [[0, old.length] as const, [1, old.length] as const, [0, old.length - 1] as const]) {
    const wanted = old.slice(from, to).map((text) => text.slice(1))
    const at = nearest(source, wanted, line + from)
    if (at !== undefined) return at - from + firstChange
  }
  return undefined
}

function nearest(source: readonly string[], wanted: readonly string[], line: number): number | undefined {
  const starts = [...source.keys()].filter((start) => wanted.every((text, index) => source[start + index] === text))
  return starts.sort((a, b) => Math.abs(a - line) - Math.abs(b - line))[0]
}
