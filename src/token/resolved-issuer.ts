import { fixed } from '../options/defaults.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import type { IntrospectionSetting } from './introspection.ts'
import type { Keyring } from './keys.ts'
import { closeTrustedIssuer, createTrustedIssuer, type TrustedIssuer } from './trusted-issuer.ts'

/** An issuer that a resolver knows. Once it is gone, nothing that it signed is believed without being verified anew. */
export interface ResolvedIssuer extends TrustedIssuer {
  readonly isGone: boolean
  /** May it be used without asking? */
  isBelieved(): boolean
  /** May it be used where asking has failed? */
  isHeld(): boolean
  /** Asks in the background before the answer is old. A resolver that answers at once may have dropped the issuer thereby. */
  renewInTime(): void
  /** The resolver said the same again. */
  confirm(begun: Moment): void
  /** The resolver could not say anything. */
  fail(): void
  drop(): void
  close(): void
}

/** When a question was asked, on both clocks in milliseconds. */
export interface Moment {
  readonly monotonic: number
  readonly wall: number
}

interface Surroundings {
  readonly setting: IntrospectionSetting
  readonly freshSeconds: number
  /** Marks the issuer as used. */
  use(): void
  renew(): void
}

export function createResolvedIssuer(policy: IssuerPolicy, begun: Moment, around: Surroundings): ResolvedIssuer {
  const { clock } = around.setting
  const freshMs = around.freshSeconds * 1_000
  // Answers are kept for few tokens only, because there may be many issuers.
  const cache = { tokens: Math.min(fixed.resolvedIssuerAnswers, around.setting.cache.tokens) }
  const trusted = createTrustedIssuer(policy, { ...around.setting, cache })
  let answered = begun
  let hasFailed = false
  let isBeingRenewed = false
  let isGone = false
  /** Monotonic milliseconds. */
  let retryAt = Number.NEGATIVE_INFINITY

  /** The longer of two: the monotonic clock may stand still while the machine is suspended, the wall clock may be set back. */
  function age(nowWall = clock.now()): number {
    return Math.max(clock.monotonic() - answered.monotonic, nowWall - answered.wall)
  }

  function isBelievedAt(ageMs: number): boolean {
    return ageMs <= (hasFailed ? 2 * freshMs : freshMs)
  }

  function renewAt(ageMs: number): void {
    if (ageMs <= freshMs * fixed.resolverRefreshShare || isBeingRenewed || clock.monotonic() < retryAt) return
    isBeingRenewed = true
    around.renew()
  }

  const keyring: Keyring = {
    ...trusted.keyring,
    vouchesFor(key, nowWall) {
      const ageMs = age(nowWall)
      if (isGone || !isBelievedAt(ageMs)) return false
      around.use()
      renewAt(ageMs)
      return !isGone && trusted.keyring.vouchesFor(key, nowWall)
    },
  }

  return {
    policy,
    keyring,
    introspection: trusted.introspection,
    get isGone() {
      return isGone
    },
    isBelieved: () => isBelievedAt(age()),
    isHeld: () => age() <= 2 * freshMs,
    renewInTime: () => renewAt(age()),
    confirm(moment) {
      answered = moment
      hasFailed = false
      isBeingRenewed = false
    },
    fail() {
      hasFailed = true
      isBeingRenewed = false
      retryAt = clock.monotonic() + fixed.resolverRetrySeconds * 1_000
    },
    drop() {
      isGone = true
      closeTrustedIssuer(trusted)
    },
    close: () => closeTrustedIssuer(trusted),
  }
}
