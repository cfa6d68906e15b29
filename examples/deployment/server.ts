import { createServer } from 'node:http'
import { type AuditRecord, createVerifier } from 'onbehalf'
import { redisReplayStore } from 'onbehalf/redis'
import { createClient } from 'redis'
import { createApp } from './app.ts'
import { createProbes } from './probes.ts'
import { readSettings } from './settings.ts'
import { shutDown } from './shutdown.ts'

/** One replica. compose.yaml has its command and its environment. */
const settings = readSettings()

// Without the offline queue a command fails at once while Redis is away. Failures reach requests as refusals, and health().
const client = createClient({
  url: settings.redisUrl,
  disableOfflineQueue: true,
  socket: { reconnectStrategy: 200 },
}).on('error', () => {})
await client.connect()

const verifier = createVerifier({
  issuer: settings.issuer,
  resource: settings.resource,
  dpop: {
    replay: await redisReplayStore({ client, timeoutMs: settings.redisTimeoutMs }),
    nonce: { secret: settings.nonceSecrets, seconds: settings.nonceSeconds },
  },
  mtls: { certificate: { header: 'nginx', trustedProxies: settings.trustedProxies } },
  audit: (record: AuditRecord) => {
    process.stdout.write(`${JSON.stringify(record)}\n`)
  },
})
const probes = createProbes(verifier)
const server = createServer(createApp(verifier, probes, settings.replica))
// More than keepalive_timeout of the upstream in nginx.conf: nginx closes an idle connection first.
server.keepAliveTimeout = 10_000
server.listen(settings.port)

process.once('SIGTERM', async () => {
  probes.startDraining()
  await shutDown(server, verifier, settings.drainMs)
  // Nothing holds the process any more: it ends, with the exit code 0.
  client.destroy()
})
