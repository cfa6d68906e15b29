import {
  type AdmissionSettings,
  type CompiledRequirement,
  contextOf,
  createAdmissions,
  createObserve,
  createRouteGuard,
  type Entry,
  type RouteGuard,
  scopesOf,
  wouldRefuseOf,
} from '../src/adapter/index.ts'
import {
  type AccessRequirement,
  type AgentContext,
  type HeaderList,
  OptionsError,
  type RefusalCode,
  type RequestView,
  type Verifier,
  type VerifierOptions,
} from '../src/index.ts'
import { authInfoOf } from '../src/mcp/auth-info.ts'
import type { AuthInfo } from '../src/types/mcp.ts'
import { mergeExposed, mergeVary } from './node-request.ts'

export { observationOf } from '../src/adapter/index.ts'

/** What a web-standard Request does not tell: the socket's address, and the DER of the TLS client certificate. */
export interface Connection {
  readonly address?: string | undefined
  readonly certificate?: Uint8Array | undefined
}

export type GateEntry =
  | {
      readonly ok: true
      readonly context: AgentContext
      /** What the request would have been refused for, were nothing only reported. */
      readonly wouldRefuse: readonly RefusalCode[]
      /** For the `authInfo` of the MCP SDKs. */
      readonly authInfo: AuthInfo
      finish(response: Response): Response
    }
  | { readonly ok: false; readonly response: Response }

export interface Gate {
  /** Judges the request, and the requirement if there is one. `finish` adds the headers that an admitted answer carries. */
  (request: Request, requirement?: AccessRequirement<Request>, connection?: Connection): Promise<GateEntry>
  /** A handler behind the gate; the metadata lists its scopes. */
  handle(
    requirement: AccessRequirement<Request>,
    handler: (request: Request, context: AgentContext) => Response | Promise<Response>,
  ): (request: Request, connection?: Connection) => Promise<Response>
}

/**
 * The gate for hosts that speak web-standard requests (Hono, Next, h3 on Node). A `Request` joins repeated fields and
 * rewrites the path: joined credentials are refused, an ambiguous path is no longer seen as such.
 * @example
 * const entry = await gate(request, { scopes: ['tools:read'] })
 * if (!entry.ok) return entry.response
 * return entry.finish(Response.json({ by: entry.context.actor.subject }))
 */
export function createGate(
  optionsOrVerifier: VerifierOptions | Verifier,
  settings: Omit<AdmissionSettings<Request>, 'optional'> = {},
): Gate {
  const { verifier, admit } = createAdmissions<Request>(optionsOrVerifier, settings, 'always')
  const requirements: CompiledRequirement[] = []
  let handled: readonly string[] = []

  async function enter(
    request: Request,
    guard: RouteGuard<Request> | undefined,
    connection: Connection | undefined,
  ): Promise<GateEntry> {
    const entry: Entry = await admit(request, webRequestView(request, connection), () => handled)
    if (entry.kind !== 'admitted') return { ok: false, response: responseOf(entry) }
    const refusal = await guard?.judge(request)
    if (refusal !== undefined) return { ok: false, response: finish(responseOf(refusal), entry.headers) }
    return {
      ok: true,
      context: entry.context,
      get wouldRefuse() {
        return wouldRefuseOf(request)
      },
      get authInfo() {
        return authInfoOf(verifier, entry.context)
      },
      finish: (response) => finish(response, entry.headers),
    }
  }

  async function gate(request: Request, requirement?: AccessRequirement<Request>, connection?: Connection) {
    return enter(request, requirement === undefined ? undefined : createRouteGuard(requirement), connection)
  }

  return Object.assign(gate, {
    handle(requirement: AccessRequirement<Request>, handler: Parameters<Gate['handle']>[1]) {
      const guard = createRouteGuard(requirement)
      const problems = verifier.checkRoutes([{ path: 'gate.handle()', requirements: [guard.requirement] }])
      if (problems.length > 0) throw new OptionsError(problems)
      requirements.push(guard.requirement)
      handled = scopesOf([{ requirements }])
      return async (request: Request, connection?: Connection) => {
        const entry = await enter(request, guard, connection)
        return entry.ok ? entry.finish(await handler(request, entry.context)) : entry.response
      }
    },
  })
}

/**
 * Looks at requests beside the guard that the host has today, and tells the audit what a gate with these options would
 * refuse and why. It refuses nothing, does not authenticate and never waits. Throws OptionsError for `access`, `reportOnly`,
 * `dpop.replay` and a required audit sink.
 * @example
 * const observe = createObserver({ issuer: 'https://as.example.com', resource: 'https://api.example.com', audit: sink })
 * observe(request)
 */
export function createObserver(
  optionsOrVerifier: VerifierOptions | Verifier,
): (request: Request, connection?: Connection) => void {
  const observe = createObserve<Request>(optionsOrVerifier)
  return (request, connection) => observe(request, () => webRequestView(request, connection))
}

/** The context of a request that a gate admitted. */
export function agentContextOf(request: Request): AgentContext | undefined {
  return contextOf(request)
}

function webRequestView(request: Request, connection: Connection | undefined): RequestView {
  const address = connection?.address
  return {
    method: request.method,
    target: rawTargetOf(request),
    header: (name) => splitFieldLines(request, name),
    peer: {
      address,
      local: address === undefined ? 'host' : undefined,
      certificate: () => connection?.certificate,
    },
  }
}

/**
 * RFC 9112 §3.2.2: an absolute target counts, and not Host. Hosts make the URL of a Request of either: where it differs
 * from Host, the target was absolute, and its origin is judged. Without a Host field that cannot be told, nor in Next,
 * which makes every URL of its own host name.
 */
function rawTargetOf(request: Request): string {
  const { host, pathname, search, protocol, username } = new URL(request.url)
  const field = 'nextUrl' in request ? null : request.headers.get('host')
  const isOrigin = field === null || isHost(field, host, protocol)
  return isOrigin && username === '' ? pathname + search : request.url
}

/** By the URL parser: case, default port and escapes are no difference. */
function isHost(field: string, host: string, protocol: string): boolean {
  const url = `${protocol}//${field}`
  return URL.canParse(url) && new URL(url).host === host
}

/** Headers joins repeated fields: neither credential may hold a comma, so a comma means several lines. */
function splitFieldLines(request: Request, name: string): readonly string[] {
  const value = name.startsWith(':') ? null : request.headers.get(name)
  if (value === null) return []
  const isCredential = /^(?:authorization|dpop)$/i.test(name)
  return isCredential ? value.split(',') : [value]
}

/** A web host has no error handler to hand over to, so the error is thrown to the caller. */
export function responseOf(entry: Entry): Response {
  if (entry.kind === 'handed over') throw entry.error
  if (entry.kind !== 'answered') throw new Error(`a refusal was expected, not: ${entry.kind}`)
  const { status, headers, body } = entry.answer
  // RFC 9110 §15.3.5: a 204 has no content.
  return finish(new Response(body === '' ? null : body, { status }), headers)
}

function finish(response: Response, headers: HeaderList): Response {
  if (headers.length === 0) return response
  const finished = new Response(response.body, response)
  for (const [name, value] of headers) {
    finished.headers.set(name, name === 'Vary' ? mergeVary(finished.headers.get(name), value) : value)
  }
  const exposed = mergeExposed(finished.headers.get('Access-Control-Expose-Headers'), headers)
  if (exposed !== undefined) finished.headers.set('Access-Control-Expose-Headers', exposed)
  return finished
}
