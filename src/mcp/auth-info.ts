import { partyKey } from '../context/agent-context.ts'
import { OptionsError } from '../internal/option-reader.ts'
import type { AgentContext } from '../types/context.ts'
import type { AuthInfo } from '../types/mcp.ts'
import type { Verifier } from '../types/verifier.ts'

/** One for each context of a verifier, and so for each token. */
const known = new WeakMap<AgentContext, AuthInfo>()
/** By the object, and by its `extra`, which a copy of it shares. */
const contexts = new WeakMap<object, AgentContext>()

/** What the MCP SDKs give to tools. It does not contain the access token, which must not be passed on. */
export function authInfoOf(verifier: Pick<Verifier, 'resource' | 'metadata'>, context: AgentContext): AuthInfo {
  const made = known.get(context) ?? createAuthInfo(verifier, context)
  known.set(context, made)
  return made
}

/** The context behind an object that `authInfoOf` made, or a copy of one. Undefined for any other object. */
export function contextBehind(info: unknown): AgentContext | undefined {
  if (typeof info !== 'object' || info === null) return undefined
  return contexts.get(info) ?? contexts.get(Object((info as { extra?: unknown }).extra))
}

/** Where the SDKs look for it. An `auth` that other middleware has set there is an error of the configuration. */
export function assignAuthInfo(request: object, info: AuthInfo): void {
  const { auth: present } = request as { auth?: unknown }
  if (present !== undefined && contextBehind(present) === undefined) {
    throw new OptionsError([{ path: 'authInfo', message: 'req.auth is set already, by other middleware' }])
  }
  Object.assign(request, { auth: info })
}

/** Takes ours away again. */
export function withdrawAuthInfo(request: { auth?: unknown }): void {
  if (contextBehind(request.auth) !== undefined) delete request.auth
}

function createAuthInfo(
  { resource, metadata }: Pick<Verifier, 'resource' | 'metadata'>,
  context: AgentContext,
): AuthInfo {
  const { token, client, actor, scopes } = context
  const extra: Record<string, unknown> = Object.defineProperty({}, 'agentContext', { value: context })
  const info: AuthInfo = {
    token: token.id,
    clientId: client?.id ?? partyKey(actor),
    scopes: Object.freeze([...scopes]) as string[],
    expiresAt: token.expiresAt,
    // A URL can be changed by the code that holds it.
    get resource() {
      return new URL(resource)
    },
    ...(metadata && { resourceMetadataUrl: metadata.url }),
    extra: Object.freeze(extra),
  }
  contexts.set(info, context)
  contexts.set(extra, context)
  return Object.freeze(info)
}
