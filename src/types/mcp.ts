import type { AccessRequirement } from './access.ts'

/** What an operation of an MCP server requires: a requirement, or nobody may. */
export type McpRule<R = unknown> = 'deny' | AccessRequirement<R>

/**
 * A rule that depends on the name or the arguments. `name` is `params.name`, for `resources/…` `params.uri`, and empty for
 * a message without one; `params` is as the caller sent it. An error, an answer of another kind, and none within
 * `hookTimeoutMs` refuse the request (`policy_unavailable`).
 */
export type McpRuleFunction<R = unknown> = (
  name: string,
  params: Readonly<Record<string, unknown>>,
) => McpRule<R> | Promise<McpRule<R>>

/** Rules by the exact name of a tool, prompt or URI. `*` is for every other name, and makes an object such a map. */
export interface McpNames<R = unknown> {
  '*': McpRule<R> | McpRuleFunction<R>
  [name: string]: McpRule<R> | McpRuleFunction<R>
}

/** Rules by the exact method of a message. `*` is for every other method that is not free. */
export interface McpTable<R = unknown> {
  '*': McpRule<R>
  [method: string]: McpRule<R> | McpRuleFunction<R> | McpNames<R>
}

/** What the SDKs hand to tools as `authInfo`. The access token is not in it. */
export interface AuthInfo {
  /** The id of the token, `token.id` of the context: never the token itself. */
  readonly token: string
  /** The client, else the party key of the actor. */
  readonly clientId: string
  readonly scopes: string[]
  /** When the token ends, in seconds since the epoch. */
  readonly expiresAt: number
  /** A new object at each reading. */
  readonly resource: URL
  /** Where the metadata of this server are (RFC 9728); left out with `metadata: false`. */
  readonly resourceMetadataUrl?: string
  /** `agentContext` in it is not enumerable, so that logs do not print it. */
  readonly extra: Record<string, unknown>
}
