import type { IncomingMessage, ServerResponse } from 'node:http'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, type McpHttpHandler, McpServer } from '@modelcontextprotocol/server'
import express, { type Express } from 'express'
import type { Verifier } from 'onbehalf'
import { agentAuth, resourceMetadata } from 'onbehalf/express'
import { access } from './rules.ts'
import { endWithToken } from './stream-end.ts'
import { createTools, toolsFor } from './tools.ts'

export interface McpApp {
  readonly app: Express
  /** Tells the open subscriptions of a change. */
  readonly notify: McpHttpHandler['notify']
}

/** An MCP server on SDK 2: both revisions, without sessions. */
export function createMcpApp(verifier: Verifier): McpApp {
  const tools = createTools()
  // One server for each request, with the tools of its caller.
  const handler = createMcpHandler((ctx) => {
    const server = new McpServer({ name: 'rooms', version: '1.0.0' })
    for (const { name, description, inputSchema, run } of toolsFor(tools, access.allows, ctx)) {
      server.registerTool(name, { description, inputSchema }, (input, toolCtx) => ({
        content: [{ type: 'text', text: run(input, toolCtx) }],
      }))
    }
    return server
  })
  // The types of the SDK do not hold under exactOptionalPropertyTypes.
  const serve = toNodeHandler(handler) as Serve

  const app = express()
  app.use(resourceMetadata(verifier))
  // The door comes before the parser, so that strangers cannot make it read; the rules come after it, for they judge the body.
  app.all('/mcp', agentAuth(verifier), express.json(), access, endWithToken(verifier), (req, res) =>
    serve(req, res, req.body),
  )
  return { app, notify: handler.notify }
}

type Serve = (request: IncomingMessage, response: ServerResponse, body: unknown) => Promise<void>
