/** One process of a race: it is given requests by message, sends each many times at once, and tells the outcomes. */
import { Cluster, Redis } from 'ioredis'
import { createVerifier, type VerifierOptions } from 'onbehalf'
import { type RedisClient, redisReplayStore } from 'onbehalf/redis'
import { requestView } from 'onbehalf/testing'
import { createClient, createCluster } from 'redis'

export interface Entry {
  readonly library: 'redis' | 'ioredis'
  /** Several are a Cluster. */
  readonly ports: readonly number[]
  readonly issuer: VerifierOptions['issuer']
  readonly resource: string
}

export interface Heat {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly uses: number
  /** When to begin, in milliseconds since the epoch, so that all processes do so together. */
  readonly at: number
}

/** How many uses had each outcome. */
export type Outcomes = Readonly<Record<string, number>>

process.once('message', async (entry: Entry) => {
  const run = await enter(entry)
  process.on('message', async (heat: Heat) => process.send?.(await run(heat)))
  process.send?.('ready')
})
process.on('disconnect', () => process.exit())

async function enter({ library, ports, ...trust }: Entry): Promise<(heat: Heat) => Promise<Outcomes>> {
  const urls = ports.map((port) => `redis://127.0.0.1:${port}`)
  const client = await (library === 'redis' ? connectNodeRedis(urls) : connectIoredis(urls))
  // Beside other programs on few cores the usual times are too short.
  const replay = await redisReplayStore({ client, timeoutMs: 10_000 })
  const verifier = createVerifier({ ...trust, dpop: { replay }, hookTimeoutMs: 20_000, metadata: false })
  return async ({ url, headers, uses, at }) => {
    const views = Array.from({ length: uses }, () => requestView({ url, headers }))
    while (Date.now() < at) await new Promise((resolve) => setImmediate(resolve))
    const verdicts = await Promise.all(views.map((view) => verifier.check(view)))
    const outcomes: Record<string, number> = {}
    for (const verdict of verdicts) {
      const outcome = verdict.ok ? 'admitted' : verdict.refusal.code
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    }
    return outcomes
  }
}

function connectIoredis(urls: readonly string[]): RedisClient {
  return urls.length > 1 ? new Cluster([...urls]) : new Redis(String(urls[0]))
}

async function connectNodeRedis(urls: readonly string[]): Promise<RedisClient> {
  const client =
    urls.length > 1
      ? createCluster({ rootNodes: urls.map((url) => ({ url })) })
      : createClient({ url: String(urls[0]) })
  client.on('error', () => {})
  await client.connect()
  return client
}
