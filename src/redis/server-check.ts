import { RedisFailure } from './failure.ts'
import type { ReplaySettings } from './options.ts'
import type { RedisPort } from './port.ts'

/** The answer to INFO of the server that holds `key`; undefined where it gives none, as INFO may be forbidden. */
export async function readMemoryInfo(port: RedisPort, key: string): Promise<string | undefined> {
  try {
    // The first command has the key, by which the client finds the server.
    const [, info] = await port.sendPair(key, ['EXISTS', key], ['INFO', 'memory'])
    return String(info)
  } catch {
    return undefined
  }
}

/** What the servers say of themselves when a store or a source is made. */
export interface ServerCheck {
  /** Throws where this server may evict entries: an evicted proof is accepted once more, an evicted revocation is forgotten. */
  readonly inspect: (info: string | undefined) => void
  /** For `describe()`. */
  notes(wait: ReplaySettings['wait']): readonly string[]
}

export function createServerCheck(): ServerCheck {
  let isSilent = false
  return {
    inspect(info) {
      const [, policy] = /^maxmemory_policy:([\w-]+)/m.exec(info ?? '') ?? []
      if (policy === undefined) isSilent = true
      else if (policy !== 'noeviction') throw new RedisFailure('maxmemory-policy must be noeviction')
    },
    notes: (wait) => [
      wait === undefined
        ? 'A fail-over to a replica can lose the proofs used just before it, and each of them is accepted once more; `wait` prevents this.'
        : `A proof counts as used once ${wait.replicas} of the replicas have it. A fail-over to another replica can lose it.`,
      'After a loss of all data, proofs that could have been used before it are refused.',
      ...(isSilent
        ? [
            'A server does not say whether it may evict entries (INFO is forbidden): set maxmemory-policy to noeviction.',
          ]
        : []),
    ],
  }
}
