/** Finds by name, and by line, what a source of this repository declares. It relies on the formatter's indentation. */

const named: readonly RegExp[] = [
  /^\s*(?:export )?(?:return )?(?:async )?function\*? (\w+)/,
  /^(?:export )?(?:abstract )?class (\w+)/,
  /^(?:export )?const (\w+)/,
  // A constant inside a function counts where it holds a function.
  /^\s+const (\w+)(?:: [^=]+)? = (?:async )?(?:function\b|\(.*=>|\w+ =>|\($)/,
  /^\s+(\w+): (?:async )?(?:function\b|\(.*\) =>|\w+ =>)/,
  /^\s+(?:(?:static|async|override|get|set) )*(?!(?:if|for|while|switch|catch|with)\b)(\w+)(?:<[^>]*>)?\((?:[^()]|\([^()]*\))*\)(?:: .+)? \{$/,
  /^\s+(\w+)<[^>]*>\($/,
]

/** Functions, methods and classes at any depth, and constants at the top of the file. */
export function declaredNames(source: string): ReadonlySet<string> {
  const names = source.split('\n').map(nameIn)
  return new Set(names.filter((name) => name !== undefined))
}

/** Name of the innermost declaration around a line (from 0), or of the one that the line begins. */
export function enclosingName(source: string, line: number): string | undefined {
  const lines = source.split('\n')
  const own = lines[line] ?? ''
  if (/^\S|\bfunction \w/.test(own)) return nameIn(own)
  let limit = indentOf(own)
  for (let at = line - 1; at >= 0 && limit > 0; at--) {
    const text = lines[at] ?? ''
    if (text.trim() === '' || /^\s*(?:\/\/|\/?\*)/.test(text) || indentOf(text) >= limit) continue
    // The end of a list of parameters: the line that begins it has the same indentation.
    limit = /^\s*[)\]}]/.test(text) ? indentOf(text) + 1 : indentOf(text)
    const name = nameIn(text)
    if (name !== undefined) return name
  }
  return undefined
}

function nameIn(text: string): string | undefined {
  for (const pattern of named) {
    const name = pattern.exec(text)?.[1]
    if (name !== undefined) return name
  }
  return undefined
}

function indentOf(text: string): number {
  return text.length - text.trimStart().length
}
