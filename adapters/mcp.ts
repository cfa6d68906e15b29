import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Answer, declareOperations, type Entry, scopesOf } from '../src/adapter/index.ts'
import type { AgentContext } from '../src/index.ts'
import { assignAuthInfo, withdrawAuthInfo } from '../src/mcp/auth-info.ts'
import { createMcpGuard } from '../src/mcp/guard.ts'
import type { McpTable } from '../src/types/mcp.ts'
import type { ExpressRequest } from './express.ts'
import { sendAnswer } from './fastify-answer.ts'
import { type GateEntry, responseOf } from './fetch.ts'
import { holdRefusal, withholdContext } from './hold-refusal.ts'
import { writeAnswer } from './node-request.ts'

export { agentContextOf, stateOwner } from '../src/mcp/context.ts'
export type { AuthInfo, McpNames, McpRule, McpRuleFunction, McpTable } from '../src/types/mcp.ts'

/** The function that Express and Fastify take. */
export interface McpHandler {
  /** For Express, behind `agentAuth` and `express.json()`, and before the transport. */
  (request: ExpressRequest, response: ServerResponse, next: (error?: unknown) => void): void
  /** For Fastify: `preHandler: access`. */
  (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void
}

/** What `mcpAccess` makes: for Express and Fastify the function itself, for other hosts its methods. */
export interface McpAccess extends McpHandler {
  /** For fetch hosts: the entry of the gate, or a refusal. `body` is the parsed JSON that the server gets as well. */
  fetch(entry: GateEntry, request: Request, body: unknown): Promise<GateEntry>
  /** For bare node, after the gate: true, or false where the answer is written. */
  node(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<boolean>
  /**
   * For lists of tools: false only where the table refuses this caller, or what a rule asks of the token itself: scopes,
   * parties, authority, the chain, the kind of proof, roles and permissions. What a function, `where`, `details` or the
   * strength of the sign-in decides counts as possible.
   */
  allows(context: AgentContext, method: string, name?: string): boolean
  /**
   * The scopes of all rules, but for those of functions and of `hidden` rules. Express and Fastify put them into the metadata
   * by themselves; for other hosts: `metadata: { scopes_supported: access.scopes }`.
   */
  readonly scopes: readonly string[]
}

/**
 * Rules for the tools, resources and prompts of an MCP server, behind a guard that has admitted the request. It judges the
 * parsed body, so that it must be the body that the server is given, and refuses before the server sees the message. It does
 * not judge what a tool does. Throws OptionsError for a wrong table; a request that no guard has seen, and a POST without a
 * parsed body, end as a 500.
 * @example
 * const access = mcpAccess({ 'tools/call': { search: { scopes: ['docs:read'] }, '*': 'deny' }, '*': 'deny' })
 * app.all('/mcp', agentAuth(verifier), express.json(), access, handler)
 */
export function mcpAccess(table: McpTable<never>): McpAccess {
  const guard = createMcpGuard(table)

  function mcpAccess(request: Handled, response: ServerResponse | FastifyReply, next: (error?: Error) => void): void {
    let entry: ReturnType<typeof guard.judge>
    try {
      entry = guard.judge(request, request.method, request.body)
    } catch (error) {
      next(error as Error)
      return
    }
    if (entry instanceof Promise) entry.then((late) => finish(late, request, response, next)).catch(next)
    else finish(entry, request, response, next)
  }

  function setAuth(request: Handled): void {
    const info = guard.authInfo(request)
    if (info !== undefined) assignAuthInfo(request.raw ?? request, info)
  }

  function finish(
    entry: Entry | undefined,
    request: Handled,
    response: ServerResponse | FastifyReply,
    next: (error?: Error) => void,
  ): void {
    if (entry?.kind === 'answered') {
      writeTo(response, entry.answer)
      return
    }
    let error: Error | undefined
    try {
      if (entry === undefined) setAuth(request)
    } catch (wrong) {
      error = wrong as Error
    }
    if (entry?.kind === 'handed over') {
      if ('raw' in response) withdrawAuthInfo(request.raw ?? {})
      else withholdContext(request)
      holdRefusal('raw' in response ? response.raw : response, entry.error)
      error = entry.error
    }
    next(error)
  }

  return Object.assign(declareOperations(mcpAccess, guard.operations) as McpHandler, {
    async fetch(entry: GateEntry, request: Request, body: unknown): Promise<GateEntry> {
      if (!entry.ok) return entry
      const refusal = await guard.judge(request, request.method, body)
      return refusal === undefined ? entry : { ok: false, response: entry.finish(responseOf(refusal)) }
    },
    async node(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<boolean> {
      const entry = await guard.judge(request, request.method, body)
      if (entry === undefined) {
        setAuth(request)
        return true
      }
      if (entry.kind === 'handed over') {
        holdRefusal(response, entry.error)
        throw entry.error
      }
      if (entry.kind === 'answered') writeAnswer(response, entry.answer)
      return false
    },
    allows: guard.allows,
    scopes: Object.freeze(scopesOf([{ requirements: [], operations: guard.operations }])),
  })
}

/** A request of Express, Fastify or bare node. */
interface Handled {
  readonly method?: string | undefined
  readonly body?: unknown
  readonly raw?: object
}

function writeTo(response: ServerResponse | FastifyReply, answer: Answer): void {
  if ('raw' in response) void sendAnswer(response, answer)
  else writeAnswer(response, answer)
}
