/** Real redis-server processes, and clients of every library that is supported. They end with the test or suite that made them. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Cluster, Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis-5'
import { Redis as Valkey } from 'iovalkey'
import type { IoredisClient, IoredisSubscriber, NodeRedisClient, NodeRedisSubscriber } from 'onbehalf/redis'
import { createClient, createCluster } from 'redis'
import { createClient as createClient5 } from 'redis-5'
import { freePort, isListening, makeFolder, type Running, serviceOf, startService, until } from '../support/services.ts'

export interface RedisServer {
  readonly port: number
  /** Of redis-cli. */
  cli(...args: readonly string[]): Promise<string>
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  kill(): Promise<void>
  /** On the same port, and empty: nothing is written to disk. */
  restart(): Promise<void>
  /** Kills it and removes its folder. */
  remove(): Promise<void>
}

export async function startRedis(...settings: readonly string[]): Promise<RedisServer> {
  const port = await freePort()
  const folder = makeFolder('redis')
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...settings]
  const start = () =>
    startService(serviceOf('redis-server') as string, args, () => isListening(port), { cwd: folder.path })
  let running: Running = await start()
  return {
    port,
    cli: (...command) => redisCli(port, command),
    signal: (name) => void running.child.kill(name),
    kill: () => running.stop(),
    async restart() {
      running = await start()
    },
    async remove() {
      await running.stop()
      folder.remove()
    },
  }
}

const execute = promisify(execFile)

export async function redisCli(port: number, command: readonly string[]): Promise<string> {
  const { stdout } = await execute(serviceOf('redis-cli') as string, ['-p', String(port), ...command])
  return stdout.trim()
}

/** Three masters that share all slots. */
export async function startCluster(): Promise<readonly RedisServer[]> {
  const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']
  const servers = await Promise.all([1, 2, 3].map(() => startRedis(...settings)))
  const addresses = servers.map(({ port }) => `127.0.0.1:${port}`)
  await execute(serviceOf('redis-cli') as string, ['--cluster', 'create', ...addresses, '--cluster-yes'])
  const isWhole = async ({ cli }: RedisServer) => (await cli('cluster', 'info')).includes('cluster_state:ok')
  await until(async () => (await Promise.all(servers.map(isWhole))).every(Boolean))
  return servers
}

export interface OpenClient {
  readonly client: (NodeRedisClient & NodeRedisSubscriber) | (IoredisClient & IoredisSubscriber)
  close(): void
}

/** How a client of each library is made for one server. They report errors on their own event, which nobody needs here. */
export type Library = 'redis 6' | 'redis 5' | 'ioredis 6' | 'ioredis 5' | 'iovalkey'
export type Family = (typeof families)[number]

export const libraries: Readonly<Record<Library, (port: number) => Promise<OpenClient>>> = {
  'redis 6': (port) => openNodeRedis(createClient({ url: urlOf(port) })),
  'redis 5': (port) => openNodeRedis(createClient5({ url: urlOf(port) })),
  'ioredis 6': async (port) => openIoredis(new Redis(port, quick)),
  'ioredis 5': async (port) => openIoredis(new Redis5(port, quick)),
  iovalkey: async (port) => openIoredis(new Valkey(port, quick)),
}

export const clusterLibraries: Readonly<Record<Family, (ports: readonly number[]) => Promise<OpenClient>>> = {
  'redis 6': async (ports) => openNodeRedis(createCluster({ rootNodes: ports.map((port) => ({ url: urlOf(port) })) })),
  'ioredis 6': async (ports) => openIoredis(new Cluster(ports.map((port) => ({ host: '127.0.0.1', port })))),
}

/** Of `redis`, and of `ioredis`. */
export const families = ['redis 6', 'ioredis 6'] as const

export const quick = { retryStrategy: () => 20 }

function urlOf(port: number): string {
  return `redis://127.0.0.1:${port}`
}

interface NodeRedisLike extends NodeRedisSubscriber {
  sendCommand(...args: never[]): Promise<unknown>
  multi(...args: never[]): unknown
  on(event: 'error', listener: () => void): unknown
  connect(): Promise<unknown>
  destroy(): void
}

export async function openNodeRedis(client: NodeRedisLike): Promise<OpenClient> {
  client.on('error', () => {})
  await client.connect()
  return { client, close: () => client.destroy() }
}

interface IoredisLike extends IoredisSubscriber {
  pipeline(...commands: never[]): unknown
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  on(event: 'error', listener: () => void): unknown
  disconnect(): void
}

export function openIoredis(client: IoredisLike): OpenClient {
  client.on('error', () => {})
  return { client, close: () => client.disconnect() }
}
