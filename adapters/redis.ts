import { redisReasonOf } from '../src/redis/failure.ts'
import { readReplayOptions } from '../src/redis/options.ts'
import { createRedisReplay } from '../src/redis/replay-store.ts'
import { createServerCheck } from '../src/redis/server-check.ts'
import { nameSharedStore } from '../src/replay/shared-stores.ts'
import type { ReplayStore, StoreAnswer } from '../src/types/options.ts'
import type { RedisReplayOptions } from '../src/types/redis-options.ts'
import { portOf } from './redis-client.ts'

export type {
  IoredisClient,
  NodeRedisClient,
  RedisBreakerOptions,
  RedisClient,
  RedisReplayOptions,
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
