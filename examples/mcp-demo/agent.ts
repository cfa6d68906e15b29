import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { dpopFetch, type StepUpChallenge } from 'onbehalf/client'
import type { TestIssuer } from 'onbehalf/testing'
import { createSigningKey } from '../agents/signing-key.ts'
import { createRecorder, type Recorder } from './recorder.ts'

/** A client of the MCP SDK, as it is installed, and what it sends. */
export interface McpAgent {
  readonly recorder: Recorder
  /** Sends requests with proofs, as the client does. */
  readonly fetch: typeof fetch
  tools(): Promise<readonly string[]>
  /** The text of the answer; undefined where the server refused. */
  call(tool: string, input?: Record<string, unknown>): Promise<string | undefined>
  token(): string
  close(): Promise<void>
}

export interface McpAgentOptions {
  readonly id: string
  /** For whom it acts. Absent: for itself. */
  readonly human?: string
  readonly scopes: readonly string[]
  /** Whether the human, asked by the authorization server, agrees to what the MCP server wants. */
  readonly agrees: boolean
}

/** An agent whose every request carries a proof of its key, and which asks its user where the server wants more. */
export async function createMcpAgent(issuer: TestIssuer, options: McpAgentOptions): Promise<McpAgent> {
  const { human, agrees } = options
  const key = await createSigningKey()
  const agent = await issuer.agent(options.id)
  const recorder = createRecorder()
  let scopes = options.scopes
  let acr = 'urn:example:password'

  const newToken = () => issuer.token({ agent, human, scopes, claims: { acr, cnf: { jkt: key.thumbprint } } })

  async function stepUp(challenge: StepUpChallenge): Promise<string | undefined> {
    if (!agrees) return undefined
    scopes = [...new Set([...scopes, ...challenge.scopes])]
    acr = challenge.acrValues[0] ?? acr
    token = await newToken()
    return token
  }

  let token = await newToken()
  const fetchWithProof = dpopFetch({ key, token: () => token, fetch: recorder.fetch, onStepUp: stepUp })
  return { ...(await connect(issuer.resource, fetchWithProof)), recorder, fetch: fetchWithProof, token: () => token }
}

/** A client that knows nothing of proofs. With a token it sends that as a bearer token. */
export async function createStockClient(issuer: TestIssuer, accessToken?: string): Promise<McpAgent> {
  const recorder = createRecorder()
  const send: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers)
    if (accessToken !== undefined) headers.set('authorization', `Bearer ${accessToken}`)
    return recorder.fetch(input, { ...init, headers })
  }
  return { ...(await connect(issuer.resource, send)), recorder, fetch: send, token: () => accessToken ?? '' }
}

async function connect(url: string, send: typeof fetch): Promise<Pick<McpAgent, 'tools' | 'call' | 'close'>> {
  const client = new Client(
    { name: 'agent', version: '1.0.0' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  )
  // A client that is refused at once can still be asked to call: it is refused again.
  await orUndefined(client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch: send })))
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    async call(name, input = {}) {
      const result = await orUndefined(client.callTool({ name, arguments: input }))
      const [content] = (result?.content ?? []) as readonly { text?: string }[]
      return content?.text
    },
    close: () => client.close(),
  }
}

/** What a refusal was is read from the exchange. */
async function orUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch {
    return undefined
  }
}
