import { namesOf, OptionReader, type RawOptions } from '../internal/option-reader.ts'
import type { DpopFetchOptions, RemoteKey, SigningKeyPair } from '../types/client-options.ts'

export function readDpopFetchOptions(options: unknown): DpopFetchOptions {
  const read = new OptionReader()
  if (options === undefined) read.problem('dpopFetch', 'is required')
  const raw: RawOptions<keyof DpopFetchOptions> = read.object('dpopFetch', options, optionNames) ?? {}
  const settings = {
    key: readProofKeyOption(read, raw.key),
    token: read.function<DpopFetchOptions['token']>('dpopFetch.token', raw.token),
    fetch: read.function<typeof fetch>('dpopFetch.fetch', raw.fetch),
    clock: readTimeSource(read, raw.clock),
    onStepUp: read.function<DpopFetchOptions['onStepUp']>('dpopFetch.onStepUp', raw.onStepUp),
  }
  read.finish()
  return { ...settings, key: settings.key as DpopFetchOptions['key'] }
}

const optionNames = namesOf<DpopFetchOptions>({ key: true, token: true, fetch: true, clock: true, onStepUp: true })

function readProofKeyOption(read: OptionReader, value: unknown): DpopFetchOptions['key'] | undefined {
  if (value === undefined) return read.problem('dpopFetch.key', 'is required')
  const { privateKey, publicKey, publicJwk, sign } = Object(value) as Partial<SigningKeyPair & RemoteKey>
  if (privateKey !== undefined || publicKey !== undefined) {
    const canSign = privateKey?.type === 'private' && privateKey.usages.includes('sign')
    if (canSign && publicKey?.type === 'public') return { privateKey, publicKey }
    return read.problem('dpopFetch.key', 'must be a private key that signs, and its public key')
  }
  if (typeof publicJwk === 'object' && publicJwk !== null && typeof sign === 'function') return value as RemoteKey
  return read.problem('dpopFetch.key', 'must be a pair of keys, or an object with publicJwk and sign()')
}

function readTimeSource(read: OptionReader, value: unknown): DpopFetchOptions['clock'] {
  if (typeof value === 'function') return value as () => number
  return read.methods<{ now(): number }>('dpopFetch.clock', value, ['now'])
}
