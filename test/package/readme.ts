import { readFileSync } from 'node:fs'

export const readme: string = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

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

/** The block that stands next after the snippet of this name: what it prints. */
export function blockAfter(file: string): string {
  const blocks = readBlocks(readme)
  return blocks[blocks.findIndex((block) => block.file === file) + 1]?.text ?? ''
}

/** Rows of the first table after this text, cell by cell, without backquotes. */
export function tableAfter(text: string): readonly (readonly string[])[] {
  const from = readme.indexOf(text)
  if (from === -1) throw new Error(`the README does not say: ${text}`)
  const lines = readme.slice(from).split('\n')
  const start = lines.findIndex((line) => line.startsWith('|'))
  const length = lines.slice(start).findIndex((line) => !line.startsWith('|'))
  return lines.slice(start + 2, start + length).map((line) =>
    line
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.replaceAll('`', '').trim()),
  )
}
