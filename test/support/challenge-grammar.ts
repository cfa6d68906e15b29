/** A strict reader of WWW-Authenticate (RFC 9110 §11.6.1, §5.6.2 to §5.6.4): what is not exactly the grammar throws. */

export interface ParsedChallenge {
  readonly scheme: string
  readonly parameters: ReadonlyMap<string, string>
}

const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const scheme = new RegExp(`^(${token})(?= |,|$)`)
const parameter = new RegExp(
  `^(${token})=(?:(${token})|"((?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\[\\t\\x20-\\x7e])*)")`,
)

export function parseChallenges(field: string): ParsedChallenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = []
  let rest = field
  while (rest !== '') {
    const current = challenges.at(-1)
    const pair = current === undefined ? null : parameter.exec(rest)
    if (pair !== null && current !== undefined) {
      const [text, name = '', plain, quoted = ''] = pair
      if (current.parameters.has(name.toLowerCase())) throw new Error(`${name} stands twice in one challenge`)
      current.parameters.set(name.toLowerCase(), plain ?? quoted.replace(/\\(.)/g, '$1'))
      rest = afterSeparator(rest.slice(text.length))
      continue
    }
    const name = scheme.exec(rest)?.[1]
    if (name === undefined) throw new Error(`not a challenge: ${JSON.stringify(rest)}`)
    challenges.push({ scheme: name, parameters: new Map() })
    const after = rest.slice(name.length)
    rest = after.startsWith(' ') ? after.trimStart() : afterSeparator(after)
  }
  if (challenges.length === 0) throw new Error('no challenge')
  return challenges
}

function afterSeparator(rest: string): string {
  if (rest === '') return ''
  const comma = /^[ \t]*,[ \t]*(?=\S)/.exec(rest)
  if (comma === null) throw new Error(`a comma is missing: ${JSON.stringify(rest)}`)
  return rest.slice(comma[0].length)
}
