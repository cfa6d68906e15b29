import { systemClock } from '../internal/clock.ts'
import { namesOf, OptionReader, type RawOptions } from '../internal/option-reader.ts'
import { fixed, ranges } from '../options/defaults.ts'
import { readNumber } from '../options/read-number.ts'
import type { Clock } from '../types/options.ts'
import type { RedisBreakerOptions, RedisClient, RedisReplayOptions, RedisWaitOptions } from '../types/redis-options.ts'

export interface ReplaySettings {
  readonly prefix: string
  readonly timeoutMs: number
  /** For all epochs together. */
  readonly startMs: number
  readonly breaker: { readonly failures: number; readonly openMs: number }
  readonly wait: { readonly replicas: number; readonly ms: number } | undefined
  readonly clock: Clock
}

export function readReplayOptions(options: unknown): ReplaySettings & { readonly client: RedisClient } {
  const read = new OptionReader()
  if (options === undefined) read.problem('redisReplayStore', 'is required')
  const raw: RawOptions<keyof RedisReplayOptions> = read.object('redisReplayStore', options, optionNames) ?? {}
  const client = readRedisClient(read, 'redisReplayStore.client', raw.client)
  const timeoutMs = readNumber(read, 'redisReplayStore.timeoutMs', raw.timeoutMs)
  const settings = {
    prefix: readPrefix(read, 'redisReplayStore.prefix', raw.prefix),
    timeoutMs,
    startMs: fixed.redisStartMs,
    breaker: readBreaker(read, raw.breaker),
    wait: readWait(read, raw.wait, timeoutMs),
    clock: read.methods<Clock>('redisReplayStore.clock', raw.clock, ['now', 'monotonic']) ?? systemClock,
  }
  read.finish()
  return { ...settings, client: client as RedisClient }
}

const optionNames = namesOf<RedisReplayOptions>({
  client: true,
  prefix: true,
  timeoutMs: true,
  breaker: true,
  wait: true,
  clock: true,
})
const breakerNames = namesOf<RedisBreakerOptions>({ failures: true, openMs: true })
const waitNames = namesOf<RedisWaitOptions>({ replicas: true, ms: true })

/** Clients are objects or, where a library wraps them, functions with members. */
export function readRedisClient(read: OptionReader, path: string, value: unknown): RedisClient | undefined {
  if (value === undefined) return read.problem(path, 'is required')
  const { call, pipeline, sendCommand, multi } = Object(value) as Record<string, unknown>
  const areFunctions = (...members: unknown[]) => members.every((member) => typeof member === 'function')
  if (areFunctions(call, pipeline) || areFunctions(sendCommand, multi)) return value as RedisClient
  return read.problem(path, 'must be a client of redis 5, ioredis 5 or iovalkey, or a later one')
}

/** A brace would make another hash tag of it. */
export function readPrefix(read: OptionReader, path: string, value: unknown): string {
  const prefix = read.string(path, value) ?? 'onbehalf:'
  if (!/^[\w:.-]{1,64}$/.test(prefix)) read.problem(path, 'must be 1 to 64 of the characters A-Z a-z 0-9 : . _ -')
  return prefix
}

function readBreaker(read: OptionReader, value: unknown): ReplaySettings['breaker'] {
  const raw: RawOptions<keyof RedisBreakerOptions> = read.object('redisReplayStore.breaker', value, breakerNames) ?? {}
  return {
    failures: readNumber(read, 'redisReplayStore.breaker.failures', raw.failures),
    openMs: readNumber(read, 'redisReplayStore.breaker.openMs', raw.openMs),
  }
}

function readWait(read: OptionReader, value: unknown, timeoutMs: number): ReplaySettings['wait'] {
  const raw: RawOptions<keyof RedisWaitOptions> | undefined = read.object('redisReplayStore.wait', value, waitNames)
  if (raw === undefined) return undefined
  const replicas = readRanged(read, 'redisReplayStore.wait.replicas', raw.replicas)
  const ms = readRanged(read, 'redisReplayStore.wait.ms', raw.ms)
  if (ms >= timeoutMs) read.problem('redisReplayStore.wait.ms', 'must be less than redisReplayStore.timeoutMs')
  return { replicas, ms }
}

function readRanged(
  read: OptionReader,
  path: 'redisReplayStore.wait.replicas' | 'redisReplayStore.wait.ms',
  value: unknown,
): number {
  if (value === undefined) read.problem(path, 'is required')
  const { least, most } = ranges[path]
  return read.number(path, value, least, most) ?? least
}
