/**
 * Text of callers, made fit to be shown: what has no shape of its own, turns the writing direction or belongs to another
 * character is written as a visible escape, such as `\u{202E}`.
 */

/** Names are cut to this many characters; the end stays, since names often differ there. */
const longestShown = 48
const keptAtEnd = 12
/** Marks above and below one letter. Real scripts need no more. */
const mostMarks = 3

/**
 * Controls, formats (bidirectional ones, joiners, tags), private and unassigned characters, lone surrogates, separators and
 * spaces but U+0020, and letters without a shape.
 */
const unfit = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu
const marks = new RegExp(`(\\p{M}{${mostMarks}})(\\p{M}+)`, 'gu')

/** Whole text, nothing cut: for sentences that hold no name of a caller, and for names before they are cut. */
export function printableText(text: string): string {
  return text.replace(unfit, escapeOf).replace(marks, (_, kept: string, more: string) => kept + escapeAll(more))
}

/** A name, cut where it is wider than so many letters: what is left out stands nowhere in the report. */
export function printableName(name: string, most: number = longestShown): string {
  // Enough of both ends, so that a long name costs no more than a short one.
  const isLong = name.length > 4 * most
  const shown = isLong
    ? `${printableText(name.slice(0, 2 * most))}${printableText(name.slice(-2 * most))}`
    : printableText(name)
  const characters = [...shown]
  const widest = isLong ? 0 : most
  if (characters.length <= widest && widthOf(characters) <= widest) return shown
  const end = Math.min(keptAtEnd, most >> 1)
  return `${fitting(characters, most - end - 1).join('')}…${fitting(characters.reverse(), end).reverse().join('')}`
}

function fitting(characters: readonly string[], most: number): string[] {
  let width = 0
  const end = characters.findIndex((character) => {
    width += widthOf([character])
    return width > most
  })
  return characters.slice(0, end === -1 ? characters.length : end)
}

/** From the Hangul letters on most characters are twice as wide as a Latin letter. */
function widthOf(characters: readonly string[]): number {
  return characters.reduce((sum, character) => sum + ((character.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1), 0)
}

function escapeAll(text: string): string {
  return [...text].map(escapeOf).join('')
}

function escapeOf(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`
}
