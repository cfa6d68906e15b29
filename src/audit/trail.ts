import { randomUUID } from 'node:crypto'
import type { Scheme } from '../credentials.ts'
import type { AuditEvent } from '../types/audit.ts'
import type { RequestView } from '../types/request.ts'

/**
 * What the events of one request share. It holds nothing of the framework's, because the latest trail of a token is kept
 * as long as its context.
 */
export class Trail {
  readonly requestId: string = randomUUID()
  readonly traceId: string | null
  readonly correlationId: string | null
  readonly method: string
  readonly path: string
  readonly address: string | null
  scheme: Scheme | undefined = undefined
  /** Set with the verdict. */
  proof: AuditEvent['proof'] = noProof
  #events = 0

  constructor(view: RequestView) {
    this.traceId = readTraceId(view)
    this.correlationId = readCorrelationId(view)
    this.method = view.method
    this.path = readPath(view.target)
    this.address = view.peer?.address ?? null
  }

  /** Id of the next event, `<requestId>-<n>`: one UUID per request is costly enough. */
  nextEventId(): string {
    return `${this.requestId}-${++this.#events}`
  }
}

export const noProof: AuditEvent['proof'] = Object.freeze({ result: 'none', iatOffset: null, replayed: null })

/** W3C Trace Context §3.2.2: later versions may add fields, version `ff` and ids of zeros alone are not valid. */
const traceparent = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/

function readTraceId(view: RequestView): string | null {
  const line = onlyLine(view, 'traceparent')
  if (line === undefined || (line.startsWith('00') && line.length !== 55)) return null
  return traceparent.exec(line)?.[1] ?? null
}

function readCorrelationId(view: RequestView): string | null {
  const line = onlyLine(view, 'x-request-id')
  return line !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(line) ? line : null
}

function onlyLine(view: RequestView, name: string): string | undefined {
  const lines = view.header(name)
  return lines.length === 1 ? lines[0] : undefined
}

const maxPathLength = 512

/** An absolute target may name a user and a password, and a query may hold a token. */
function readPath(target: string): string {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
  const end = path.search(/[?#]/)
  return path.slice(0, end === -1 ? maxPathLength : Math.min(end, maxPathLength))
}
