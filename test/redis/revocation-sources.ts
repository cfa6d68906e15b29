/** Shared revocations over real clients. They are closed with the test that opened them. */
import { type RedisRevocationOptions, type RedisRevocations, redisRevocations } from 'onbehalf/redis'
import type { Revocation } from 'onbehalf/revocation'
import type { TestClock } from 'onbehalf/testing'
import { onTestFinished } from 'vitest'
import { issuerUrl as issuer } from '../support/kit.ts'
import { partyOf, queryOf } from '../unit/revocations/query.ts'
import { type Library, libraries, type RedisServer, startRedis } from './servers.ts'

export const alice: Revocation = { issuer, party: 'alice', issuedBefore: 2_000_000_000 }
export const bob: Revocation = { issuer, party: 'bob', issuedBefore: 2_000_000_000 }

/** Another process, as far as Redis can tell. */
export async function open(
  library: Library,
  { port }: RedisServer,
  options: Partial<RedisRevocationOptions> = {},
): Promise<RedisRevocations> {
  const [{ client, close }, receiver] = await Promise.all([libraries[library](port), libraries[library](port)])
  const source = await redisRevocations({ client, subscriber: receiver.client, ...options })
  onTestFinished(() => {
    source.close()
    close()
    receiver.close()
  })
  return source
}

/** Undefined where it gives no answer. */
export const revokes = (source: RedisRevocations, subject: string, issuedAt = 1_000): boolean | undefined => {
  try {
    return source.isRevoked(queryOf({ issuer, issuedAt, parties: [partyOf({ assertedBy: issuer, issuer, subject })] }))
  } catch {
    return undefined
  }
}

/** Outages of its own make a server of its own. */
export async function ownServer(): Promise<RedisServer> {
  const server = await startRedis()
  onTestFinished(() => server.remove())
  return server
}

/** A process that can be cut off from Redis and from messages. */
export async function openCuttable(
  server: RedisServer,
  clock: TestClock,
): Promise<{ source: RedisRevocations; line: Line }> {
  const [{ client, close }, receiver] = await Promise.all([
    libraries['ioredis 6'](server.port),
    libraries['ioredis 6'](server.port),
  ])
  const { client: subscriber } = receiver
  if (!('call' in client && 'pipeline' in client && 'on' in subscriber)) throw new Error('these are clients of ioredis')
  const line: Line = { isCut: false, drops: false }
  const source = await redisRevocations({
    client: {
      call: (command, ...args) => (line.isCut ? Promise.reject(new Error('cut off')) : client.call(command, ...args)),
      pipeline: client.pipeline.bind(client),
    },
    subscriber: {
      call: subscriber.call.bind(subscriber),
      subscribe: subscriber.subscribe.bind(subscriber),
      unsubscribe: subscriber.unsubscribe.bind(subscriber),
      on: (event, listener) =>
        subscriber.on(event, (channel, message) => {
          if (!line.isCut && !line.drops) listener(channel, message)
        }),
      off: () => undefined,
    },
    clock,
  })
  onTestFinished(() => {
    source.close()
    close()
    receiver.close()
  })
  return { source, line }
}

export interface Line {
  isCut: boolean
  /** Only messages are lost. */
  drops: boolean
}
