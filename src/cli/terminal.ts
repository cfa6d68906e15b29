/** Where a command writes. */
export interface Terminal {
  /** The answer of the command. */
  print(line: string): void
  /** The reason why the command has no answer. */
  complain(line: string): void
  /** Shows text in one line that the next one replaces, and '' clears. Undefined where no person sees it. */
  readonly showProgress: ((text: string) => void) | undefined
  /** Only where both are shown to a person. */
  readonly hasColours: boolean
}

/** The streams of a process. https://no-color.org: any value but an empty one. */
export function terminalOf(
  { stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'>,
  env: NodeJS.ProcessEnv,
): Terminal {
  const isPlain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb'
  return {
    print: (line) => void stdout.write(`${line}\n`),
    complain: (line) => void stderr.write(`${line}\n`),
    showProgress:
      stderr.isTTY === true && env['TERM'] !== 'dumb' ? (text) => void stderr.write(`\r\u001b[K${text}`) : undefined,
    hasColours: stdout.isTTY === true && stderr.isTTY === true && !isPlain,
  }
}

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red'

const codes: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
}

/** `styleText` of Node came with 20.12. */
export function styled({ hasColours }: Terminal, style: Style, text: string): string {
  const [on, off] = codes[style]
  return hasColours ? `\u001b[${on}m${text}\u001b[${off}m` : text
}

/** Controls, formats such as bidirectional ones, unassigned characters, lone surrogates, and separators of lines. */
const unfit = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

const longestShown = 256

/** Text of others, fit for a terminal: nothing in it moves the cursor, changes colours or turns the writing direction. */
export function foreign(text: string): string {
  const shown = text.length > longestShown ? `${text.slice(0, longestShown)}…` : text
  return shown.replace(unfit, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

/** For machines, and fit for a terminal all the same: JSON leaves C1 controls and formats as they are. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(/(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
