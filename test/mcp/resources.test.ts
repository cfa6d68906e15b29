/** The SDKs look a resource up by what the URL parser makes of its URI, so that one resource has many spellings. */

import { toNodeHandler } from '@modelcontextprotocol/node'
import { McpServer as FirstMcpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import express from 'express'
import { createVerifier, OptionsError } from 'onbehalf'
import { agentAuth } from 'onbehalf/express'
import { type McpTable, mcpAccess } from 'onbehalf/mcp'
import { describe, expect, test, vi } from 'vitest'
import { createKit } from '../support/kit.ts'
import { serve as listenFor } from '../support/servers.ts'
import { guard, message } from './guarded.ts'
import type { Serve } from './hosts.ts'
import { handshake } from './messages.ts'

const spellings = ['FILE:///secret', ' file:///secret', 'file:///x/../secret', 'fi\nle:///secret', 'file:/secret']
const reader = { token: { scopes: ['docs:read'] } }

const read = () => ({ contents: [{ uri: 'file:///secret', text: 'the secret' }] })

const serveFirst: Serve = async (request, response, body) => {
  const server = new FirstMcpServer({ name: 'files', version: '1.0.0' })
  server.registerResource('secret', 'file:///secret', {}, read)
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
  await server.connect(transport as never)
  await transport.handleRequest(request, response, body)
}

const serveSecond = toNodeHandler(
  createMcpHandler(() => {
    const server = new McpServer({ name: 'files', version: '1.0.0' })
    server.registerResource('secret', 'file:///secret', {}, read)
    return server
  }),
) as Serve

const tables: readonly [string, McpTable][] = [
  [
    'a function',
    {
      'resources/read': (uri) => ({
        scopes: [uri.startsWith('file:') && !uri.includes('/x/') ? 'files' : 'docs:read'],
      }),
      '*': 'deny',
    },
  ],
  [
    'a function of the arguments',
    { 'resources/read': (_uri, { uri }) => (uri === 'file:///secret' ? 'deny' : {}), '*': 'deny' },
  ],
  ['a map', { 'resources/read': { 'file:///secret': 'deny', '*': {} }, '*': 'deny' }],
]

describe.each([
  ['SDK 1', serveFirst],
  ['SDK 2', serveSecond],
])('%s', (_name, serve) => {
  test.each(tables)('MCP-08: no spelling of a URI passes the rule by, %s', async (_kind, table) => {
    const kit = await createKit()
    const app = express()
    app.post('/mcp', agentAuth(createVerifier(kit.options)), express.json(), mcpAccess(table), (request, response) =>
      serve(request, response, request.body),
    )
    const send = await listenFor(app)
    for (const uri of ['file:///secret', ...spellings]) {
      const headers = { ...handshake.headers('resources/read'), ...(await kit.credentials('POST', '/mcp', reader)) }
      const body = JSON.stringify(handshake.message('resources/read', { uri }))
      const reply = await send('/mcp', { method: 'POST', headers, body })
      expect([uri, reply.status]).toEqual([uri, 403])
    }
  })
})

test('MCP: a row may spell a URI as its server does', async () => {
  const table: McpTable = {
    'resources/read': { 'https://docs.example': {}, 'file:///a b': {}, '*': 'deny' },
    '*': 'deny',
  }
  const server = await guard(table)
  const context = await server.kit.context({ verifier: server.verifier })
  for (const uri of ['https://docs.example', 'https://docs.example/', 'file:///a b', 'file:///a%20b']) {
    expect((await server.post(message('resources/read', { uri }))).status).toBe(200)
    expect(server.access.allows(context, 'resources/read', uri)).toBe(true)
  }
  expect((await server.post(message('resources/read', { uri: 'https://docs.example/x' }))).status).toBe(403)
  expect(server.events.filter(({ phase }) => phase === 'access')).toHaveLength(5)
})

test('MCP: allows() asks for both spellings', async () => {
  const server = await guard({ 'resources/read': { 'file:///secret': 'deny', '*': {} }, '*': 'deny' })
  const context = await server.kit.context({ verifier: server.verifier })
  for (const uri of spellings) expect(server.access.allows(context, 'resources/read', uri)).toBe(false)
  expect(server.access.allows(context, 'resources/read', 'FILE:///open')).toBe(true)
})

test('MCP: a name that is no URL is judged as it is, and so are tools', async () => {
  const asked = vi.fn(() => ({}))
  const server = await guard({ 'resources/read': asked, 'tools/call': asked, '*': 'deny' })
  await server.post(message('resources/read', { uri: 'greeting' }))
  await server.post(message('resources/read', { uri: 'memo://x' }))
  await server.post(message('tools/call', { name: 'FILE:///x' }))
  expect(asked.mock.calls.map(([name]: unknown[]) => name)).toEqual(['greeting', 'memo://x', 'FILE:///x'])
})

test('MCP: two rows that spell one URI in two ways are an OptionsError', () => {
  const names = { 'FILE:///x': {}, 'file:///y/../x': 'deny', '*': {} } as const
  expect(() => mcpAccess({ 'resources/read': names, '*': 'deny' })).toThrow(OptionsError)
  expect(() => mcpAccess({ 'resources/read': { ...names, 'file:///x': {} }, '*': 'deny' })).not.toThrow()
  expect(() => mcpAccess({ 'tools/call': names, '*': 'deny' })).not.toThrow()
})
