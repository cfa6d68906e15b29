import { type RedisReplayOptions, type RedisReplayStore, redisReplayStore } from 'onbehalf/redis'
import { onTestFinished } from 'vitest'
import type { OpenClient } from '../redis/servers.ts'
import { until } from '../support/services.ts'
import { createCallerOf, type Sent } from './redis-load.ts'
import { isFull } from './size.ts'

/** What happens to Redis, and how it comes back. */
export interface Outage {
  begin(): Promise<void> | void
  end(): Promise<void> | void
}

export interface Suffered {
  /** Of all proofs, how often one was admitted again. */
  readonly replays: number
  /** Outcomes of requests with a new proof, of those with a proof sent before, and of those with a certificate. */
  readonly outcomes: Readonly<Record<Sent['kind'], readonly string[]>>
  /** Requests with new proofs that came after the outage began and before it ended. */
  readonly during: readonly Sent[]
  /** Of requests with proofs, while the process had stopped asking Redis. */
  readonly openMs: Spread & { readonly count: number }
  readonly certificateMs: Spread
  /** Of each process: whether it admitted a new proof after its client was connected again. */
  readonly admitsAgain: readonly boolean[]
  /** Of each process: from when its client was connected again until it refused a new proof for the last time. */
  readonly recoveredMs: readonly number[]
  readonly unhandled: number
}

export interface OutageSettings {
  readonly clients: readonly OpenClient[]
  readonly outage: Outage
  readonly seconds: number
  readonly options?: Partial<RedisReplayOptions>
  readonly futureSeconds?: number
  /** How long a recovery may take. */
  readonly settleMs: number
}

/** A replica that was started a moment ago does not follow yet. */
async function openStore(options: RedisReplayOptions): Promise<RedisReplayStore> {
  for (let tries = 1; ; tries++) {
    try {
      return await redisReplayStore(options)
    } catch (error) {
      if (tries === 20) throw error
      await pass(250)
    }
  }
}

/** 500 requests a second go to processes that share a Redis, before its outage, during it and until all have recovered. */
export async function suffer({ clients, outage, settleMs, ...settings }: OutageSettings): Promise<Suffered> {
  const stores = await Promise.all(clients.map(({ client }) => openStore({ client, ...settings.options })))
  const { startLoad } = await createCallerOf(stores, settings.futureSeconds)
  const unhandled = countUnhandled()
  const load = await startLoad(500)
  await pass(isFull ? 2_000 : 500)
  const begunAt = performance.now()
  await outage.begin()
  await pass(settings.seconds * 1_000 - (performance.now() - begunAt))
  const endedAt = performance.now()
  await outage.end()
  const connectedAt = await Promise.all(clients.map(connected))
  const newBy = (by: number) => load.sent.filter((one) => one.by === by && one.kind === 'new')
  const lastRefused = (by: number) => newBy(by).findLast(({ outcome }) => outcome !== 'admitted')?.startedAt ?? 0
  const hasAdmitted = (by: number, since: number) =>
    newBy(by).some(({ startedAt, outcome }) => outcome === 'admitted' && startedAt > since)
  const admitsAgain = (by: number) => hasAdmitted(by, Math.max(...connectedAt))
  // A machine that is busy with other tests may refuse one proof or another at any time, and a Sentinel whose timers come
  // late does nothing for 30 s (its mode TILT).
  const isWell = (by: number) =>
    admitsAgain(by) && (!isFull || hasAdmitted(by, Math.max(lastRefused(by), ...connectedAt) + 500))
  await until(() => clients.every((_, by) => isWell(by)), settleMs + 120_000).catch(() => {})
  const recoveredMs = connectedAt.map((at, by) => Math.max(0, lastRefused(by) - at))
  const certified = load.sent.filter(({ kind }) => kind === 'certificate').map(({ ms }) => ms)
  const open = load.sent.filter((one) => one.isOpen && one.kind !== 'certificate' && one.startedAt < endedAt)
  const replays = await load.stop()
  return {
    replays,
    outcomes: { new: outcomesOf('new'), again: outcomesOf('again'), certificate: outcomesOf('certificate') },
    during: load.sent.filter((one) => one.kind === 'new' && one.startedAt > begunAt && one.startedAt < endedAt),
    openMs: { count: open.length, ...spreadOf(open.map(({ ms }) => ms)) },
    certificateMs: spreadOf(certified),
    admitsAgain: clients.map((_, by) => admitsAgain(by)),
    recoveredMs,
    unhandled: unhandled(),
  }

  function outcomesOf(kind: Sent['kind']): readonly string[] {
    return [...new Set(load.sent.filter((one) => one.kind === kind).map(({ outcome }) => outcome))].sort()
  }
}

export function reportOutage(how: string, { during, openMs, certificateMs, ...suffered }: Suffered): void {
  const spread = ({ median, p99 }: Spread) => `median ${median.toFixed(2)} ms, p99 ${p99.toFixed(1)} ms`
  const recovered = suffered.recoveredMs.map((ms) => `${Math.round(ms)} ms`).join(', ')
  console.info(
    [
      `${how}: ${suffered.replays} replays; ${during.length} new proofs during the outage`,
      `once open ${openMs.count} requests: ${spread(openMs)}; with a certificate: ${spread(certificateMs)}`,
      `recovered after ${recovered}`,
    ].join('\n  '),
  )
}

interface Spread {
  readonly median: number
  readonly p99: number
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function countUnhandled(): () => number {
  let count = 0
  const listener = () => {
    count++
  }
  process.on('unhandledRejection', listener)
  onTestFinished(() => void process.off('unhandledRejection', listener))
  return () => count
}

/** When it first has an answer of Redis. */
async function connected({ client }: OpenClient): Promise<number> {
  const sendCommand = (...args: unknown[]) => (client as unknown as RawClient).sendCommand(...args)
  const isSentinel = 'getMasterNode' in client
  const ping = () => {
    if ('call' in client) return client.call('PING')
    return isSentinel ? sendCommand(false, ['PING']) : sendCommand(['PING'])
  }
  for (;;) {
    try {
      await ping()
      return performance.now()
    } catch {
      await pass(5)
    }
  }
}

interface RawClient {
  sendCommand(...args: unknown[]): Promise<unknown>
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { median: at(0.5), p99: at(0.99) }
}
