import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Answer } from '../src/adapter/index.ts'
import type { HeaderList, RequestView } from '../src/index.ts'

/** Node's request and response, as every adapter on node:http needs them. */

/** `target` and `method` as they arrived, where other middleware has changed those of the request. */
export function nodeRequestView<R extends IncomingMessage>(
  request: R,
  target: string,
  method: string | undefined = request.method,
  route?: (request: R) => string | undefined,
): RequestView {
  return {
    method: method ?? '',
    target,
    get route() {
      return route?.(request)
    },
    header: (name) => rawFieldLines(request, name),
    peer: {
      get address() {
        return request.socket?.remoteAddress
      },
      get connection() {
        return connectionOf(request)
      },
      get local() {
        return isFromUnixSocket(request) ? ('unix' as const) : undefined
      },
      get encrypted() {
        return isEncrypted(request)
      },
      certificate: () => peerCertificate(request),
    },
  }
}

/** Node tells a Unix socket only by its listener, whose address is a path. */
function isFromUnixSocket({ socket }: IncomingMessage): boolean {
  const { server } = (socket ?? {}) as { server?: { address?(): unknown } }
  return typeof server?.address?.() === 'string'
}

/** From `rawHeaders`: `headers` hides a second Authorization and joins a second DPoP. */
function rawFieldLines({ rawHeaders, headers }: IncomingMessage, name: string): readonly string[] {
  if (name.startsWith(':')) return []
  const wanted = name.toLowerCase()
  if (rawHeaders === undefined || rawHeaders.length === 0) return joinedLines(headers[wanted], wanted)
  const lines: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const field = rawHeaders[at] as string
    if (field.length === wanted.length && field.toLowerCase() === wanted) lines.push(rawHeaders[at + 1] as string)
  }
  return lines
}

/** Serverless hosts fill `headers` alone, perhaps joined: neither credential may hold a comma, so a comma means several lines. */
function joinedLines(value: string | string[] | undefined, name: string): readonly string[] {
  const lines = value === undefined ? [] : Array.isArray(value) ? value : [value]
  return name === 'authorization' || name === 'dpop' ? lines.flatMap((line) => line.split(',')) : lines
}

/** One buffer per connection: the core knows its thumbprint again by identity. */
const certificates = new WeakMap<object, Uint8Array>()

function peerCertificate(request: IncomingMessage): Uint8Array | undefined {
  const connection = connectionOf(request)
  if (connection === undefined) return undefined
  const known = certificates.get(connection)
  if (known !== undefined) return known
  const der = (request.socket as Partial<TLSSocket>).getPeerCertificate?.(false)?.raw
  if (der !== undefined) certificates.set(connection, der)
  return der
}

/** By the class of the socket: one that has no client certificate to give is not TLS. */
function isEncrypted({ socket, stream }: IncomingMessage & { stream?: { session?: { encrypted?: boolean } } }) {
  if (stream?.session !== undefined) return stream.session.encrypted
  return socket && typeof (socket as Partial<TLSSocket>).getPeerCertificate === 'function'
}

/** HTTP/2 hands every request a socket object of its own; the session is the connection. */
function connectionOf({ socket, stream }: IncomingMessage & { stream?: { session?: object } }): object | undefined {
  return stream?.session ?? socket ?? undefined
}

export function writeAnswer(response: ServerResponse, answer: Answer): void {
  // Something else, a time-out perhaps, answered while we waited. A head that was sent cannot be taken back.
  if (response.headersSent) {
    if (!response.writableEnded) response.destroy()
    return
  }
  response.statusCode = answer.status
  setOurFields(response, answer.headers)
  exposeHeaders(response, answer.headers)
  response.end(answer.body)
}

/** Sets our headers just before the head is written, so that they override the handler's and cors()'s. */
export function addHeadersToHead(response: ServerResponse, headers: HeaderList): void {
  if (headers.length === 0) return
  const writeHead = response.writeHead as (status: number, ...rest: unknown[]) => ServerResponse
  response.writeHead = function writeHeadWithOurs(this: ServerResponse, status: number, ...rest: unknown[]) {
    // Fields given to writeHead would win over those set: set them first.
    const given = rest.at(-1)
    if (typeof given === 'object' && given !== null) setFields(this, given)
    setOurFields(this, headers)
    exposeHeaders(this, headers)
    return writeHead.call(this, status, ...rest.filter((item) => typeof item === 'string'))
  } as typeof response.writeHead
}

function setOurFields(response: ServerResponse, headers: HeaderList): void {
  for (const [name, value] of headers) {
    response.setHeader(name, name === 'Vary' ? mergeVary(response.getHeader(name), value) : value)
  }
}

/** RFC 9110 §12.5.5: what the answer varies by already, and ours. */
export function mergeVary(present: unknown, ours: string): string {
  const names = listed(present)
  const known = new Set(names.map((name) => name.toLowerCase()))
  return [...names, ...listed(ours).filter((name) => !known.has(name.toLowerCase()))].join(', ')
}

/** Node takes an object, or names and values in one list, flat or in pairs, where a name may come again. */
function setFields(response: ServerResponse, given: object): void {
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given)) if (value !== undefined) response.setHeader(name, value)
    return
  }
  const pairs = pairsOf(given)
  for (const [name] of pairs) response.removeHeader(String(name))
  for (const [name, value] of pairs) {
    response.appendHeader(String(name), Array.isArray(value) ? value.map(String) : String(value))
  }
}

function pairsOf(list: readonly unknown[]): readonly (readonly unknown[])[] {
  if (list.every((entry) => Array.isArray(entry))) return list
  return list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1]]] : []))
}

const exposed = ['WWW-Authenticate', 'DPoP-Nonce', 'Retry-After']

/** Lets a browser's script read them (Fetch §3.2.3): what is there and what is ours; undefined where none of ours is sent. */
export function mergeExposed(present: unknown, headers: HeaderList): string | undefined {
  if (!headers.some(([name]) => exposed.includes(name))) return undefined
  const names = listed(present)
  const missing = exposed.filter((name) => !names.some((known) => known.toLowerCase() === name.toLowerCase()))
  return [...names, ...missing].join(', ')
}

function listed(value: unknown): readonly string[] {
  return String(value ?? '')
    .split(',')
    .flatMap((name) => (name.trim() === '' ? [] : [name.trim()]))
}

function exposeHeaders(response: ServerResponse, headers: HeaderList): void {
  const merged = mergeExposed(response.getHeader('Access-Control-Expose-Headers'), headers)
  if (merged !== undefined) response.setHeader('Access-Control-Expose-Headers', merged)
}
