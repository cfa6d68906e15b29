import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Duplex } from 'node:stream'
import {
  type AdmissionSettings,
  type Answer,
  assignAuthInfo,
  contextOf,
  createAdmissions,
  createObserve,
  createResourceMetadata,
  createRouteGuard,
  type Entry,
} from '../src/adapter/index.ts'
import type { AccessRequirement, AgentContext, RequestView, Verifier, VerifierOptions } from '../src/index.ts'
import { holdRefusal } from './hold-refusal.ts'
import { addHeadersToHead, nodeRequestView, writeAnswer } from './node-request.ts'

export { observationOf, wouldRefuseOf } from '../src/adapter/index.ts'

type NodeRequest = IncomingMessage | Http2ServerRequest
type NodeResponse = ServerResponse | Http2ServerResponse

export interface NodeGate {
  /** The context; or undefined when the request was refused and the answer is written. */
  (
    request: NodeRequest,
    response: NodeResponse,
    requirement?: AccessRequirement<IncomingMessage>,
  ): Promise<AgentContext | undefined>
  /** For `server.on('upgrade')`, which no middleware sees: writes a refusal to the socket and destroys it. */
  authorizeUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    requirement?: AccessRequirement<IncomingMessage>,
  ): Promise<AgentContext | undefined>
}

/**
 * The gate for bare `node:http` and `node:http2` servers.
 * @example
 * const context = await gate(request, response, { scopes: ['tools:read'] })
 * if (context === undefined) return
 */
export function createNodeGate(
  optionsOrVerifier: VerifierOptions | Verifier,
  settings: Omit<AdmissionSettings<IncomingMessage>, 'optional'> = {},
): NodeGate {
  const { admit } = createAdmissions<IncomingMessage>(optionsOrVerifier, settings, 'always')

  async function enter(request: IncomingMessage, requirement?: AccessRequirement<IncomingMessage>): Promise<Entry> {
    const guard = requirement === undefined ? undefined : createRouteGuard(requirement)
    const entry = await admit(request, viewOfNode(request))
    return entry.kind === 'admitted' ? ((await guard?.judge(request)) ?? entry) : entry
  }

  const gate: NodeGate = async (request, response, requirement) => {
    const entry = await enter(request as IncomingMessage, requirement)
    if (entry.kind === 'admitted') {
      if (entry.authInfo !== undefined) assignAuthInfo(request, entry.authInfo)
      addHeadersToHead(response as ServerResponse, entry.headers)
      return entry.context
    }
    if (entry.kind === 'handed over') holdRefusal(response as ServerResponse, entry.error)
    writeAnswer(response as ServerResponse, answerIn(entry))
    return undefined
  }

  gate.authorizeUpgrade = async (request, socket, requirement) => {
    // Node has let go of an upgraded socket: an error on it while we wait would end the process.
    const ignore = () => {}
    socket.on('error', ignore)
    const entry = await enter(request, requirement).catch((error) => {
      socket.destroy()
      throw error
    })
    if (entry.kind === 'admitted' && !socket.destroyed) {
      socket.off('error', ignore)
      return entry.context
    }
    if (entry.kind === 'answered') socket.end(rawAnswer(entry.answer), () => socket.destroy())
    else socket.destroy()
    if (entry.kind === 'handed over') throw entry.error
    return undefined
  }

  return gate
}

/**
 * Serves the protected resource metadata (RFC 9728): true where it has answered. The gates of the verifier then name them
 * in every challenge. Throws OptionsError for a verifier with `metadata: false`.
 * @example
 * if (serveMetadata(request, response)) return
 */
export function resourceMetadata(verifier: Verifier): (request: NodeRequest, response: NodeResponse) => boolean {
  const answerDocument = createResourceMetadata(verifier)
  return function serveMetadata(request, response) {
    const answer = answerDocument(nodeRequestView(request as IncomingMessage, request.url ?? ''), () => noScopes)
    if (answer === undefined) return false
    writeAnswer(response as ServerResponse, answer)
    return true
  }
}

/** Gates hear of a requirement at the request that names it. */
const noScopes: readonly string[] = []

/**
 * Looks at requests beside the guard that the server has today, and tells the audit what a gate with these options would
 * refuse and why. It refuses nothing, does not authenticate and never waits. Throws OptionsError for `access`, `reportOnly`,
 * `dpop.replay` and a required audit sink.
 * @example
 * const observe = createNodeObserver({ issuer: 'https://as.example.com', resource: 'https://api.example.com', audit: sink })
 * observe(request)
 */
export function createNodeObserver(optionsOrVerifier: VerifierOptions | Verifier): (request: NodeRequest) => void {
  const observe = createObserve<IncomingMessage>(optionsOrVerifier)
  return (request) => observe(request as IncomingMessage, viewOfNode)
}

function viewOfNode(request: IncomingMessage): RequestView {
  return nodeRequestView(request, request.url ?? '')
}

/** The context of a request that a gate admitted. */
export function agentContextOf(request: NodeRequest): AgentContext | undefined {
  return contextOf(request)
}

/** There is no framework to hand over to: the error is thrown to the caller. */
function answerIn(entry: Entry): Answer {
  if (entry.kind === 'answered') return entry.answer
  throw entry.kind === 'handed over' ? entry.error : new Error(`a refusal was expected, not: ${entry.kind}`)
}

function rawAnswer({ status, headers, body }: Answer): string {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}
