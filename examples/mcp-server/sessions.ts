import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import express, { type Express, type Request } from 'express'
import { LRUCache } from 'lru-cache'
import type { Verifier } from 'onbehalf'
import { agentAuth, resourceMetadata } from 'onbehalf/express'
import { stateOwner } from 'onbehalf/mcp'
import { access } from './rules.ts'
import { endWithToken } from './stream-end.ts'
import { createTools, type Tool, toolsFor } from './tools.ts'

/**
 * The same on SDK 1, with the sessions of revision 2025-11-25. The id of a session is no proof of anything: sessions are kept
 * under a key made of their id and their caller, so that the id is of no use to another user, agent or client.
 */
export function createSessionApp(verifier: Verifier): Express {
  const tools = createTools()
  const sessions = new LRUCache<string, StreamableHTTPServerTransport>({
    max: 1_000,
    ttl: 30 * 60 * 1_000,
    updateAgeOnGet: true,
    dispose: (transport) => void transport.close(),
  })

  async function open(req: Request): Promise<StreamableHTTPServerTransport> {
    const id = randomUUID()
    const key = keyOf(req, id)
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      // Only a good `initialize` comes here.
      onsessioninitialized: () => void sessions.set(key, transport),
    })
    transport.onclose = () => void sessions.delete(key)
    // The types of the SDK do not hold under exactOptionalPropertyTypes.
    await createServer(toolsFor(tools, access.allows, req)).connect(transport as never)
    return transport
  }

  const app = express()
  app.use(resourceMetadata(verifier))
  app.all('/mcp', agentAuth(verifier), express.json(), access, endWithToken(verifier), async (req, res) => {
    const id = req.get('mcp-session-id')
    const transport = id === undefined ? await open(req) : sessions.get(keyOf(req, id))
    if (transport !== undefined) return transport.handleRequest(req as IncomingMessage, res, req.body)
    // What the transport says of an id that it does not know: the client begins anew.
    res.status(404).json({ jsonrpc: '2.0', id: null, error: { code: -32_001, message: 'Session not found' } })
  })
  return app
}

function keyOf(req: Request, id: string): string {
  return stateOwner(req, `session ${id}`)
}

function createServer(tools: readonly Tool[]): McpServer {
  const server = new McpServer({ name: 'rooms', version: '1.0.0' })
  for (const { name, description, inputSchema, run } of tools) {
    server.registerTool(name, { description, inputSchema: inputSchema.shape }, (input: object, extra: unknown) => ({
      content: [{ type: 'text', text: run({ ...input }, extra) }],
    }))
  }
  return server
}
