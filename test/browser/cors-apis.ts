import { randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastifyCors from '@fastify/cors'
import cors from 'cors'
import express from 'express'
import fastify from 'fastify'
import type { VerifierOptions } from 'onbehalf'
import { agentAuth } from 'onbehalf/express'
import { agentAuth as fastifyAuth } from 'onbehalf/fastify'
import { createTestIssuer, type TestIssuer } from 'onbehalf/testing'
import { onTestFinished } from 'vitest'

/** Where the API's CORS layer stands, and whether it exposes a field of the API's own. */
export interface CorsPlan {
  readonly cors: 'before' | 'after'
  readonly exposedHeaders?: string[]
  readonly optional?: boolean
}

export interface CorsApi {
  readonly issuer: TestIssuer
  readonly url: string
  /** Method and status of every answer given, in order. */
  readonly answers: readonly string[]
}

export type Build = (options: VerifierOptions, plan: CorsPlan) => Promise<RequestListener>

export const frameworks: readonly (readonly [name: string, build: Build])[] = [
  ['Express', buildExpress],
  ['Fastify', buildFastify],
]

async function buildExpress(options: VerifierOptions, plan: CorsPlan): Promise<RequestListener> {
  const { optional, exposedHeaders } = plan
  const guards = [cors({ exposedHeaders }), agentAuth(options, { optional })]
  const app = express()
  app.use((_request, response, next) => {
    response.set('X-Total', '7')
    next()
  })
  app.use(plan.cors === 'before' ? guards : guards.reverse())
  app.get('/tools', ({ agentContext: { actor, principal } }, response) => {
    response.json({ by: actor.subject, for: principal.subject })
  })
  return app
}

async function buildFastify(options: VerifierOptions, plan: CorsPlan): Promise<RequestListener> {
  const { optional, exposedHeaders } = plan
  const exposing = exposedHeaders === undefined ? {} : { exposedHeaders }
  const app = fastify()
  app.addHook('onRequest', async (_request, reply) => void reply.header('X-Total', '7'))
  if (plan.cors === 'before') await app.register(fastifyCors, exposing)
  await app.register(fastifyAuth, { ...options, optional })
  if (plan.cors === 'after') await app.register(fastifyCors, exposing)
  app.get('/tools', async ({ agentContext: { actor, principal } }) => ({ by: actor.subject, for: principal.subject }))
  await app.ready()
  return app.routing
}

/** Listens on 127.0.0.1 until the test ends, and requires a nonce in every proof. */
export async function startApi(build: Build, plan: CorsPlan): Promise<CorsApi> {
  const answers: string[] = []
  const { origin, serve } = await listen()
  const issuer = await createTestIssuer({ resource: origin })
  const nonce = { secret: randomBytes(32), seconds: 300 }
  const listener = await build({ issuer: issuer.options, resource: origin, clock: issuer.clock, dpop: { nonce } }, plan)
  serve((request, response) => {
    response.on('finish', () => answers.push(`${request.method} ${response.statusCode}`))
    listener(request, response)
  })
  return { issuer, url: `${origin}/tools`, answers }
}

/** An empty page on `localhost`: a secure context, and for the browser another origin than the API's. */
export async function startPage(): Promise<string> {
  const { port, serve } = await listen()
  serve((_request, response) => void response.setHeader('Content-Type', 'text/html').end('<!doctype html>'))
  return `http://localhost:${port}/`
}

async function listen() {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    serve: (listener: RequestListener) => server.on('request', listener),
  }
}
