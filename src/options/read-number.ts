import type { OptionReader } from '../internal/option-reader.ts'
import { type NumberName, numbers } from './defaults.ts'

/** `path`: where the option stands, when that is not its name. The default serves for an absent and for a wrong value. */
export function readNumber(read: OptionReader, name: NumberName, value: unknown, path: string = name): number {
  const { default: usual, least, most } = numbers[name]
  return read.number(path, value, least, most) ?? usual
}
