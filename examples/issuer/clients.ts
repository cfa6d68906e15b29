import { createPublicKey, type JsonWebKey } from 'node:crypto'
import type { Adapter, StoredModel } from 'oidc-provider'
import { refused } from './metadata-values.ts'
import type { Storage } from './storage.ts'

/**
 * The clients in the storage, each with keys of its own: two clients with one key could speak for each other, and no proof
 * would tell which of them did. This is where registrations, updates and the operator's clients pass, one at a time.
 */
export function clientAdapter(storage: Storage): Adapter {
  const adapter = storage.adapter('Client')
  return {
    ...adapter,
    async upsert(id, client, expiresIn) {
      const keys = new Set(keysOf(client))
      for (const [other, { jwks }] of storage.all('Client')) {
        if (other !== id && keysOf({ jwks }).some((key) => keys.has(key))) throw refused('another client has this key')
      }
      await adapter.upsert(id, client, expiresIn)
    },
  }
}

/** In one spelling. What is no key is refused where metadata are checked. */
function keysOf({ jwks }: StoredModel): readonly string[] {
  const { keys } = (jwks ?? {}) as { readonly keys?: unknown }
  return Array.isArray(keys) ? keys.flatMap((key: JsonWebKey) => spellingOf(key) ?? []) : []
}

function spellingOf(key: JsonWebKey): string | undefined {
  try {
    return createPublicKey({ key, format: 'jwk' }).export({ format: 'der', type: 'spki' }).toString('base64')
  } catch {
    return undefined
  }
}
