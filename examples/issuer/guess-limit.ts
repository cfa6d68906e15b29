import { isIPv6 } from 'node:net'
import { LRUCache } from 'lru-cache'

/** RFC 8628 §5.1: how many codes one address, or one network of IPv6, may try in vain. */
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
    const guessed = guesses.get(networkOf(address))
    return guessed !== undefined && now() - guessed.since < blockMs ? guessed : { count: 0, since: now() }
  }

  return {
    isBlocked: (address) => guessedBy(address).count >= maxGuesses,
    note(address) {
      const { count, since } = guessedBy(address)
      guesses.set(networkOf(address), { count: count + 1, since })
    },
    pardon(address) {
      const { count, since } = guessedBy(address)
      guesses.set(networkOf(address), { count: Math.max(0, count - 1), since })
    },
  }
}

/** RFC 6177 §2: a site has a network of 64 bits at least, and can take another address in it for each guess. */
function networkOf(address: string): string {
  // RFC 4291 §2.5.5.2: an address of IPv4 in one of IPv6 is of one host.
  if (!isIPv6(address) || /^::ffff:/i.test(address) || address.includes('%')) return address
  const [left = [], right = []] = new URL(`http://[${address}]`).hostname
    .slice(1, -1)
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array<string>(8 - left.length - right.length).fill('0')
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`
}
