import { namesOf, type OptionReader, type RawOptions } from '../internal/option-reader.ts'
import { memoryReplayStore } from '../replay/memory-store.ts'
import type { Algorithm, DpopOptions, NonceOptions, ReplayStore } from '../types/options.ts'
import { choices, algorithms as defaultAlgorithms, fixed, presets } from './defaults.ts'
import { isPkcs1, readAlgorithms } from './read-algorithms.ts'
import { readNumber } from './read-number.ts'

export interface DpopPolicy {
  readonly algorithms: readonly Algorithm[]
  readonly maxAgeSeconds: number
  readonly futureSeconds: number
  readonly maxBytes: number
  /** `'on-skew'`: the nonce alone where a proof has one, else `iat`. */
  readonly freshness: 'iat' | 'nonce' | 'both' | 'on-skew'
  readonly nonce: NoncePolicy | undefined
  readonly replay: ReplayStore
  /** Whether the options name the store. */
  readonly hasOwnReplay: boolean
  readonly htu: 'rfc9449' | 'strict'
  readonly offload: 'never' | 'adaptive' | 'always'
}

interface NoncePolicy {
  readonly secrets: readonly Uint8Array[]
  readonly seconds: number
  readonly mode: 'required' | 'on-skew'
}

const names = namesOf<DpopOptions>({
  algorithms: true,
  maxAgeSeconds: true,
  futureSeconds: true,
  maxBytes: true,
  nonce: true,
  freshness: true,
  replay: true,
  htu: true,
  offload: true,
  preset: true,
})
const nonceNames = namesOf<NonceOptions>({ secret: true, seconds: true, mode: true })

export function readDpop(read: OptionReader, value: unknown): DpopPolicy | false {
  if (value === false) return false
  const given: RawOptions<keyof DpopOptions> = read.object('dpop', value, names) ?? {}
  const presetName = read.oneOf('dpop.preset', given.preset, ['fapi2', 'mcp'] as const)
  const preset = presetName === undefined ? undefined : presets[presetName]
  /** An explicit member wins over the preset. */
  const orPreset = (name: 'maxAgeSeconds' | 'futureSeconds' | 'htu') =>
    given[name] === undefined ? preset?.[name] : given[name]
  const nonce = readNonce(read, given.nonce)
  const algorithms = readAlgorithms(read, 'dpop.algorithms', given.algorithms) ?? defaultAlgorithms['dpop.algorithms']
  if (presetName === 'fapi2' && algorithms.some(isPkcs1)) {
    read.problem('dpop.algorithms', "must not name RS256, RS384 or RS512 with preset 'fapi2'")
  }
  return {
    algorithms,
    maxAgeSeconds: readNumber(read, 'dpop.maxAgeSeconds', orPreset('maxAgeSeconds')),
    futureSeconds: readNumber(read, 'dpop.futureSeconds', orPreset('futureSeconds')),
    maxBytes: readNumber(read, 'dpop.maxBytes', given.maxBytes),
    freshness: readFreshness(read, given, nonce),
    nonce,
    replay: read.methods<ReplayStore>('dpop.replay', given.replay, ['add']) ?? memoryReplayStore(),
    hasOwnReplay: given.replay !== undefined,
    htu: read.oneOf('dpop.htu', orPreset('htu'), choices['dpop.htu'].allowed) ?? choices['dpop.htu'].default,
    offload:
      read.oneOf('dpop.offload', given.offload, choices['dpop.offload'].allowed) ?? choices['dpop.offload'].default,
  }
}

function readFreshness(
  read: OptionReader,
  given: RawOptions<keyof DpopOptions>,
  nonce: NoncePolicy | undefined,
): DpopPolicy['freshness'] {
  const freshness = read.oneOf('dpop.freshness', given.freshness, ['iat', 'nonce', 'both'] as const)
  if (nonce?.mode === 'on-skew') {
    if (given.freshness !== undefined)
      read.problem('dpop.freshness', "must not be given with dpop.nonce.mode 'on-skew'")
    return 'on-skew'
  }
  if (freshness !== undefined && freshness !== 'iat' && given.nonce === undefined) {
    read.problem('dpop.freshness', `'${freshness}' needs dpop.nonce`)
  }
  return freshness ?? defaultFreshness(nonce)
}

export function defaultFreshness(nonce: DpopPolicy['nonce']): DpopPolicy['freshness'] {
  if (nonce?.mode === 'on-skew') return nonce.mode
  return nonce === undefined ? 'iat' : 'both'
}

function readNonce(read: OptionReader, value: unknown): NoncePolicy | undefined {
  const raw = read.object('dpop.nonce', value, nonceNames)
  if (raw === undefined) return undefined
  if (raw.secret === undefined) read.problem('dpop.nonce.secret', 'is required')
  const list = Array.isArray(raw.secret) || raw.secret === undefined ? raw.secret : [raw.secret]
  const secrets = read.list('dpop.nonce.secret', list, (path, item) => readSecret(read, path, item))
  const modes = choices['dpop.nonce.mode']
  return {
    secrets: secrets ?? [],
    seconds: readNumber(read, 'dpop.nonce.seconds', raw.seconds),
    mode: read.oneOf('dpop.nonce.mode', raw.mode, modes.allowed) ?? modes.default,
  }
}

function readSecret(read: OptionReader, path: string, item: unknown): Uint8Array | undefined {
  const isBytes = item instanceof Uint8Array
  if (typeof item !== 'string' && !isBytes) return read.problem(path, 'must be a string or a Uint8Array')
  const bytes = isBytes ? Uint8Array.from(item) : Buffer.from(item, 'utf8')
  const least = fixed.nonceSecretBytes
  return bytes.length >= least ? bytes : read.problem(path, `must be at least ${least} bytes long`)
}
