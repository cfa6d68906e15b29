import { randomBytes } from 'node:crypto'
import { OptionsError } from '../internal/option-reader.ts'
import { fixed } from '../options/defaults.ts'
import { readRevocation, readRevocationAt } from '../revocations/read-revocation.ts'
import type { Target } from '../revocations/revocation-table.ts'
import type { Revocation, RevocationQuery } from '../types/revocation.ts'
import { within } from './deadline.ts'
import { isNoScript, RedisFailure, redisReasonOf } from './failure.ts'
import type { RedisPort } from './port.ts'
import { argumentsOf, type Change, fieldOf, readChangeMessage, readEntry } from './revocation-change.ts'
import type { SharedRevocationSettings } from './revocation-options.ts'
import { readPages } from './revocation-pages.ts'
import { createRevocationRecords } from './revocation-records.ts'
import { changeScript } from './revocation-script.ts'
import { callOf } from './scripts.ts'
import { readMemoryInfo } from './server-check.ts'

export interface SharedRevocations {
  revoke(revocation: Revocation): Promise<void>
  forget(revocation: Revocation): Promise<boolean>
  isRevoked(query: RevocationQuery): boolean
  readonly size: number
  health(): { state: 'ready' | 'stale'; lastError?: string }
  /** What came on the channel. */
  receive(message: string): void
  /**
   * Reads everything, and from then on asks from time to time whether it has missed anything. Rejects where the server takes
   * no writes. `inspect`: gets the server's answer to INFO, or undefined where it gives none.
   */
  start(inspect: (info: string | undefined) => void): Promise<void>
  close(): void
}

/** One hash tag for all, so that they are on one server of a Cluster. */
export function revocationChannelOf(prefix: string): string {
  return `${prefix}{revocations}changes`
}

/**
 * The head is a random text that changes with every change. A process that has the head of the server has all changes;
 * messages only bring them sooner. It takes no part in the ordering of changes.
 */
