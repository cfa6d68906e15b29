import { OAuthError } from './oauth-error.ts'

/** Remembers identifiers for a fixed time: at most `capacity` of them, and at most `share` of one client. */
export interface SingleUse {
  /** Throws where the identifier was used before, and where there is no room: forgetting one early would let it be replayed. */
  consume(client: string, identifier: string, refusal: () => OAuthError): void
}

interface Use {
  readonly client: string
  readonly expiry: number
}

export function createSingleUse(options: {
  seconds: number
  capacity: number
  share: number
  now: () => number
}): SingleUse {
  const { seconds, capacity, share, now } = options
  // Every entry lives equally long, so the order of insertion is the order of expiry.
  const uses = new Map<string, Use>()
  const counts = new Map<string, number>()

  function dropExpired(time: number): void {
    for (const [identifier, { client, expiry }] of uses) {
      // The last second still counts: what is remembered may still be accepted in it.
      if (expiry >= time) return
      uses.delete(identifier)
      count(client, -1)
    }
  }

  function count(client: string, change: number): void {
    const sum = (counts.get(client) ?? 0) + change
    if (sum === 0) counts.delete(client)
    else counts.set(client, sum)
  }

  return {
    consume(client, identifier, refusal) {
      const time = now()
      dropExpired(time)
      const name = JSON.stringify([client, identifier])
      if (uses.has(name)) throw refusal()
      if (uses.size >= capacity || (counts.get(client) ?? 0) >= share) {
        throw new OAuthError('temporarily_unavailable', 'The server cannot take further requests now', 503)
      }
      uses.set(name, { client, expiry: time + seconds })
      count(client, 1)
    },
  }
}
