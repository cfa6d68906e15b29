/** A server behind `mcpAccess`: what reaches its handler, and how a message is answered. */
import express from 'express'
import {
  type AccessSummary,
  type AgentContext,
  type AuditEvent,
  createVerifier,
  type Verifier,
  type VerifierOptions,
} from 'onbehalf'
import { accessSummary, agentAuth, resourceMetadata } from 'onbehalf/express'
import { type McpAccess, type McpTable, mcpAccess } from 'onbehalf/mcp'
import type { TokenInput } from 'onbehalf/testing'
import { memorySink } from '../support/audit.ts'
import { createKit, type Kit } from '../support/kit.ts'
import { type Reply, serve } from '../support/servers.ts'

export interface Guarded {
  readonly kit: Kit
  readonly verifier: Verifier
  readonly access: McpAccess
  /** Bodies that reached the handler. */
  readonly handled: unknown[]
  readonly events: readonly AuditEvent[]
  /** Posts the body with a fresh proof. */
  post(body: unknown, sent?: Sent): Promise<Reply>
  get(path: string): Promise<Reply>
  summary(context?: AgentContext): AccessSummary
}

export interface Sent {
  readonly token?: Partial<TokenInput>
  readonly headers?: Record<string, string | string[]>
  readonly method?: string
}

export async function guard(
  table: McpTable,
  options: { readonly parser?: false | express.RequestHandler; readonly verifier?: Partial<VerifierOptions> } = {},
): Promise<Guarded> {
  const kit = await createKit()
  const sink = memorySink()
  const verifier = createVerifier({ ...kit.options, audit: sink, ...options.verifier })
  const access = mcpAccess(table)
  const handled: unknown[] = []
  const app = express()
  app.use(resourceMetadata(verifier))
  const json = express.json({ strict: false })
  const parser = options.parser === false ? [] : [json, ...(options.parser ? [options.parser] : [])]
  app.all('/mcp', agentAuth(verifier), ...parser, access, (request, response) => {
    handled.push(request.body)
    response.json({ jsonrpc: '2.0', id: 1, result: {} })
  })
  app.use((_error: unknown, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
    response.status(500).end()
  })
  const send = await serve(app)
  return {
    kit,
    verifier,
    access,
    handled,
    events: sink.events,
    get: (path) => send(path),
    summary: (context) => accessSummary(app, context),
    async post(body, { token, headers, method = 'POST' } = {}) {
      const credentials = await kit.credentials(method, '/mcp', { ...(token && { token }) })
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      return send('/mcp', {
        method,
        headers: { ...credentials, 'content-type': 'application/json', ...lengthOf(body, text), ...headers },
        ...(body !== undefined && { body: text }),
      })
    },
  }
}

/** Node sends none by itself for methods that have no body as a rule. */
function lengthOf(body: unknown, text: string): Record<string, string> {
  return body === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)) }
}

export function call(name: unknown, more: object = {}): object {
  return { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} }, ...more }
}

export function message(method: string, params?: unknown): object {
  return { jsonrpc: '2.0', id: 1, method, ...(params !== undefined && { params }) }
}
