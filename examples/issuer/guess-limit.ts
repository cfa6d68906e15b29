import { LRUCache } from 'lru-cache'

/** RFC 8628 §5.1: how many codes one address may try in vain. */
export interface GuessLimit {
  isBlocked(address: string): boolean
  /** To be called before a code is looked up, so that guesses at the same time count as well. */
  note(address: string): void
  /** The code was right. */
  pardon(address: string): void
}

const maxGuesses = 10
const blockMs = 10 * 60_000

/** `now` in milliseconds. The addresses that have not guessed for the longest time are forgotten beyond the bound. */
export function createGuessLimit(now: () => number, maxAddresses = 10_000): GuessLimit {
  const guesses = new LRUCache<string, { readonly count: number; readonly since: number }>({ max: maxAddresses })

  function guessedBy(address: string): { readonly count: number; readonly since: number } {
    const guessed = guesses.get(address)
    return guessed !== undefined && now() - guessed.since < blockMs ? guessed : { count: 0, since: now() }
  }

  return {
    isBlocked: (address) => guessedBy(address).count >= maxGuesses,
    note(address) {
      const { count, since } = guessedBy(address)
      guesses.set(address, { count: count + 1, since })
    },
    pardon(address) {
      const { count, since } = guessedBy(address)
      guesses.set(address, { count: Math.max(0, count - 1), since })
    },
  }
}
