/** The challenges of a WWW-Authenticate field (RFC 9110 §11.6.1), as far as they can be read. */

export interface Challenge {
  /** In lower case. */
  readonly scheme: string
  /** Names in lower case; the first of a name counts. */
  readonly parameters: ReadonlyMap<string, string>
}

/** No server that we know sends more; reading ends there. */
const mostCharacters = 16_384

/** A name, and what follows it: `=` and a value (a parameter), or none (a scheme). RFC 9110 §5.6.2, §5.6.4, §11.2. */
const item = /[ \t,]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"=]+(?=[\s,]|$))))?/y

export function readChallenges(field: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = []
  const text = field.slice(0, mostCharacters)
  item.lastIndex = 0
  for (let found = item.exec(text); found !== null; found = item.exec(text)) {
    const [, name = '', quoted, plain] = found
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: new Map() })
    else setFirst(challenges.at(-1)?.parameters, name.toLowerCase(), value)
  }
  return challenges
}

function setFirst(parameters: Map<string, string> | undefined, name: string, value: string): void {
  if (parameters?.has(name) === false) parameters.set(name, value)
}
