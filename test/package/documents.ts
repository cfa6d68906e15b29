import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root: string = fileURLToPath(new URL('../..', import.meta.url))

export interface Document {
  /** From the root, with slashes. */
  readonly path: string
  readonly text: string
}

/** What a user reads: the README and the pages it leads to. */
export const documents: readonly Document[] = ['README.md', ...pagesIn('docs')].map((path) => ({
  path,
  text: readDocument(path),
}))

export function readDocument(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

function pagesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder)).flatMap((name) => (name.endsWith('.md') ? [`${folder}/${name}`] : []))
}

/** A fenced block: its language, and the file name behind the language where there is one. */
export interface Block {
  readonly language: string
  readonly file: string
  readonly text: string
}

export function readBlocks(markdown: string): readonly Block[] {
  const fence = /^```(\w*) ?([\w.-]*)\n([\s\S]*?)^```$/gm
  return [...markdown.matchAll(fence)].map(([, language = '', file = '', text = '']) => ({ language, file, text }))
}

/** The block that follows the snippet of this name in its document, or the one so many blocks later. */
export function blockAfter(file: string, distance = 1): string {
  for (const { text } of documents) {
    const blocks = readBlocks(text)
    const at = blocks.findIndex((block) => block.file === file)
    if (at !== -1) return blocks[at + distance]?.text ?? ''
  }
  return ''
}

/** Rows of the first table after this text of a document, cell by cell, without backquotes. */
export function tableAfter(path: string, text: string): readonly (readonly string[])[] {
  const document = readDocument(path)
  const from = document.indexOf(text)
  if (from === -1) throw new Error(`${path} does not contain: ${text}`)
  const lines = document.slice(from).split('\n')
  const start = lines.findIndex((line) => line.startsWith('|'))
  const length = lines.slice(start).findIndex((line) => !line.startsWith('|'))
  return lines.slice(start + 2, start + length).map((line) =>
    line
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.replaceAll('`', '').trim()),
  )
}
