/** A strict reader of WWW-Authenticate (RFC 9110 §11.6.1, §5.6.2 to §5.6.4): it throws at anything outside the grammar. */
import type { Decision, Refusal } from 'onbehalf'

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
      if (current.parameters.has(name.toLowerCase())) throw new Error(`${name} occurs twice in one challenge`)
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

/** Scheme → parameters. */
export function readChallenges(field: string): Record<string, Record<string, string>> {
  const challenges = parseChallenges(field)
  return Object.fromEntries(challenges.map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]))
}

/** The WWW-Authenticate fields of a refusal. */
export function challengeFields(refusal: Refusal): readonly string[] {
  return refusal.headers.filter(([name]) => name === 'WWW-Authenticate').map(([, value]) => value)
}

/** The challenges of a refusal's first WWW-Authenticate field. */
export function challengesIn(refusal: Refusal): Record<string, Record<string, string>> {
  const [field = ''] = challengeFields(refusal)
  return readChallenges(field)
}

/** The first WWW-Authenticate field of a decision; empty where it has none. */
export function challengeOf(decision: Decision): string {
  return decision.ok ? '' : (challengeFields(decision.refusal)[0] ?? '')
}

function afterSeparator(rest: string): string {
  if (rest === '') return ''
  const comma = /^[ \t]*,[ \t]*(?=\S)/.exec(rest)
  if (comma === null) throw new Error(`a comma is missing: ${JSON.stringify(rest)}`)
  return rest.slice(comma[0].length)
}
