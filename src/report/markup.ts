/** Markup that is ready to be sent. Everything else is text, and escaped where it is put in. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = Markup | string | number | readonly Markup[]

/** A template whose values are escaped, unless they are markup. */
export function markup(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(texts.reduce((written, text, at) => written + writePart(parts[at - 1]) + text))
}

/** For text of this package alone, such as the style. */
export function rawMarkup(text: string): Markup {
  return new Markup(text)
}

function writePart(part: Part | undefined): string {
  if (part instanceof Markup) return part.text
  if (typeof part === 'object') return part.map(({ text }) => text).join('')
  return String(part ?? '').replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)
}
