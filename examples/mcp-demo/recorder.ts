import { randomUUID } from 'node:crypto'
import type { ApiAnswer } from '../agents/agent.ts'

/** One HTTP exchange of a client. */
export interface Exchange {
  /** Sent as `X-Request-Id`, which stands in the audit events. */
  readonly id: string
  /** The method of the message, else that of the request. */
  readonly method: string
  readonly answer: ApiAnswer
}

export interface Recorder {
  readonly fetch: typeof fetch
  /** The exchanges since the last call. */
  take(): readonly Exchange[]
}

/** Sees every request as it goes over the wire, also those that a client repeats by itself. */
export function createRecorder(): Recorder {
  let exchanges: Exchange[] = []
  return {
    async fetch(input, init) {
      const headers = new Headers(init?.headers)
      const id = randomUUID()
      headers.set('x-request-id', id)
      const response = await fetch(input, { ...init, headers })
      const answer = {
        status: response.status,
        challenge: response.headers.get('www-authenticate'),
        body: await problemIn(response),
        sent: Object.fromEntries(headers),
      }
      exchanges.push({ id, method: methodOf(init), answer })
      return response
    },
    take() {
      const taken = exchanges
      exchanges = []
      return taken
    },
  }
}

/** The problem body of a refusal. What an MCP server says in JSON-RPC is written as one. */
async function problemIn(response: Response): Promise<unknown> {
  if (response.ok) return undefined
  const body = (await response.clone().json()) as { error?: { code?: number } }
  const isMalformed = body.error?.code === -32_020 || body.error?.code === -32_600
  return isMalformed ? { code: 'request_malformed' } : body
}

function methodOf(init: RequestInit | undefined): string {
  if (typeof init?.body !== 'string') return init?.method ?? 'GET'
  return (JSON.parse(init.body) as { method: string }).method
}
