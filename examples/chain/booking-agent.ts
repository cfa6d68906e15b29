import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import express, { type Express } from 'express'
import { sentence, type Verifier } from 'onbehalf'
import { agentAuth, requireAccess } from 'onbehalf/express'
import type { DpopAgent } from '../agents/dpop-agent.ts'
import { accessTokenOf } from './access-token.ts'

export interface BookingSettings {
  readonly verifier: Verifier
  /** Itself, as it asks the issuer for tokens and proves them. */
  readonly agent: DpopAgent
  /** The MCP server that it uses. */
  readonly tool: string
  readonly tell: (line: string) => void
}

/** What came of a booking, at each step of the way. */
export interface Booking {
  readonly tool: { readonly status: number; readonly text: string }
}

/** Agent B: it takes orders of other agents, and uses a tool for them. It is an API and a client at the same time. */
export function createBookingAgent({ verifier, agent, tool, tell }: BookingSettings): Express {
  const app = express()
  app.use(agentAuth(verifier))
  app.post('/bookings', requireAccess({ scopes: ['trip:book'], authority: 'delegated' }), async (req, res) => {
    tell(`booking agent: ${sentence(req.agentContext)}`)
    // RFC 8693: the caller's token is for this API alone; for the tool there has to be another one, with less in it.
    const request = { resource: tool, scope: 'seat:choose pay' }
    const { accessToken } = await agent.tokenOnBehalf(accessTokenOf(req), request)
    res.json({ tool: await callTool(agent, tool, accessToken) } satisfies Booking)
  })
  return app
}

async function callTool(agent: DpopAgent, url: string, accessToken: string): Promise<Booking['tool']> {
  let status = 0
  const send = agent.fetchWith(accessToken)
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    fetch: async (input, init) => {
      const response = await send(input, init)
      status = response.status
      return response
    },
  })
  const client = new Client(
    { name: agent.id, version: '1.0.0' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  )
  try {
    await client.connect(transport)
    const { content } = await client.callTool({ name: 'choose_seat', arguments: { seat: '12A' } })
    return { status, text: (content as readonly { text?: string }[])[0]?.text ?? '' }
  } catch {
    // The SDK throws where the server refuses; the answer says why.
    return { status, text: '' }
  } finally {
    await client.close()
  }
}
