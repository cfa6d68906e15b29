import { randomBytes, scrypt, scryptSync, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** Someone who can sign in. */
export interface Person {
  readonly id: string
  /** As the pages greet them. */
  readonly name: string
  readonly password: string
}

export interface People {
  find(id: string): { readonly id: string; readonly name: string } | undefined
  /** The id of the person, or undefined. It takes the same time for people who do not exist. */
  signIn(id: string, password: string): Promise<string | undefined>
}

/** So many wrong passwords for one person within a quarter of an hour, and the next are not looked at. */
const maxFailures = 10
const failureMs = 15 * 60_000
/** Passwords that are looked at at once; others are wrong. On the threads of libuv they hold up nothing else. */
const maxInFlight = 32
const derive = promisify<string, Buffer, number, unknown>(scrypt)

/** People who are known from the start. Passwords are kept as scrypt hashes only. */
export function createPeople(people: readonly Person[], now: () => number): People {
  const known = new Map(people.map(({ id, name, password }) => [id, { id, name, ...hash(password) }]))
  const stranger = hash(randomBytes(32).toString('hex'))
  let inFlight = 0
  const failures = new Map<string, { count: number; readonly since: number }>()

  function isBlocked(id: string): boolean {
    const failed = failures.get(id)
    if (failed === undefined) return false
    if (now() - failed.since < failureMs) return failed.count >= maxFailures
    failures.delete(id)
    return false
  }

  return {
    find(id) {
      const person = known.get(id)
      return person && { id, name: person.name }
    },
    async signIn(id, password) {
      const person = known.get(id)
      const { salt, digest } = person ?? stranger
      if (inFlight >= maxInFlight) return undefined
      inFlight++
      const typed = await derive(password.slice(0, 1_024), salt, 32).finally(() => inFlight--)
      const isRight = timingSafeEqual(digest, typed as Buffer) && person !== undefined
      if (isRight && !isBlocked(id)) {
        failures.delete(id)
        return id
      }
      // Only people who exist are counted, so the counts have a bound.
      if (person !== undefined && !isBlocked(id)) {
        const failed = failures.get(id)
        failures.set(id, { since: failed?.since ?? now(), count: (failed?.count ?? 0) + 1 })
      }
      return undefined
    },
  }
}

function hash(password: string): { readonly salt: Buffer; readonly digest: Buffer } {
  const salt = randomBytes(16)
  return { salt, digest: scryptSync(password, salt, 32) }
}
