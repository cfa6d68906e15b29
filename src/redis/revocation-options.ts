import { systemClock } from '../internal/clock.ts'
import { namesOf, OptionReader, type RawOptions } from '../internal/option-reader.ts'
import { readNumber } from '../options/read-number.ts'
import type { Clock } from '../types/options.ts'
import type { RedisClient, RedisRevocationOptions, RedisSubscriber } from '../types/redis-options.ts'
import { readPrefix, readRedisClient } from './options.ts'

export interface SharedRevocationSettings {
  readonly prefix: string
  readonly maxStaleSeconds: number
  readonly maxEntries: number
  readonly clock: Clock
}

export function readSharedRevocationOptions(
  options: unknown,
): SharedRevocationSettings & { readonly client: RedisClient; readonly subscriber: RedisSubscriber } {
  const read = new OptionReader()
  if (options === undefined) read.problem('redisRevocations', 'is required')
  const raw: RawOptions<keyof RedisRevocationOptions> = read.object('redisRevocations', options, optionNames) ?? {}
  const client = readRedisClient(read, 'redisRevocations.client', raw.client)
  const subscriber = readSubscriber(read, raw.subscriber, raw.client)
  const settings = {
    prefix: readPrefix(read, 'redisRevocations.prefix', raw.prefix),
    maxStaleSeconds: readNumber(read, 'redisRevocations.maxStaleSeconds', raw.maxStaleSeconds),
    maxEntries: readNumber(read, 'redisRevocations.maxEntries', raw.maxEntries),
    clock: read.methods<Clock>('redisRevocations.clock', raw.clock, ['now', 'monotonic']) ?? systemClock,
  }
  read.finish()
  return { ...settings, client: client as RedisClient, subscriber: subscriber as RedisSubscriber }
}

const optionNames = namesOf<RedisRevocationOptions>({
  client: true,
  subscriber: true,
  prefix: true,
  maxStaleSeconds: true,
  maxEntries: true,
  clock: true,
})

/** A connection that receives messages takes no other commands. */
function readSubscriber(read: OptionReader, value: unknown, client: unknown): RedisSubscriber | undefined {
  const path = 'redisRevocations.subscriber'
  if (value === undefined) return read.problem(path, 'is required')
  if (value === client) return read.problem(path, 'must not be the client: it needs a connection of its own')
  const { subscribe, unsubscribe, call, on, off } = Object(value) as Record<string, unknown>
  const needed = call === undefined ? [subscribe, unsubscribe] : [subscribe, unsubscribe, on, off]
  if (needed.every((member) => typeof member === 'function')) return value as RedisSubscriber
  return read.problem(path, 'must be a client of redis 5, ioredis 5 or iovalkey, or a later one')
}
