import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import { createVerifier, type IssuerOptions, type ReplayStore } from 'onbehalf'
import { agentAuth, requireAccess } from 'onbehalf/express'
import { agentAuth as fastifyAuth, requireAccess as requireFastifyAccess } from 'onbehalf/fastify'
import { redisReplayStore } from 'onbehalf/redis'
import { createClient } from 'redis'
import { createRawCheck } from './raw-check.ts'

/**
 * A server in a process of its own: `node server.js framework variant`, and for a variant with Redis the port of that. Given
 * its setup as a message, it sends its port.
 */
export interface ServerSetup {
  readonly issuers: readonly IssuerOptions[]
  readonly resource: string
  /** Of the one client whose proofs the raw variant verifies. */
  readonly jwk: Readonly<Record<string, string>>
}

export type Framework = 'Express' | 'Fastify'
export type Offload = 'never' | 'adaptive' | 'always'
export type SharedVariant = 'redis' | 'ioredis'
export type Variant = `onbehalf ${Offload}` | 'raw' | 'express-oauth2-jwt-bearer'

const answer = { tools: ['book_flight', 'pay_invoice'] }
const requirement = { scopes: ['tools:read'] }

process.once('message', async (setup: ServerSetup) => {
  const [framework = '', variant = '', redisPort] = process.argv.slice(2)
  const replay = redisPort === undefined ? undefined : await connectReplay(variant as SharedVariant, redisPort)
  const server = framework === 'Express' ? throughExpress(variant, setup) : await throughFastify(variant, setup, replay)
  // Connections that wait their turn are to be kept.
  Object.assign(server, { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 })
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening')
  process.send?.((server.address() as AddressInfo).port)
})

function throughExpress(variant: string, setup: ServerSetup): Server {
  const app = express()
  app.set('trust proxy', true)
  if (variant === 'raw') {
    const check = createRawCheck(setup)
    app.get('/tools', (request, response) => {
      check(request)
      response.json(answer)
    })
  } else if (variant.startsWith('onbehalf')) {
    app.use(agentAuth(verifierFor(variant, setup)))
    app.get('/tools', requireAccess(requirement), (_request, response) => void response.json(answer))
  } else {
    const { issuer, jwks } = setup.issuers[0] as IssuerOptions
    const publicKey = jwks as { keys: Record<string, unknown>[] }
    app.use(auth({ issuer, audience: setup.resource, publicKey, dpop: { enabled: true, required: true } }))
    app.get('/tools', (_request, response) => void response.json(answer))
  }
  return createServer(app as unknown as RequestListener)
}

async function throughFastify(variant: string, setup: ServerSetup, replay?: ReplayStore): Promise<Server> {
  const app = Fastify()
  if (variant === 'raw') {
    const check = createRawCheck(setup)
    app.get('/tools', async (request) => {
      check(request.raw)
      return answer
    })
  } else {
    await app.register(fastifyAuth, { verifier: verifierFor(variant, setup, replay) })
    app.get('/tools', { onRequest: requireFastifyAccess(requirement) }, async () => answer)
  }
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app.server
}

function verifierFor(variant: string, { issuers, resource }: ServerSetup, replay?: ReplayStore) {
  if (replay !== undefined) {
    return createVerifier({ issuer: issuers, resource, dpop: { replay }, hookTimeoutMs: 2 * patience })
  }
  const offload = variant.split(' ')[1] as Offload
  return createVerifier({ issuer: issuers, resource, dpop: { offload } })
}

/** Milliseconds. Beside other programs on few cores the usual times are too short, and a refusal would end the run. */
const patience = 10_000

async function connectReplay(library: SharedVariant, port: string): Promise<ReplayStore> {
  const url = `redis://127.0.0.1:${port}`
  if (library === 'ioredis') return redisReplayStore({ client: new Redis(url), timeoutMs: patience })
  const client = createClient({ url })
  await client.connect()
  return redisReplayStore({ client, timeoutMs: patience })
}
