import type { ServerResponse } from 'node:http'
import type { AuthError } from '../src/index.ts'
import { withdrawAuthInfo } from '../src/mcp/auth-info.ts'
import { addHeadersToHead, writeAnswer } from './node-request.ts'

const held = new WeakSet<ServerResponse>()

/** A handler that the application goes on to all the same finds no caller. */
export function withholdContext(request: object): void {
  Object.defineProperty(request, 'agentContext', { configurable: true, enumerable: false, get: failRefused })
  withdrawAuthInfo(request)
}

function failRefused(): never {
  throw new Error('This request was refused: the error handler must not let it go on')
}

/**
 * Keeps the answer a refusal after the error was handed over to the application: an error status is its own to
 * choose and gets the refusal's fields; any other answer is dropped, and the refusal is written in its place, with the
 * fields that were set before.
 */
export function holdRefusal(response: ServerResponse, error: AuthError): void {
  if (held.has(response)) return
  held.add(response)
  const before = Object.entries(response.getHeaders())
  addHeadersToHead(response, error.headers)
  const { writeHead, write, end, flushHeaders } = response
  let state: 'as given' | 'replacing' | 'replaced' = 'as given'

  /** True where the application's output is to be dropped. */
  function isDropped(status: number): boolean {
    if (state !== 'as given' || response.headersSent || status >= 400) return state === 'replaced'
    state = 'replacing'
    for (const name of response.getHeaderNames()) response.removeHeader(name)
    for (const [name, value] of before) if (value !== undefined) response.setHeader(name, value)
    writeAnswer(response, answerOf(error))
    state = 'replaced'
    return true
  }

  Object.assign(response, {
    writeHead(status: number, ...rest: unknown[]) {
      return isDropped(status) ? response : Reflect.apply(writeHead, response, [status, ...rest])
    },
    write(...parameters: unknown[]) {
      return isDropped(response.statusCode) ? drop(parameters, true) : Reflect.apply(write, response, parameters)
    },
    end(...parameters: unknown[]) {
      return isDropped(response.statusCode) ? drop(parameters, response) : Reflect.apply(end, response, parameters)
    },
    flushHeaders() {
      if (!isDropped(response.statusCode)) Reflect.apply(flushHeaders, response, [])
    },
  })
}

function answerOf({ status, headers, body }: AuthError) {
  const type = ['Content-Type', 'application/problem+json'] as const
  return { status, headers: [...headers, type], body: JSON.stringify(body) }
}

/** What waits for the output to be written goes on. */
function drop<T>(parameters: readonly unknown[], result: T): T {
  const written = parameters.at(-1)
  if (typeof written === 'function') process.nextTick(() => written())
  return result
}
