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

/**
 * A connection of its own, connected and with your own settings, that only receives messages: of `redis` (made with
 * `client.duplicate()`), `ioredis` or `iovalkey`.
 */
export type RedisSubscriber = NodeRedisSubscriber | IoredisSubscriber

/** What is used of `redis`. */
export interface NodeRedisSubscriber {
  /** Receives the messages of a channel. */
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  /** Ends that. */
  unsubscribe(channel: string, listener: never): Promise<unknown>
}

/** What is used of `ioredis` and `iovalkey`. */
export interface IoredisSubscriber {
  /** Its presence tells the libraries apart. */
  call(command: string, ...args: string[]): Promise<unknown>
  /** Receives the messages of a channel. */
  subscribe(channel: string): Promise<unknown>
  /** Ends that. */
  unsubscribe(channel: string): Promise<unknown>
  /** Listens to the messages of all channels. */
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  /** Ends that. */
  off(event: 'message', listener: (channel: string, message: string) => void): unknown
}

/** Settings of `redisRevocations()`. */
export interface RedisRevocationOptions {
  /** Reads and writes. It must write to masters and never read from replicas. Required. */
  client: RedisClient
  /** Receives messages; not the same connection as `client`. Required. */
  subscriber: RedisSubscriber
  /**
   * What all keys and the channel begin with: 1 to 64 of the characters `A-Z a-z 0-9 : . _ -`. Processes that share
   * revocations need the same. Default: `'onbehalf:'`.
   */
  prefix?: string | undefined
  /**
   * For so many whole seconds it answers without knowing that it is up to date; after that every request is refused
   * (`revocation_unavailable`). From 5 to 3 600. Default: 30.
   */
  maxStaleSeconds?: number | undefined
  /**
   * How many entries are held, in Redis and in each process; when it is full, `revoke` rejects. As many forgotten names are
   * kept beside them. It should be the same in all processes: one that cannot hold what Redis has is not up to date. An
   * entry never goes by age. From 1 to 1 000 000. Default: 1 000 000.
   */
  maxEntries?: number | undefined
  /** Its time. The verifier has a clock of its own. Default: `Date.now` and `performance.now`. */
  clock?: Clock | undefined
}
