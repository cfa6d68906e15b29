import type { Clock } from './options.ts'

/**
 * A connected client with your own settings: of `redis` (5 or later: client, pool, Cluster or Sentinel), or of `ioredis` (5
 * or later) or `iovalkey` (client or Cluster).
 */
export type RedisClient = NodeRedisClient | IoredisClient

/** What is used of `redis`. */
export interface NodeRedisClient {
  /** Sends one command; its other arguments differ between client, Cluster and Sentinel. */
  sendCommand(...command: never[]): Promise<unknown>
  /** Begins several commands over one connection. */
  multi(...settings: never[]): unknown
}

/** What is used of `ioredis` and `iovalkey`. */
export interface IoredisClient {
  /** Sends one command. */
  call(command: string, ...args: string[]): Promise<unknown>
  /** Sends several commands over one connection. */
  pipeline(...commands: never[]): unknown
}

/** Settings of `redisReplayStore()`. */
export interface RedisReplayOptions {
  /** The client. It must write to masters and never read from replicas. Required. */
  client: RedisClient
  /**
   * What all keys of this store begin with: 1 to 64 of the characters `A-Z a-z 0-9 : . _ -`. Services with tokens and URLs
   * of their own need prefixes of their own; processes of one service need the same. Default: `'onbehalf:'`.
   */
  prefix?: string | undefined
  /**
   * How long an answer may take, in whole milliseconds; without one the request is refused (`replay_unavailable`). Keep it
   * below `hookTimeoutMs` of the verifier. From 1 to 60 000. Default: 250.
   */
  timeoutMs?: number | undefined
  /** When the server is not asked any more. Default: the defaults of {@link RedisBreakerOptions}. */
  breaker?: RedisBreakerOptions | undefined
  /**
   * Waits until replicas have each proof, which costs a round trip to them. Default: does not wait; a fail-over can lose
   * proofs that were just used, and each of them is accepted once more.
   */
  wait?: RedisWaitOptions | undefined
  /** Its time. The verifier has a clock of its own. Default: `Date.now` and `performance.now`. */
  clock?: Clock | undefined
}

/** While the breaker is open, every proof is refused at once (`replay_unavailable`). */
export interface RedisBreakerOptions {
  /** It opens after so many calls in a row without an answer. From 1 to 1 000. Default: 5. */
  failures?: number | undefined
  /** After so many milliseconds one proof at a time tries again. From 1 to 60 000. Default: 1 000. */
  openMs?: number | undefined
}

/** WAIT of Redis. With fewer replicas the request is refused (`replay_unavailable`). */
export interface RedisWaitOptions {
  /** How many replicas must have the proof. From 1 to 100. Required. */
  replicas: number
  /** How long to wait for them, in whole milliseconds; less than `timeoutMs`. From 1 to 60 000. Required. */
  ms: number
}
