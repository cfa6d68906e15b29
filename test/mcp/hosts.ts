/** The same MCP server on both SDKs and at every door, behind `mcpAccess`. Each listens on loopback until its test ends. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { McpServer as FirstMcpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import express from 'express'
import fastify from 'fastify'
import { type AuditEvent, createVerifier, type Verifier } from 'onbehalf'
import * as onExpress from 'onbehalf/express'
import * as onFastify from 'onbehalf/fastify'
import { createGate } from 'onbehalf/fetch'
import { agentContextOf, type McpAccess, mcpAccess } from 'onbehalf/mcp'
import { createNodeGate, resourceMetadata } from 'onbehalf/node'
import { createTestIssuer, type TestIssuer } from 'onbehalf/testing'
import { onTestFinished } from 'vitest'
import { memorySink } from '../support/audit.ts'

export interface Host {
  readonly name: string
  start(): Promise<Started>
}

export interface Started {
  readonly url: URL
  readonly issuer: TestIssuer
  readonly verifier: Verifier
  readonly events: readonly AuditEvent[]
}

/** `whoami` is for every reader, `pay` asks for more, and nobody may call `admin`. */
const table = {
  'tools/call': { whoami: { scopes: ['docs:read'] }, pay: { scopes: ['docs:read', 'pay'] }, '*': 'deny' as const },
  '*': 'deny' as const,
}

const tools = ['whoami', 'pay', 'admin'] as const

/** What every tool answers. */
function answer(ctx: unknown) {
  const { principal, actor } = agentContextOf(ctx)
  return { content: [{ type: 'text' as const, text: `${actor.subject} for ${principal.subject}` }] }
}

function firstServer(): FirstMcpServer {
  const server = new FirstMcpServer({ name: 'tools', version: '1.0.0' })
  for (const tool of tools) server.registerTool(tool, {}, (extra: unknown) => answer(extra))
  return server
}

function secondServer(): McpServer {
  const server = new McpServer({ name: 'tools', version: '1.0.0' })
  for (const tool of tools) server.registerTool(tool, {}, (ctx: unknown) => answer(ctx))
  return server
}

/** A fresh transport for each request: the stateless way of the first SDK. */
export async function serveFirst(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
  response.on('close', () => void transport.close())
  // The types of the SDK do not hold under exactOptionalPropertyTypes.
  await firstServer().connect(transport as never)
  await transport.handleRequest(request, response, body)
}

const second = createMcpHandler(secondServer)
export const serveSecond: Serve = toNodeHandler(second) as Serve

export type Serve = (request: IncomingMessage, response: ServerResponse, body: unknown) => Promise<void> | void
type Mount = (verifier: Verifier, access: McpAccess, serve: Serve) => RequestListener | Promise<RequestListener>

export const overExpress: Mount = (verifier, access, serve) => {
  const app = express()
  app.use(onExpress.resourceMetadata(verifier))
  app.all('/mcp', onExpress.agentAuth(verifier), express.json(), access, (request, response) =>
    serve(request, response, request.body),
  )
  return app
}

const overFastify: Mount = async (verifier, access, serve) => {
  const app = fastify()
  await app.register(onFastify.agentAuth, { verifier })
  app.all('/mcp', { preHandler: access }, async (request, reply) => {
    reply.hijack()
    await serve(request.raw, reply.raw, request.body)
  })
  await app.ready()
  return (request, response) => app.routing(request, response)
}

const overNode: Mount = (verifier, access, serve) => {
  const gate = createNodeGate(verifier)
  const serveMetadata = resourceMetadata(verifier)
  return async (request, response) => {
    if (serveMetadata(request, response)) return
    if ((await gate(request, response)) === undefined) return
    const body = await readJson(request)
    if (await access.node(request, response, body)) await serve(request, response, body)
  }
}

const overFetch: Mount = (verifier, access) => {
  const gate = createGate(verifier)
  return toNodeHandler({
    async fetch(request) {
      const entry = await gate(request)
      if (!entry.ok) return entry.response
      const body: unknown = request.method === 'POST' ? await request.clone().json() : undefined
      const allowed = await access.fetch(entry, request, body)
      if (!allowed.ok) return allowed.response
      return allowed.finish(await second.fetch(request, { authInfo: allowed.authInfo, parsedBody: body }))
    },
  }) as RequestListener
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text === '' ? undefined : JSON.parse(text)
}

async function start(mount: Mount, serve: Serve): Promise<Started> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`)
  const issuer = await createTestIssuer({ resource: url.href })
  const sink = memorySink()
  const { clock } = issuer
  const verifier = createVerifier({
    issuer: issuer.options,
    resource: url.href,
    clock,
    audit: sink,
    dpop: { preset: 'mcp' },
  })
  server.on('request', await mount(verifier, mcpAccess(table), serve))
  return { url, issuer, verifier, events: sink.events }
}

export const hosts: readonly Host[] = [
  { name: 'SDK 1, Express', start: () => start(overExpress, serveFirst) },
  { name: 'SDK 1, Fastify', start: () => start(overFastify, serveFirst) },
  { name: 'SDK 1, node:http', start: () => start(overNode, serveFirst) },
  { name: 'SDK 2, Express', start: () => start(overExpress, serveSecond) },
  { name: 'SDK 2, Fastify', start: () => start(overFastify, serveSecond) },
  { name: 'SDK 2, node:http', start: () => start(overNode, serveSecond) },
  { name: 'SDK 2, fetch', start: () => start(overFetch, serveSecond) },
]
