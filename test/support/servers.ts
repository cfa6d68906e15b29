/** Servers on loopback, and two clients: Node's own, and one that writes any bytes. A server closes with its test. */
import {
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type RequestListener,
  request,
} from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { onTestFinished } from 'vitest'

/** Returns the port. */
export async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly text: string
}

export interface Sent {
  readonly method?: string
  /** An array stands for several field lines. */
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
}

export type Send = (target: string, sent?: Sent) => Promise<Reply>

/** Listens, and returns a client that sends the request target as it is written. */
export async function serve(listener: RequestListener): Promise<Send> {
  const port = await listen(listener)
  return (target, sent = {}) => exchange(port, target, sent)
}

function exchange(port: number, target: string, { method = 'GET', headers = {}, body }: Sent): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path: target, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const { statusCode: status = 0, headers, rawHeaders } = response
        resolve({ status, headers, rawHeaders, text: Buffer.concat(chunks).toString() })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** The refusal code in a problem body; undefined for any other body. */
export function codeIn(reply: Reply): unknown {
  const isProblem = String(reply.headers['content-type']).startsWith('application/problem+json')
  return isProblem ? (JSON.parse(reply.text) as { code?: unknown }).code : undefined
}

export interface RawResponse {
  readonly status: number
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: string
  readonly text: string
}

/** Sends request line and field lines exactly as given, which no client library would do, and closes. */
export function sendRaw(port: number, lines: readonly string[]): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(Buffer.from(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`, 'latin1'))
    })
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve(parseResponse(Buffer.concat(chunks).toString('latin1'))))
  })
}

export function fieldsNamed(response: RawResponse, name: string): string[] {
  return response.fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value)
}

export function parseResponse(text: string): RawResponse {
  const end = text.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n')
  const fields = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
  })
  return { status: Number(statusLine.split(' ')[1]), fields, body: text.slice(end + 4), text }
}
