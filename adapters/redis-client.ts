import type { RedisPort } from '../src/redis/port.ts'
import type { IoredisClient, NodeRedisClient, RedisClient } from '../src/types/redis-options.ts'

export function portOf(client: RedisClient): RedisPort {
  return 'call' in client ? portOfIoredis(client) : portOfNodeRedis(client)
}

function portOfIoredis(client: IoredisClient): RedisPort {
  const pipeline = client.pipeline.bind(client) as unknown as StartIoredisPipeline
  return {
    send: (_key, [name = '', ...args]) => client.call(name, ...args),
    // A pipeline that the connection did not outlive is rejected and not sent again.
    async sendPair(_key, first, second) {
      const results = await pipeline([lowerCased(first), lowerCased(second)]).exec()
      const [one, two] = results ?? []
      if (one === undefined || two === undefined) throw new Error('the pipeline gave no answer')
      for (const [error] of [one, two]) if (error !== null) throw error
      return [one[1], two[1]]
    },
  }
}

type StartIoredisPipeline = (commands: readonly (readonly string[])[]) => {
  exec(): Promise<readonly (readonly [error: Error | null, value?: unknown])[] | null>
}

/** Commands of a pipeline are names of methods. */
function lowerCased([name = '', ...args]: readonly string[]): readonly string[] {
  return [name.toLowerCase(), ...args]
}

function portOfNodeRedis(client: NodeRedisClient): RedisPort {
  const sendCommand = client.sendCommand.bind(client) as unknown as (...args: unknown[]) => Promise<unknown>
  const multi = client.multi.bind(client) as unknown as () => NodeRedisMulti
  const routeTo = routeOfRaw(client)
  return {
    send: (key, command) => sendCommand(...routeTo(key), command),
    sendPair: (key, first, second) =>
      multi()
        .addCommand(...routeTo(key), first)
        .addCommand(...routeTo(key), second)
        .execAsPipeline() as Promise<readonly [unknown, unknown]>,
  }
}

interface NodeRedisMulti {
  addCommand(...args: unknown[]): NodeRedisMulti
  execAsPipeline(): Promise<readonly unknown[]>
}

/** What goes before a raw command: a Cluster asks for a key and whether a replica may answer, Sentinel for the latter. */
function routeOfRaw(client: object): (key: string) => readonly unknown[] {
  if ('masters' in client && 'slots' in client) return (key) => [key, false]
  if ('getMasterNode' in client) return () => [false]
  return () => []
}
