import { partyKey } from '../context/agent-context.ts'
import { OptionsError } from '../internal/option-reader.ts'
import { sha256 } from '../jose/sha256.ts'
import type { AgentContext } from '../types/context.ts'
import { contextBehind } from './auth-info.ts'

/**
 * The context of the caller, from what the SDKs hand to a tool (`extra` of version 1, `ctx` of version 2), from what they
 * hand to a factory, from a request with `auth`, or from an `AuthInfo`. It throws where there is none: over stdio, or where
 * no guard stands before the server.
 * @example
 * server.registerTool('pay', { … }, async (args, ctx) => pay(agentContextOf(ctx).principal, args))
 */
export function agentContextOf(ctx: unknown): AgentContext {
  const { authInfo, auth, http } = Object(ctx) as Handed
  const context =
    contextBehind(ctx) ?? contextBehind(authInfo) ?? contextBehind(Object(http).authInfo) ?? contextBehind(auth)
  if (context === undefined) {
    throw new Error('No agent context is here: no guard admitted this request, or it did not come over HTTP')
  }
  return context
}

interface Handed {
  readonly authInfo?: unknown
  readonly auth?: unknown
  readonly http?: { readonly authInfo?: unknown }
}

/**
 * A key under which the server keeps what belongs to one caller: handles, tasks, sessions, request state. It is a SHA-256
 * (base64url) of the issuer, the principal, the actor, the client and `name`, so that another user, another agent and another
 * client get another one; scopes and the token do not matter. Throws where there is no context, and for an empty name.
 * @example
 * const cart = carts.get(stateOwner(ctx, 'cart'))
 */
export function stateOwner(ctx: unknown, name: string): string {
  if (typeof name !== 'string' || name === '') {
    throw new OptionsError([{ path: 'stateOwner.name', message: 'must be a non-empty string' }])
  }
  const { token, principal, actor, client } = agentContextOf(ctx)
  const parts = [token.issuer, partyKey(principal), partyKey(actor), client?.id ?? null, name]
  return sha256(JSON.stringify(parts))
}
