import type { ReplayStore } from 'onbehalf'

/** What is used of `pg`: a `Pool`, connected to the primary. Never give it a read replica. */
export interface Database {
  query(text: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>
}

export interface PostgresReplay extends ReplayStore {
  add(key: string, lifetimeMs: number): Promise<'fresh' | 'seen' | { answer: 'fresh' | 'seen'; completeSince: number }>
  /** Deletes what has ended, at most so many rows; gives how many there were. Call it every minute or so. */
  clear(limit?: number): Promise<number>
}

export interface PostgresReplayOptions {
  readonly database: Database
  /** Milliseconds since the epoch. The statements get the time of the application: the database may have another. */
  readonly now?: () => number
}

/**
 * Used proofs in PostgreSQL. One statement inserts a key, or takes over the row of one whose end is past; the row that it
 * gives back says that the key was new. The tables are unlogged: a crash of the server empties both, and then the missing
 * epoch tells that proofs were lost. Not noticed: a fail-over or a restored backup that lost only the last rows. Where that
 * matters, use a logged table and synchronous replication.
 */
export async function postgresReplayStore({
  database,
  now = Date.now,
}: PostgresReplayOptions): Promise<PostgresReplay> {
  for (const statement of tables) await database.query(statement)

  return {
    async add(key, lifetimeMs) {
      const time = now()
      const { rows } = await database.query(useKey, [key, time + lifetimeMs, time])
      const { is_new, since } = rows[0] as { is_new: boolean; since: string | null }
      const answer = is_new ? 'fresh' : 'seen'
      if (since !== null) return { answer, completeSince: Number(since) }
      // Nothing is known of the time before the epoch that is written now: by a time read after the loss was found.
      const written = now()
      await database.query('INSERT INTO replay_epoch VALUES (true, $1) ON CONFLICT DO NOTHING', [written])
      return { answer, completeSince: written }
    },
    async clear(limit = 10_000) {
      const { rows } = await database.query(clearEnded, [now(), limit])
      return rows.length
    },
  }
}

const tables = [
  'CREATE UNLOGGED TABLE IF NOT EXISTS replay_used (key text PRIMARY KEY, ends bigint NOT NULL)',
  'CREATE INDEX IF NOT EXISTS replay_used_ends ON replay_used (ends)',
  'CREATE UNLOGGED TABLE IF NOT EXISTS replay_epoch (only_one boolean PRIMARY KEY CHECK (only_one), since bigint NOT NULL)',
]

/** $1: key, $2: its end, $3: the time now. The condition is judged under the lock of the row, so of many uses one is new. */
const useKey = `
WITH used AS (
  INSERT INTO replay_used AS old VALUES ($1, $2::bigint)
  ON CONFLICT (key) DO UPDATE SET ends = excluded.ends WHERE old.ends < $3::bigint
  RETURNING key
)
SELECT EXISTS (SELECT FROM used) AS is_new, (SELECT since FROM replay_epoch) AS since`

/** Others that clear at the same time pass over the rows that this one deletes. */
const clearEnded = `
DELETE FROM replay_used WHERE key IN (
  SELECT key FROM replay_used WHERE ends < $1 LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING key`
