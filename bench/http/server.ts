import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import Fastify from 'fastify'
import { createVerifier, type IssuerOptions } from 'onbehalf'
import { agentAuth, requireAccess } from 'onbehalf/express'
import { agentAuth as fastifyAuth, requireAccess as requireFastifyAccess } from 'onbehalf/fastify'
import { createRawCheck } from './raw-check.ts'

/** A server in a process of its own: `node server.js framework variant`. Given its setup as a message, it sends its port. */
export interface ServerSetup {
  readonly issuers: readonly IssuerOptions[]
  readonly resource: string
  /** Of the one client whose proofs the raw variant verifies. */
  readonly jwk: Readonly<Record<string, string>>
}

export type Framework = 'Express' | 'Fastify'
export type Offload = 'never' | 'adaptive' | 'always'
export type Variant = `onbehalf ${Offload}` | 'raw' | 'express-oauth2-jwt-bearer'

const answer = { tools: ['book_flight', 'pay_invoice'] }
const requirement = { scopes: ['tools:read'] }

process.once('message', async (setup: ServerSetup) => {
  const [framework = '', variant = ''] = process.argv.slice(2)
  const server = framework === 'Express' ? throughExpress(variant, setup) : await throughFastify(variant, setup)
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

async function throughFastify(variant: string, setup: ServerSetup): Promise<Server> {
  const app = Fastify()
  if (variant === 'raw') {
    const check = createRawCheck(setup)
    app.get('/tools', async (request) => {
      check(request.raw)
      return answer
    })
  } else {
    await app.register(fastifyAuth, { verifier: verifierFor(variant, setup) })
    app.get('/tools', { onRequest: requireFastifyAccess(requirement) }, async () => answer)
  }
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app.server
}

function verifierFor(variant: string, { issuers, resource }: ServerSetup) {
  const offload = variant.split(' ')[1] as Offload
  return createVerifier({ issuer: issuers, resource, dpop: { offload } })
}
