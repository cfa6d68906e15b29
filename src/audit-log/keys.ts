import { createPrivateKey, createPublicKey, KeyObject, sign, verify } from 'node:crypto'
import type { JWK } from 'jose'
import { isPlainObject, type OptionReader } from '../internal/option-reader.ts'
import { fitsAlgorithm, thumbprint } from '../jose/jwk.ts'
import type { Note } from '../types/audit-log.ts'
import { isLabel, signedText, type UnsignedNote } from './note.ts'

export interface NoteSigner {
  readonly kid: string
  sign(note: UnsignedNote): Note
}

const wanted = 'must be a private Ed25519 key, as a JWK with kid or as a KeyObject'

/** Ed25519 (RFC 8032, RFC 8037 §2). */
export function readSigner(read: OptionReader, path: string, value: unknown): NoteSigner | undefined {
  if (value === undefined) return read.problem(path, 'is required')
  const key = value instanceof KeyObject ? value : importPrivateJwk(value)
  if (key?.type !== 'private' || key.asymmetricKeyType !== 'ed25519') return read.problem(path, wanted)
  const kid = value instanceof KeyObject ? thumbprintOf(key) : (value as JWK).kid
  if (!isLabel(kid)) return read.problem(`${path}.kid`, 'must be 1 to 256 visible ASCII characters')
  return {
    kid,
    sign: (note) => ({ ...note, signature: sign(null, Buffer.from(signedText(note)), key).toString('base64url') }),
  }
}

function importPrivateJwk(value: unknown): KeyObject | undefined {
  if (!isPlainObject(value)) return undefined
  try {
    return createPrivateKey({ key: value as JWK, format: 'jwk' })
  } catch {
    return undefined
  }
}

function thumbprintOf(key: KeyObject): string {
  return thumbprint(createPublicKey(key).export({ format: 'jwk' }))
}

/** Public keys by their `kid` and by their thumbprint; several may share a `kid`. */
export class NoteKeys {
  readonly #keys = new Map<string, KeyObject[]>()

  add(jwk: JWK): void {
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    const names = new Set([thumbprint(jwk as Record<string, unknown>), jwk.kid])
    for (const name of names) if (name !== undefined) this.#keys.set(name, [...(this.#keys.get(name) ?? []), key])
  }

  has(kid: string): boolean {
    return this.#keys.has(kid)
  }

  hasSigned(note: Note): boolean {
    const signature = Buffer.from(note.signature, 'base64url')
    const text = Buffer.from(signedText(note))
    return this.#keys.get(note.kid)?.some((key) => verify(null, text, key, signature)) ?? false
  }
}

export function readNoteKeys(read: OptionReader, path: string, value: unknown): NoteKeys {
  const keys = new NoteKeys()
  const list = isPlainObject(value) && 'keys' in value ? value.keys : value
  if (value === undefined) read.problem(path, 'is required')
  read.list(path, list, (at, item) => {
    if (isPublicKey(item)) keys.add(item)
    else read.problem(at, 'must be a public Ed25519 key as a JWK')
  })
  return keys
}

function isPublicKey(value: unknown): value is JWK {
  return isPlainObject(value) && fitsAlgorithm(value as Record<string, unknown>, 'Ed25519')
}
