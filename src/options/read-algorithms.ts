import type { OptionReader } from '../internal/option-reader.ts'
import { algorithms } from '../jose/signature.ts'
import type { Algorithm } from '../types/options.ts'

export function readAlgorithms(read: OptionReader, path: string, value: unknown): readonly Algorithm[] | undefined {
  return read.list(path, value, (at, item) => read.oneOf(at, item, algorithms))
}

/** RSASSA-PKCS1-v1_5, which FAPI 2.0 does not allow (§5.4.1). */
export function isPkcs1(algorithm: Algorithm): boolean {
  return algorithm.startsWith('RS')
}
