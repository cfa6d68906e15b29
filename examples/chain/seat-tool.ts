import type { IncomingMessage, ServerResponse } from 'node:http'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import express, { type Express } from 'express'
import { type AgentContext, sentence, type Verifier } from 'onbehalf'
import { agentAuth, resourceMetadata } from 'onbehalf/express'
import { agentContextOf, mcpAccess } from 'onbehalf/mcp'
import { z } from 'zod'
import type { DpopAgent } from '../agents/dpop-agent.ts'
import { accessTokenOf } from './access-token.ts'

export interface ToolSettings {
  readonly verifier: Verifier
  /** Itself, as it asks the issuer for tokens and proves them. */
  readonly agent: DpopAgent
  /** The API that it uses. */
  readonly payments: string
  readonly tell: (line: string) => void
}

/** Tool C: an MCP server whose one tool costs money, so it goes to the payments API in the name of the same person. */
export function createSeatTool({ verifier, agent, payments, tell }: ToolSettings): Express {
  const access = mcpAccess({
    'tools/call': {
      choose_seat: { scopes: ['seat:choose'], authority: 'delegated', principal: { kind: 'human' } },
      '*': 'deny',
    },
    '*': 'deny',
  })
  // The SDK hands the context to a tool, and the context holds no token.
  const tokens = new WeakMap<AgentContext, string>()

  async function chooseSeat(seat: string, context: AgentContext): Promise<string> {
    tell(`seat tool: ${sentence(context)}`)
    const request = { resource: payments, scope: 'pay' }
    const { accessToken } = await agent.tokenOnBehalf(tokens.get(context) ?? '', request)
    const { status, body } = await agent.call('POST', `${payments}/payments`, accessToken)
    return JSON.stringify({ seat, payment: { status, body } })
  }

  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'seats', version: '1.0.0' })
    const inputSchema = z.object({ seat: z.string().max(4) })
    server.registerTool(
      'choose_seat',
      { description: 'Chooses and pays a seat', inputSchema },
      async ({ seat }, ctx) => ({
        content: [{ type: 'text', text: await chooseSeat(seat, agentContextOf(ctx)) }],
      }),
    )
    return server
  })
  // The types of the SDK do not hold under exactOptionalPropertyTypes.
  const serve = toNodeHandler(handler) as Serve

  const app = express()
  app.use(resourceMetadata(verifier))
  app.all('/mcp', agentAuth(verifier), express.json(), access, (req, res) => {
    tokens.set(req.agentContext, accessTokenOf(req))
    return serve(req, res, req.body)
  })
  return app
}

type Serve = (request: IncomingMessage, response: ServerResponse, body: unknown) => Promise<void>
