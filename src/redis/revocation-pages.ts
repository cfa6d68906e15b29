import { fixed } from '../options/defaults.ts'
import { RedisFailure } from './failure.ts'
import { type Change, readEntry, readForgotten } from './revocation-change.ts'

type Ask = (command: readonly string[]) => Promise<unknown>
type Changes = ReadonlyMap<string, Change>

/** The entries and the forgotten names on the server, page by page. Rejects where one cannot be read or there are too many. */
export async function readPages(
  ask: Ask,
  entriesKey: string,
  forgottenKey: string,
  most: number,
): Promise<readonly [entries: Changes, forgotten: Changes]> {
  const entries = await readAllOf(ask, 'HSCAN', entriesKey, readEntry, most)
  // An entry that is forgotten meanwhile is then in one of them or in both, never in neither.
  const forgotten = await readAllOf(ask, 'ZSCAN', forgottenKey, readForgotten, most)
  return [entries, forgotten]
}

async function readAllOf(
  ask: Ask,
  command: 'HSCAN' | 'ZSCAN',
  key: string,
  read: (field: string, value: string) => Change,
  most: number,
): Promise<Changes> {
  const found = new Map<string, Change>()
  let cursor = '0'
  do {
    const reply = await ask([command, key, cursor, 'COUNT', String(fixed.revocationsPerPage)])
    const [next, items] = readPage(reply)
    for (let at = 0; at + 1 < items.length; at += 2) {
      const field = String(items[at])
      found.set(field, read(field, String(items[at + 1])))
    }
    if (found.size > most) throw new RedisFailure('there are more revocations than maxEntries')
    cursor = next
  } while (cursor !== '0')
  return found
}

function readPage(reply: unknown): readonly [cursor: string, items: readonly unknown[]] {
  if (!Array.isArray(reply)) throw new RedisFailure('the answer is of another type')
  const [cursor, items] = reply as readonly unknown[]
  if (!Array.isArray(items) || !/^\d+$/.test(String(cursor))) throw new RedisFailure('the answer is of another type')
  return [String(cursor), items]
}