export function createSharedRevocations(port: RedisPort, settings: SharedRevocationSettings): SharedRevocations {
  const { prefix, maxEntries, clock } = settings
  const maxStaleMs = settings.maxStaleSeconds * 1_000
  const records = createRevocationRecords(maxEntries, clock)
  const entriesKey = `${prefix}{revocations}entries`
  const forgottenKey = `${prefix}{revocations}forgotten`
  const headKey = `${prefix}{revocations}head`

  let head = ''
  /** When the server was last asked for the head that this process has. */
  let confirmedAt = Number.NEGATIVE_INFINITY
  /** A head that the server has, and whose message may be on its way. */
  let expected: { readonly head: string; readonly askedAt: number; readonly own: string } | undefined
  let mustRead = true
  let isAsking = false
  let isClosed = false
  let lastError: string | undefined
  let timer: NodeJS.Timeout | undefined

  function isStale(): boolean {
    return isClosed || !(clock.monotonic() - confirmedAt <= maxStaleMs)
  }

  async function ask(command: readonly string[]): Promise<unknown> {
    if (isClosed) throw new RedisFailure('it is closed')
    try {
      return await within(fixed.revocationAnswerMs, () => port.send(headKey, command))
    } catch (error) {
      if (!isNoScript(error)) lastError = redisReasonOf(error)
      throw error
    }
  }

  async function write(mode: 'new' | 'back', changes: readonly Change[]): Promise<readonly string[]> {
    const keys = [entriesKey, forgottenKey, headKey]
    const nextHead = randomBytes(12).toString('base64url')
    const channel = revocationChannelOf(prefix)
    const args = [nextHead, channel, String(maxEntries), mode, ...changes.flatMap(argumentsOf)]
    const reply = await ask(callOf(changeScript, 'EVALSHA', keys, args)).catch((error: unknown) => {
      if (!isNoScript(error)) throw error
      return ask(callOf(changeScript, 'EVAL', keys, args))
    })
    if (!Array.isArray(reply) || reply.length !== changes.length) throw wrongReply()
    return reply.map(String)
  }

  async function writeNew(change: Change): Promise<string> {
    try {
      const [result = ''] = await write('new', [change])
      return result
    } catch (error) {
      mustRead = true
      throw new RedisFailure(redisReasonOf(error))
    }
  }

  async function readHead(): Promise<string> {
    const reply = await ask(['GET', headKey])
    if (reply === null) return ''
    if (typeof reply === 'string' || Buffer.isBuffer(reply)) return String(reply)
    throw wrongReply()
  }

  async function beat(): Promise<void> {
    if (isAsking) return
    isAsking = true
    try {
      const askedAt = clock.monotonic()
      const found = await readHead()
      if (mustRead || (found !== head && expected?.own === head)) await readAll()
      else if (found === head) confirm(askedAt)
      else expected = { head: found, askedAt, own: head }
    } catch (error) {
      lastError = redisReasonOf(error)
    } finally {
      isAsking = false
    }
  }

  function confirm(askedAt: number): void {
    expected = undefined
    confirmedAt = askedAt
  }

  /** What changes meanwhile comes as a message; if that is lost, the head tells. */
  async function readAll(): Promise<void> {
    mustRead = false
    expected = undefined
    try {
      const askedAt = clock.monotonic()
      head = await readHead()
      const [entries, forgotten] = await readPages(ask, entriesKey, forgottenKey, maxEntries)
      // A name that was forgotten must not take the room of an entry.
      for (const change of forgotten.values()) records.apply(change)
      for (const change of entries.values()) records.apply(change)
      confirm(askedAt)
      await writeBack(records.missingIn(entries, forgotten))
    } catch (error) {
      mustRead = true
      throw error
    }
  }

  async function writeBack(changes: readonly Change[]): Promise<void> {
    for (let at = 0; at < changes.length; at += fixed.revocationsPerWrite) {
      await write('back', changes.slice(at, at + fixed.revocationsPerWrite))
    }
  }

  return {
    async revoke(revocation) {
      const { target, issuedBefore } = readRevocationAt(revocation, clock)
      const field = shareableField(target)
      const wasHeld = records.has(field)
      // This process refuses at once, whether or not Redis answers.
      const change: Change = { kind: 'revoked', field, version: records.nextVersion(), issuedBefore }
      records.apply(change)
      const result = await writeNew(change)
      if (result === 'full') {
        if (!wasHeld) records.drop(field)
        throw new Error('the memory of revocations is full')
      }
      records.apply(readEntry(field, result))
    },
    async forget(revocation) {
      const field = shareableField(readRevocation(revocation).target)
      const wasHeld = records.has(field)
      const result = await writeNew({ kind: 'forgotten', field, version: records.nextVersion() })
      const [version, wasThere] = result.split(' ')
      records.apply({ kind: 'forgotten', field, version: Number(version) })
      return wasHeld || wasThere === '1'
    },
    isRevoked(query) {
      if (isStale()) throw new RedisFailure('the revocations are not up to date')
      return records.covers(query)
    },
    get size() {
      return records.size
    },
    health: () => ({ state: isStale() ? 'stale' : 'ready', ...(lastError === undefined ? {} : { lastError }) }),
    receive(message) {
      try {
        const { from, to, changes } = readChangeMessage(message)
        for (const change of changes) records.apply(change)
        if (from !== head) return
        head = to
        if (to === expected?.head) confirm(expected.askedAt)
      } catch {
        lastError = 'a message could not be read'
        mustRead = true
      }
    },
    async start(inspect) {
      // A write of nothing at offset 0 changes nothing, but a replica and a server that is full refuse it.
      await ask(['SETRANGE', headKey, '0', ''])
      inspect(await within(fixed.revocationAnswerMs, () => readMemoryInfo(port, headKey)))
      await readAll()
      timer = setInterval(beat, fixed.revocationBeatMs)
      timer.unref()
    },
    close() {
      isClosed = true
      clearInterval(timer)
    },
  }
}

function shareableField(target: Target): string {
  const field = fieldOf(target)
  if (field !== undefined) return field
  throw new OptionsError([{ path: 'revocation', message: 'has names that are too long to be shared' }])
}

function wrongReply(): RedisFailure {
  return new RedisFailure('the answer is of another type')
}
