import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { replayStoreContract } from 'onbehalf/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { postgresReplayStore } from '../../examples/replay-postgres/replay-store.ts'
import {
  describeWithService,
  freePort,
  isListening,
  makeFolder,
  type Running,
  serviceOf,
  startService,
} from '../support/services.ts'

const key = () => randomBytes(32).toString('base64url')

describeWithService('postgres', 'a replay memory in PostgreSQL', () => {
  const server = usePostgres()

  async function connect(options: pg.PoolConfig = {}): Promise<pg.Pool> {
    const admin = server.pool('postgres')
    const name = `replay_${randomBytes(4).toString('hex')}`
    await admin.query(`CREATE DATABASE ${name}`)
    await admin.end()
    return openPool(name, options)
  }

  function openPool(name: string, options: pg.PoolConfig = {}): pg.Pool {
    const pool = server.pool(name, options)
    onTestFinished(() => pool.end())
    return pool
  }

  replayStoreContract(
    async (fault) => {
      const database = await connect()
      const store = await postgresReplayStore({ database })
      if (fault === 'error') await database.query('DROP TABLE replay_used')
      if (fault === 'hang') {
        const locker = await database.connect()
        onTestFinished(() => locker.release(true))
        await locker.query('BEGIN; LOCK TABLE replay_used')
      }
      return store
    },
    { test, expect },
  )

  test('REPLAY: of many uses of a key whose end is past exactly one is new', async () => {
    let now = 1_000_000
    const store = await postgresReplayStore({ database: await connect(), now: () => now })
    const name = key()
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => store.add(name, 1_000)))
      const words = answers.map((answer) => (typeof answer === 'object' ? answer.answer : answer))
      expect(words.filter((word) => word === 'fresh')).toEqual(['fresh'])
      now += 1_001
    }
  })

  test('REPLAY: an emptied database is complete since its next use alone', async () => {
    let now = 1_000_000
    const database = await connect()
    const store = await postgresReplayStore({ database, now: () => now })
    expect(await store.add(key(), 1_000)).toEqual({ answer: 'fresh', completeSince: 1_000_000 })
    now += 60_000
    expect(await store.add(key(), 1_000)).toEqual({ answer: 'fresh', completeSince: 1_000_000 })
    await database.query('TRUNCATE replay_used, replay_epoch')
    expect(await store.add(key(), 1_000)).toEqual({ answer: 'fresh', completeSince: 1_060_000 })
  })

  test('REPLAY: what has ended is cleared, and nothing else', async () => {
    let now = 1_000_000
    const store = await postgresReplayStore({ database: await connect(), now: () => now })
    const lasting = key()
    await store.add(lasting, 60_000)
    for (let at = 0; at < 10; at++) await store.add(key(), 1_000)
    now += 2_000
    expect([await store.clear(4), await store.clear(), await store.clear()]).toEqual([4, 6, 0])
    expect(await store.add(lasting, 60_000)).toMatchObject({ answer: 'seen' })
  })
})

interface PostgresServer {
  pool(database: string, options?: pg.PoolConfig): pg.Pool
}

/** One server for the suite. It refuses to run as root: then it is the user postgres, as Debian makes it. */
function usePostgres(): PostgresServer {
  const user = process.getuid?.() === 0 ? idsOf('postgres') : undefined
  const folder = makeFolder('postgres')
  let port = 0
  let running: Running | undefined
  beforeAll(async () => {
    if (user !== undefined) chownSync(folder.path, user.uid, user.gid)
    const data = join(folder.path, 'data')
    const setup = ['-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync', '--locale=C', '-E', 'UTF8']
    await promisify(execFile)(serviceOf('initdb') as string, setup, { cwd: folder.path, ...user })
    port = await freePort()
    const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder.path, '-F']
    running = await startService(serviceOf('postgres') as string, args, () => isReady(port), {
      cwd: folder.path,
      ...user,
    })
  }, 60_000)
  afterAll(async () => {
    await running?.stop()
    folder.remove()
  })
  return {
    pool(database, options) {
      const pool = new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', database, max: 8, ...options })
      pool.on('error', () => {})
      return pool
    },
  }
}

async function isReady(port: number): Promise<boolean> {
  if (!(await isListening(port))) return false
  const pool = new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
  pool.on('error', () => {})
  try {
    await pool.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await pool.end()
  }
}

function idsOf(name: string): { readonly uid: number; readonly gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  if (uid === undefined || gid === undefined) throw new Error(`there is no user ${name}`)
  return { uid: Number(uid), gid: Number(gid) }
}
