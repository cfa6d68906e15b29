import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

export interface RawResponse {
  readonly status: number
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: string
  readonly text: string
}

/** Serves on a free loopback port while `use` runs. */
export async function withServer<T>(app: RequestListener, use: (port: number) => Promise<T>): Promise<T> {
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await use((server.address() as AddressInfo).port)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

/** Sends request line and field lines as they stand, which no client library would, and closes. */
export function sendRaw(port: number, lines: readonly string[]): Promise<RawResponse> {
  const { promise, resolve, reject } = deferred<RawResponse>()
  const chunks: Buffer[] = []
  const socket = connect(port, '127.0.0.1', () => {
    socket.write(Buffer.from(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`, 'latin1'))
  })
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', reject)
  socket.on('close', () => resolve(parseResponse(Buffer.concat(chunks).toString('latin1'))))
  return promise
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

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve: (value: T) => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
