import { fixed } from '../src/options/defaults.ts'
import { within } from '../src/redis/deadline.ts'
import { redisReasonOf } from '../src/redis/failure.ts'
import { readReplayOptions } from '../src/redis/options.ts'
import { createRedisReplay } from '../src/redis/replay-store.ts'
import { readSharedRevocationOptions } from '../src/redis/revocation-options.ts'
import { createServerCheck } from '../src/redis/server-check.ts'
import { createSharedRevocations, revocationChannelOf } from '../src/redis/shared-revocations.ts'
import { nameSharedStore } from '../src/replay/shared-stores.ts'
import type { ReplayStore, StoreAnswer } from '../src/types/options.ts'
import type { RedisReplayOptions, RedisRevocationOptions } from '../src/types/redis-options.ts'
import type { Revocation, RevocationQuery, RevocationSource } from '../src/types/revocation.ts'
import { portOf } from './redis-client.ts'
import { subscribeTo } from './redis-subscriber.ts'

export type {
  IoredisClient,
  IoredisSubscriber,
  NodeRedisClient,
  NodeRedisSubscriber,
  RedisBreakerOptions,
  RedisClient,
  RedisReplayOptions,
  RedisRevocationOptions,
  RedisSubscriber,
  RedisWaitOptions,
} from '../src/types/redis-options.ts'

/** A replay memory in Redis, for `dpop.replay`. */
export interface RedisReplayStore extends ReplayStore {
  add(key: string, lifetimeMs: number): Promise<StoreAnswer>
  /** Whether it asks the server, has stopped asking, or tries again; and why it last got no answer, without any address. */
  health(): { state: 'ready' | 'open' | 'probing'; lastError?: string }
}

/**
 * Remembers used proofs (RFC 9449 §11.1) in Redis, for all processes with the same server and prefix. Each use is one
 * script, so that of many uses of one proof exactly one is new. A server that lost its data is found out, and then
 * proofs that could have been used before are refused. A fail-over that loses the last writes alone is not; `wait` closes
 * that gap. Rejects with an `OptionsError` for wrong options, and with an `Error` where no server answers within 5 s, one
 * takes no writes, or one may evict entries (`maxmemory-policy` must be `noeviction`). The client stays yours: it is not
 * closed here.
 */
export async function redisReplayStore(options: RedisReplayOptions): Promise<RedisReplayStore> {
  const { client, ...settings } = readReplayOptions(options)
  const replay = createRedisReplay(portOf(client), settings)
  const check = createServerCheck()
  try {
    await replay.start(check.inspect)
  } catch (error) {
    throw new Error(`redisReplayStore: ${redisReasonOf(error)}`)
  }
  const store: RedisReplayStore = { add: replay.add, health: replay.health }
  nameSharedStore(store, { store: 'redis', notes: check.notes(settings.wait) })
  return store
}

/** What was revoked in any process, as a source for the `revocation` of a verifier. It answers from memory, at once. */
export interface RedisRevocations extends RevocationSource {
  /**
   * Refuses the tokens that it names: in this process from the next request on, in every other within a second. A second
   * revocation of the same thing can only move `issuedBefore` to a later time. Resolves once Redis has it. Rejects with an
   * `OptionsError` for anything but one good revocation or names of more than 16 384 characters, and with an `Error` where
   * `maxEntries` are held; then it revokes nothing. Rejects with an `Error` where Redis gives no answer within 5 s: this
   * process then refuses the tokens all the same, and tells the others once it can.
   */
  revoke(revocation: Revocation): Promise<void>
  /**
   * Takes out the entry of what this revocation names; `issuedBefore` does not count. The tokens are good again, in every
   * process within a second. Resolves with whether there was one. Rejects as `revoke`
   * does; where Redis gives no answer, the entry may stay.
   */
  forget(revocation: Revocation): Promise<boolean>
  /** Throws where it has not been up to date for longer than `maxStaleSeconds`, and after `close()`. */
  isRevoked(query: RevocationQuery): boolean
  /** Entries that this process holds now. */
  readonly size: number
  readonly maxEntries: number
  /** Whether it answers, and why it last got no answer of Redis, without any address. */
  health(): { state: 'ready' | 'stale'; lastError?: string }
  /** Ends its timer and its subscription; both clients stay open. What is asked afterwards is refused. */
  close(): void
}

/**
 * Revokes tokens, parties, clients, sessions, owners and keys in all processes with the same Redis and prefix. Each process
 * holds all entries and hears of changes by messages; it also asks for what it has missed, several times a second. What a
 * Redis lost is written back by the processes that know it, without what was forgotten. The entries hold the names that
 * you revoke, as JSON. It does not ask the issuer, and does not know whether what is revoked exists. Rejects with an
 * `OptionsError` for wrong options, and with an `Error` where Redis does not answer within 5 s, takes no writes, may evict
 * entries (`maxmemory-policy` must be `noeviction`), or holds what cannot be read. Where `INFO` is forbidden it does not
 * know the policy. The clients stay yours: they are not closed here.
 */
export async function redisRevocations(options: RedisRevocationOptions): Promise<RedisRevocations> {
  const { client, subscriber, ...settings } = readSharedRevocationOptions(options)
  const shared = createSharedRevocations(portOf(client), settings)
  const channel = revocationChannelOf(settings.prefix)
  const subscription = subscribeTo(subscriber, channel, shared.receive)
  function close(): void {
    shared.close()
    subscription.then((stop) => stop()).catch(() => {})
  }
  try {
    // First the messages, then what was before them.
    await within(fixed.revocationAnswerMs, () => subscription)
    await shared.start(createServerCheck().inspect)
  } catch (error) {
    close()
    throw new Error(`redisRevocations: ${redisReasonOf(error)}`)
  }
  const { revoke, forget, isRevoked, health } = shared
  return {
    revoke,
    forget,
    isRevoked,
    get size() {
      return shared.size
    },
    maxEntries: settings.maxEntries,
    health,
    close,
  }
}
