/** The keys of an issuer on a network in memory, without a verifier around them. */
import { createTestClock, type TestClock } from 'onbehalf/testing'
import type { Algorithm, IssuerOptions } from '../../../src/index.ts'
import { readOptions } from '../../../src/options/policy.ts'
import { Denial } from '../../../src/refusal/denial.ts'
import type { Keyring, TokenKey } from '../../../src/token/keys.ts'
import { createRemoteKeyring } from '../../../src/token/remote-keys.ts'
import { type Members, makeRawKey, type RawKey } from '../../support/jws.ts'
import { gate, keysUri } from '../../support/key-home.ts'
import { issuerUrl, resource } from '../../support/kit.ts'

export const a: RawKey = await makeRawKey('ES256')
export const b: RawKey = await makeRawKey('ES256')
export const rsa: RawKey = await makeRawKey('RS256')

export type Found = TokenKey | Denial

export interface Ring {
  readonly keyring: Keyring
  readonly clock: TestClock
  /** How often the keys were asked for. */
  readonly asked: number
  /** What the issuer publishes from now on; `undefined`: it is down. */
  publish(document: object | undefined): void
  /** Until this is opened no further answer comes. */
  hold(): () => void
  find(kid: string | undefined, algorithm?: Algorithm): Promise<Found>
  /** Undefined where the request would have to wait. */
  findNow(kid: string | undefined, algorithm?: Algorithm): Found | undefined
}

export function published(key: RawKey, kid: string | undefined, alg: string = key.algorithm): Members {
  return { ...key.publicJwk, kid, alg }
}

export const onlyA = (): { keys: Members[] } => ({ keys: [published(a, 'k1')] })

export function createRing(trust: Partial<IssuerOptions> = {}, clock: TestClock = createTestClock()): Ring {
  const policy = readOptions({ issuer: { issuer: issuerUrl, jwksUri: keysUri, ...trust }, resource }).issuers
  const issuer = policy.get(issuerUrl)
  if (issuer === undefined) throw new Error('no issuer')
  let asked = 0
  let document: object | undefined = onlyA()
  let held = Promise.resolve()
  const keyring = createRemoteKeyring(issuer, clock, async () => {
    asked++
    await held
    if (document === undefined) throw new Error('down')
    return Response.json(document)
  })
  const find = (kid: string | undefined, algorithm: Algorithm = 'ES256') => keyring.find(kid, algorithm)
  return {
    keyring,
    clock,
    get asked() {
      return asked
    },
    publish: (next) => {
      document = next
    },
    hold() {
      const { opened, open } = gate()
      held = opened
      return open
    },
    find: async (kid, algorithm) => find(kid, algorithm),
    findNow(kid, algorithm) {
      const found = find(kid, algorithm)
      return found instanceof Promise ? undefined : found
    },
  }
}

/** A ring that has fetched its keys at this moment. */
export async function loadedRing(trust?: Partial<IssuerOptions>, document: object = onlyA()): Promise<Ring> {
  const ring = createRing(trust)
  ring.publish(document)
  await ring.find('any')
  return ring
}

export const outcome = (found: Found | undefined): string =>
  found === undefined ? 'had to wait' : found instanceof Denial ? found.code : (found.kid ?? 'without kid')
export const causeOf = (found: Found | undefined): string | undefined =>
  found instanceof Denial ? found.facts.cause : 'found'

export async function keyOf(ring: Ring): Promise<TokenKey> {
  const found = await ring.find('k1')
  if (found instanceof Denial) throw new Error(found.code)
  return found
}
