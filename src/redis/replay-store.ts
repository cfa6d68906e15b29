import type { StoreAnswer } from '../types/options.ts'
import type { BreakerCall } from './breaker.ts'
import { createBreaker } from './breaker.ts'
import { type Deadline, within } from './deadline.ts'
import { createEpochs, newEpoch, timeInEpoch } from './epochs.ts'
import { isNoScript, RedisFailure, redisReasonOf } from './failure.ts'
import { epochKeyOf, proofKeyOf, redisTags, tagOfKey } from './keys.ts'
import type { ReplaySettings } from './options.ts'
import type { RedisPort } from './port.ts'
import { callOf, type Script, settleScript, useScript } from './scripts.ts'
import { readMemoryInfo } from './server-check.ts'

export interface RedisReplay {
  add(key: string, lifetimeMs: number): Promise<StoreAnswer>
  health(): { state: 'ready' | 'open' | 'probing'; lastError?: string }
  /** Settles all epochs. `inspect`: gets each server's answer to INFO, or undefined where it gives none. */
  start(inspect: (info: string | undefined) => void): Promise<void>
}

export function createRedisReplay(port: RedisPort, settings: ReplaySettings): RedisReplay {
  const { prefix, timeoutMs, startMs, wait, clock } = settings
  const breaker = createBreaker(settings.breaker, clock)
  const epochs = createEpochs(clock)
  let lastError: string | undefined
  let isSettling = false

  async function add(key: string, lifetimeMs: number): Promise<StoreAnswer> {
    const tag = tagOfKey(key)
    if (tag === undefined) throw new TypeError('the key must be a SHA-256 in base64url')
    // Redis refuses 0 and fractions, and would take them for an outage.
    if (!Number.isSafeInteger(lifetimeMs) || lifetimeMs < 1)
      throw new TypeError('the lifetime must be whole and above 0')
    const call = breaker.admit()
    if (call === undefined) throw new RedisFailure('the breaker is open')
    const keys = [epochKeyOf(prefix, tag), proofKeyOf(prefix, tag, key)]
    const reply = await guarded(call, (deadline) =>
      run(useScript, keys, [epochs.mark(), String(lifetimeMs)], deadline, askAndWait),
    )
    const completeSince = epochs.read(tag, reply.epoch)
    if (epochs.isLost) settleInBackground()
    return { answer: reply.isNew ? 'fresh' : 'seen', completeSince }
  }

  async function guarded<T>(call: BreakerCall, work: (deadline: Deadline) => Promise<T>): Promise<T> {
    try {
      const value = await within(timeoutMs, work)
      breaker.report(call, true)
      return value
    } catch (error) {
      lastError = redisReasonOf(error)
      breaker.report(call, false)
      throw new RedisFailure(lastError)
    }
  }

  async function run(
    script: Script,
    keys: readonly string[],
    args: readonly string[],
    deadline: Deadline,
    ask: (key: string, command: readonly string[]) => Promise<Reply> = askOnce,
  ): Promise<Reply> {
    const askBy = (by: 'EVALSHA' | 'EVAL') => ask(keys[0] as string, callOf(script, by, keys, args))
    try {
      return await askBy('EVALSHA')
    } catch (error) {
      if (!isNoScript(error) || deadline.isOver) throw error
      return askBy('EVAL')
    }
  }

  async function askOnce(key: string, command: readonly string[]): Promise<Reply> {
    return readReply(await port.send(key, command))
  }

  async function askAndWait(key: string, command: readonly string[]): Promise<Reply> {
    if (wait === undefined) return askOnce(key, command)
    const [reply, replicas] = await port.sendPair(key, command, ['WAIT', String(wait.replicas), String(wait.ms)])
    if (!(Number(replicas) >= wait.replicas)) throw new RedisFailure('too few replicas have the proof')
    return readReply(reply)
  }

  /** A loss is met by one proof: an idle service must not pay for it again with each tag. */
  function settleInBackground(): void {
    if (isSettling) return
    isSettling = true
    within(startMs, (deadline) => epochs.settleAll((tag) => settleTag(tag, deadline)))
      .catch((error: unknown) => {
        lastError = redisReasonOf(error)
      })
      .finally(() => {
        isSettling = false
      })
  }

  async function settleTag(tag: string, deadline: Deadline): Promise<string> {
    const keys = [epochKeyOf(prefix, tag)]
    const { epoch } = await run(useScript, keys, [epochs.mark()], deadline)
    if (timeInEpoch(epoch) !== undefined) return epoch
    return (await run(settleScript, keys, [epoch, newEpoch(clock)], deadline)).epoch
  }

  return {
    add,
    health: () => ({ state: breaker.state, ...(lastError === undefined ? {} : { lastError }) }),
    start: (inspect) =>
      within(startMs, async (deadline) => {
        // No epoch waits for replicas: one that a fail-over loses is found missing.
        await epochs.settleAll(async (tag) => {
          const epoch = await settleTag(tag, deadline)
          inspect(await readMemoryInfo(port, epochKeyOf(prefix, tag)))
          return epoch
        })
        const [first] = redisTags
        await run(useScript, [epochKeyOf(prefix, first as string)], [epochs.mark()], deadline, askAndWait)
      }),
  }
}

interface Reply {
  readonly epoch: string
  readonly isNew: boolean
}

/** The script of a proof gives a list, the one that settles an epoch a text. */
function readReply(reply: unknown): Reply {
  if (Array.isArray(reply)) {
    const [epoch, isNew] = reply as readonly unknown[]
    if (isReplyText(epoch) && ['0', '1'].includes(String(isNew)))
      return { epoch: String(epoch), isNew: String(isNew) === '1' }
  } else if (isReplyText(reply)) return { epoch: String(reply), isNew: false }
  throw new RedisFailure('the answer is of another type')
}

/** Clients can be told to give bytes, and numbers as text. */
function isReplyText(value: unknown): value is string | Buffer {
  return typeof value === 'string' || Buffer.isBuffer(value)
}
