import type { OptionReader } from '../internal/option-reader.ts'
import { memoryReplayStore } from '../replay/memory-store.ts'
import type { Algorithm, ReplayStore } from '../types/options.ts'
import { readAlgorithms } from './issuer.ts'

export interface DpopPolicy {
  readonly algorithms: readonly Algorithm[]
  readonly maxAgeSeconds: number
  readonly futureSeconds: number
  readonly maxBytes: number
  readonly freshness: 'iat' | 'nonce' | 'both'
  readonly nonce: { readonly secrets: readonly Uint8Array[]; readonly seconds: number } | undefined
  readonly replay: ReplayStore
  readonly htu: 'rfc9449' | 'strict'
  readonly offload: 'never' | 'adaptive' | 'always'
}

const names = [
  'algorithms',
  'maxAgeSeconds',
  'futureSeconds',
  'maxBytes',
  'nonce',
  'freshness',
  'replay',
  'htu',
  'offload',
  'preset',
]

const presets = {
  none: { maxAge: 60, future: 10, htu: 'rfc9449' },
  /** FAPI 2.0: 0–10 s ahead accepted, more than 60 s refused. */
  fapi2: { maxAge: 60, future: 10, htu: 'rfc9449' },
  /** SEP-1932: ± 5 minutes. */
  mcp: { maxAge: 300, future: 300, htu: 'strict' },
} as const

const defaultAlgorithms: readonly Algorithm[] = ['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256']

export function readDpop(read: OptionReader, value: unknown): DpopPolicy | false {
  if (value === false) return false
  const raw = read.object('dpop', value, names) ?? {}
  const presetName = read.oneOf('dpop.preset', raw['preset'], ['fapi2', 'mcp'] as const)
  const preset = presets[presetName ?? 'none']
  const nonce = readNonce(read, raw['nonce'])
  const freshness = read.oneOf('dpop.freshness', raw['freshness'], ['iat', 'nonce', 'both'] as const)
  if (freshness !== undefined && freshness !== 'iat' && raw['nonce'] === undefined) {
    read.problem('dpop.freshness', `${freshness} needs dpop.nonce`)
  }
  const algorithms = readAlgorithms(read, 'dpop.algorithms', raw['algorithms']) ?? defaultAlgorithms
  if (presetName === 'fapi2' && algorithms.includes('RS256')) {
    read.problem('dpop.algorithms', 'RS256 is not allowed by preset fapi2')
  }
  return {
    algorithms,
    maxAgeSeconds: read.number('dpop.maxAgeSeconds', raw['maxAgeSeconds'], 1, 3_600) ?? preset.maxAge,
    futureSeconds: read.number('dpop.futureSeconds', raw['futureSeconds'], 0, 3_600) ?? preset.future,
    maxBytes: read.number('dpop.maxBytes', raw['maxBytes'], 256, 1_048_576) ?? 4_096,
    freshness: freshness ?? (nonce === undefined ? 'iat' : 'both'),
    nonce,
    replay: read.methods<ReplayStore>('dpop.replay', raw['replay'], ['add']) ?? memoryReplayStore(),
    htu: read.oneOf('dpop.htu', raw['htu'], ['rfc9449', 'strict'] as const) ?? preset.htu,
    offload: read.oneOf('dpop.offload', raw['offload'], ['never', 'adaptive', 'always'] as const) ?? 'adaptive',
  }
}

function readNonce(read: OptionReader, value: unknown): DpopPolicy['nonce'] {
  const raw = read.object('dpop.nonce', value, ['secret', 'seconds', 'mode'])
  if (raw === undefined) return undefined
  read.oneOf('dpop.nonce.mode', raw['mode'], ['required'] as const)
  if (raw['secret'] === undefined) read.problem('dpop.nonce.secret', 'is required')
  const list = Array.isArray(raw['secret']) ? raw['secret'] : raw['secret'] === undefined ? undefined : [raw['secret']]
  const secrets = read.list('dpop.nonce.secret', list, (path, item) => readSecret(read, path, item))
  return {
    secrets: secrets ?? [],
    seconds: read.number('dpop.nonce.seconds', raw['seconds'], 10, 86_400) ?? 300,
  }
}

function readSecret(read: OptionReader, path: string, item: unknown): Uint8Array | undefined {
  const isBytes = item instanceof Uint8Array
  if (typeof item !== 'string' && !isBytes) return read.problem(path, 'must be a string or bytes')
  const bytes = isBytes ? Uint8Array.from(item) : Buffer.from(item, 'utf8')
  return bytes.length >= 32 ? bytes : read.problem(path, 'must be at least 32 bytes long')
}

export function readMtls(read: OptionReader, value: unknown): { readonly certificate: 'socket' } | false {
  if (value === false) return false
  const raw = read.object('mtls', value, ['certificate'])
  return { certificate: read.oneOf('mtls.certificate', raw?.['certificate'], ['socket'] as const) ?? 'socket' }
}
