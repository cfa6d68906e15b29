import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import fastify from 'fastify'
import type { ReplayAnswer, VerifierOptions } from 'onbehalf'
import { agentAuth } from 'onbehalf/express'
import { agentAuth as fastifyAuth } from 'onbehalf/fastify'
import { createNodeGate } from 'onbehalf/node'
import { expect, onTestFinished, test } from 'vitest'
import { createKit } from '../support/kit.ts'

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

interface Built {
  readonly listener: Listener
  /** What reached an error handler, or was rejected. */
  readonly errors: readonly unknown[]
}

type Build = (options: VerifierOptions) => Promise<Built>

const doors: readonly (readonly [name: string, build: Build])[] = [
  ['Express', buildExpress],
  ['Fastify', buildFastify],
  ['node:http', buildNode],
]

async function buildExpress(options: VerifierOptions): Promise<Built> {
  const errors: unknown[] = []
  const app = express()
  app.use(agentAuth(options))
  app.use((error: unknown, _request: unknown, _response: unknown, _next: unknown) => void errors.push(error))
  return { listener: app, errors }
}

async function buildFastify(options: VerifierOptions): Promise<Built> {
  const errors: unknown[] = []
  const app = fastify()
  app.setErrorHandler((error) => void errors.push(error))
  await app.register(fastifyAuth, options)
  app.get('/tools', async () => 'reached')
  await app.ready()
  return { listener: app.routing, errors }
}

async function buildNode(options: VerifierOptions): Promise<Built> {
  const errors: unknown[] = []
  const gate = createNodeGate(options)
  return { listener: (request, response) => gate(request, response).catch((error) => errors.push(error)), errors }
}

/** Sends a replay, which is refused after `whileWaiting` has used the response. */
async function refuseLate(build: Build, whileWaiting: (response: ServerResponse) => void) {
  const kit = await createKit({ token: { human: 'alice' } })
  let waiting: ServerResponse | undefined
  const replay = {
    async add(): Promise<ReplayAnswer> {
      if (waiting !== undefined) whileWaiting(waiting)
      return 'seen'
    },
  }
  const { listener, errors } = await build({ ...kit.options, dpop: { replay } })
  const server = createServer((request, response) => {
    waiting = response
    listener(request, response)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const reply = await fetch(`http://127.0.0.1:${port}/tools`, { headers: await kit.credentials('GET', '/tools') })
  return { reply, errors }
}

test.each(doors)(
  '%s: a refusal that comes after somebody else’s answer changes nothing and raises nothing',
  async (_name, build) => {
    const { reply, errors } = await refuseLate(build, (response) => response.writeHead(503).end('timed out'))
    expect([reply.status, await reply.text()]).toEqual([503, 'timed out'])
    expect(errors).toEqual([])
  },
)

// Without Fastify, which itself handles a response that was begun without its reply.
test.each(doors.filter(([name]) => name !== 'Fastify'))(
  '%s: a refusal that finds an answer begun cuts it off',
  async (_name, build) => {
    const { reply, errors } = await refuseLate(build, (response) => response.writeHead(200).write('beginning'))
    expect(reply.status).toBe(200)
    await expect(reply.text()).rejects.toThrow()
    expect(errors).toEqual([])
  },
)
