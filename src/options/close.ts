import { namesOf, OptionReader, type RawOptions } from '../internal/option-reader.ts'
import type { CloseOptions } from '../types/verifier.ts'
import { readNumber } from './read-number.ts'

const names = namesOf<CloseOptions>({ timeoutMs: true })

/** Throws OptionsError for wrong options. */
export function readCloseTimeout(options: CloseOptions | undefined): number {
  const read = new OptionReader()
  const raw: RawOptions<keyof CloseOptions> = read.object('close', options, names) ?? {}
  const timeoutMs = readNumber(read, 'close.timeoutMs', raw.timeoutMs)
  read.finish()
  return timeoutMs
}
