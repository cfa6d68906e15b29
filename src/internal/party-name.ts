/**
 * Whether a value names a party or a client: text that is neither blank nor holds a control character (C0, DEL, C1), so that
 * a name can stand in a log, a header or a database as it is.
 */
export function isPartyName(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && !controls.test(value)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\x00-\x1f\x7f-\x9f]/
