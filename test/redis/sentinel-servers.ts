/** A master, a replica and a real redis-sentinel that makes the replica the master, and clients that ask it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createSentinel } from 'redis'
import { freePort, isListening, makeFolder, serviceOf, startService, until } from '../support/services.ts'
import {
  type Family,
  type OpenClient,
  openIoredis,
  openNodeRedis,
  quick,
  type RedisServer,
  redisCli,
  startRedis,
} from './servers.ts'

export interface SentinelServers {
  readonly sentinelPort: number
  /** At the start. */
  readonly master: RedisServer
  readonly replica: RedisServer
  /** The replica gets nothing any more, as if it were far behind. */
  holdBack(): Promise<void>
  /** Kills the master. Resolves once the replica has taken its place. */
  failOver(): Promise<void>
  /** Starts the old master as a replica of the new one. Resolves once it has its data. */
  rejoin(): Promise<void>
  remove(): Promise<void>
}

export async function startSentinel(): Promise<SentinelServers> {
  // A first replica is else given its data after five seconds.
  const atOnce = ['--repl-diskless-sync-delay', '0']
  const master = await startRedis(...atOnce)
  const replica = await startRedis(...atOnce, '--replicaof', '127.0.0.1', String(master.port))
  await until(async () => (await replica.cli('info', 'replication')).includes('master_link_status:up'))
  const port = await freePort()
  const folder = makeFolder('sentinel')
  const file = join(folder.path, 'sentinel.conf')
  writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', ...watch(master.port), ''].join('\n'))
  const running = await startService(serviceOf('redis-sentinel') as string, [file], () => isListening(port), {
    cwd: folder.path,
  })
  await until(async () => (await redisCli(port, ['sentinel', 'replicas', name])).includes(String(replica.port)))
  return {
    sentinelPort: port,
    master,
    replica,
    async holdBack() {
      // It may not come in again: the master has no password.
      await replica.cli('config', 'set', 'masterauth', 'x')
      await master.cli('client', 'kill', 'type', 'replica')
    },
    async failOver() {
      await master.kill()
      await until(async () => (await replica.cli('role')).startsWith('master'), 60_000)
    },
    async rejoin() {
      await master.restart()
      await master.cli('replicaof', '127.0.0.1', String(replica.port))
      await until(async () => (await master.cli('info', 'replication')).includes('master_link_status:up'))
    },
    async remove() {
      await running.stop()
      await Promise.all([master.remove(), replica.remove()])
      folder.remove()
    },
  }
}

const name = 'main'

function watch(masterPort: number): readonly string[] {
  return [
    `sentinel monitor ${name} 127.0.0.1 ${masterPort} 1`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 4000`,
  ]
}

export const sentinelLibraries: Readonly<Record<Family, (sentinelPort: number) => Promise<OpenClient>>> = {
  'redis 6': async (port) => openNodeRedis(createSentinel({ name, sentinelRootNodes: [{ host: '127.0.0.1', port }] })),
  'ioredis 6': async (port) =>
    openIoredis(
      new Redis({
        name,
        sentinels: [{ host: '127.0.0.1', port }],
        sentinelRetryStrategy: () => 20,
        // It may have found the old master, which came back for a moment before it became a replica.
        reconnectOnError: ({ message }) => message.startsWith('READONLY'),
        ...quick,
      }),
    ),
}
