import type { IncomingMessage } from 'node:http'
import express from 'express'
import fastify from 'fastify'
import { OptionsError } from 'onbehalf'
import { agentAuth, agentContextOf } from 'onbehalf/express'
import * as onFastify from 'onbehalf/fastify'
import { agentContextOf as contextBehind, mcpAccess } from 'onbehalf/mcp'
import { createNodeGate } from 'onbehalf/node'
import { describe, expect, test } from 'vitest'
import { createKit } from '../support/kit.ts'
import { serve } from '../support/servers.ts'

type WithAuth = IncomingMessage & { auth?: unknown }

describe('authInfo', () => {
  test('MCP: Express has it at req.auth, and only where it is asked for', async () => {
    const kit = await createKit()
    for (const [settings, expected] of [
      [{ authInfo: true }, 'travel-7'],
      [{}, undefined],
    ] as const) {
      const app = express()
      app.use(agentAuth(kit.verifier, settings))
      app.use((request, response) => {
        const { auth } = request as WithAuth
        const isSame = auth === undefined || contextBehind(auth) === agentContextOf(request)
        response.json({ client: (auth as { clientId?: string } | undefined)?.clientId, isSame })
      })
      const send = await serve(app)
      const reply = await send('/', { headers: await kit.credentials('GET', '/') })
      expect(JSON.parse(reply.text)).toEqual({ client: expected, isSame: true })
    }
  })

  test('MCP: Fastify has it at request.raw.auth', async () => {
    const kit = await createKit()
    const app = fastify()
    await app.register(onFastify.agentAuth, { verifier: kit.verifier, authInfo: true })
    app.get('/', async ({ raw }) => ({ by: contextBehind((raw as WithAuth).auth).actor.subject }))
    const reply = await app.inject({ url: '/', headers: await kit.credentials('GET', '/') })
    expect(reply.json()).toEqual({ by: 'travel-7' })
    await app.close()
  })

  test('MCP: node:http has it at request.auth', async () => {
    const kit = await createKit()
    const gate = createNodeGate(kit.verifier, { authInfo: true })
    const send = await serve(async (request, response) => {
      if (await gate(request, response)) response.end(contextBehind((request as WithAuth).auth).actor.subject)
    })
    expect((await send('/', { headers: await kit.credentials('GET', '/') })).text).toBe('travel-7')
  })

  test('MCP: an auth of other middleware is an error of the configuration, ours from before is none', async () => {
    const kit = await createKit()
    const serveWith = (auth: unknown) => {
      const app = express()
      app.use((request, _response, next) => {
        Object.assign(request, { auth })
        next()
      })
      app.use(agentAuth(kit.verifier, { authInfo: true }), agentAuth(kit.verifier, { authInfo: true }))
      app.get('/', (_request, response) => void response.json({}))
      app.use(
        (_error: unknown, _request: unknown, response: express.Response, _next: unknown) =>
          void response.status(500).end(),
      )
      return serve(app)
    }
    const headers = () => kit.credentials('GET', '/')
    expect((await (await serveWith(undefined))('/', { headers: await headers() })).status).toBe(200)
    expect((await (await serveWith({ token: 'x' }))('/', { headers: await headers() })).status).toBe(500)
  })

  test('MCP: a refused and an anonymous request have none', async () => {
    const kit = await createKit()
    const app = express()
    const seen: unknown[] = []
    app.use((request, _response, next) => {
      next()
      seen.push((request as WithAuth).auth)
    })
    app.use(agentAuth(kit.verifier, { authInfo: true, optional: true }))
    app.use((_request, response) => void response.json({}))
    const send = await serve(app)
    expect((await send('/')).status).toBe(200)
    expect((await send('/', { headers: { authorization: 'DPoP x' } })).status).toBe(401)
    expect(seen).toEqual([undefined, undefined])
  })

  test('MCP: an application that goes on after a refusal that it was handed finds no caller', async () => {
    const kit = await createKit()
    const app = express()
    const found: unknown[] = []
    app.post(
      '/',
      agentAuth(kit.verifier, { authInfo: true, onRefusal: () => ({ handOver: true }) }),
      express.json(),
      mcpAccess({ '*': 'deny' }),
      (_error: unknown, request: express.Request, _response: unknown, next: () => void) => {
        found.push((request as unknown as WithAuth).auth)
        next()
      },
      (request: express.Request, response: express.Response) => {
        expect(() => request.agentContext).toThrow()
        response.json({})
      },
    )
    const send = await serve(app)
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tasks/get' })
    const headers = { ...(await kit.credentials('POST', '/')), 'content-type': 'application/json' }
    expect((await send('/', { method: 'POST', headers, body })).status).toBe(403)
    expect(found).toEqual([undefined])
  })

  test('MCP: anything but true and false is an OptionsError', async () => {
    const kit = await createKit()
    expect(() => agentAuth(kit.verifier, { authInfo: 1 as never })).toThrow(OptionsError)
  })

  test('MCP: behind an optional guard a request without credentials is challenged', async () => {
    const kit = await createKit()
    const app = express()
    app.post(
      '/',
      agentAuth(kit.verifier, { optional: true }),
      express.json(),
      mcpAccess({ '*': {} }),
      (_request, response) => {
        response.json({})
      },
    )
    const send = await serve(app)
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' })
    const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
    expect((await send('/', sent)).status).toBe(401)
  })
})
