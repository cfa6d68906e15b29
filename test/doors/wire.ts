import { connect as connectTcp } from 'node:net'
import type { Duplex } from 'node:stream'
import { parseResponse } from '../support/servers.ts'

export type Field = readonly [name: string, value: string]

/** A request as its bytes go out. */
export interface Shot {
  readonly method: string
  /** As written. */
  readonly target: string
  /** One entry a field line. Without a host field, `api.example.test` is named. */
  readonly fields: readonly Field[]
  readonly body?: string
  readonly trailers?: readonly Field[]
}

export interface Answer {
  /** 0: the connection or the stream ended without an answer. */
  readonly status: number
  readonly fields: readonly Field[]
  readonly body: string
}

export type Ask = (shot: Shot) => Promise<Answer>

/** HTTP/1.1 by hand, since no client library sends everything a hostile one would. */
export function askHttp1(open: () => Duplex): Ask {
  return (shot) =>
    new Promise((resolve) => {
      const chunks: Buffer[] = []
      const socket = open()
      socket.on('data', (chunk: Buffer) => chunks.push(chunk))
      // A reset ends as an answer of status 0.
      socket.on('error', () => {})
      socket.on('close', () => resolve(readAnswer(Buffer.concat(chunks).toString('latin1'))))
      socket.write(Buffer.from(messageOf(shot), 'latin1'))
    })
}

export function askTcp(port: number): Ask {
  return askHttp1(() => connectTcp(port, '127.0.0.1'))
}

function messageOf({ method, target, fields, body, trailers }: Shot): string {
  const hasHost = fields.some(([name]) => name.toLowerCase() === 'host')
  const head = [
    `${method} ${target} HTTP/1.1`,
    ...(hasHost ? [] : ['Host: api.example.test']),
    ...fields.map(lineOf),
    'Connection: close',
  ]
  if (trailers !== undefined) {
    const last = ['0', ...trailers.map(lineOf)]
    return textOf([...head, 'Transfer-Encoding: chunked']) + chunkOf(body ?? '') + textOf(last)
  }
  return body === undefined ? textOf(head) : textOf([...head, `Content-Length: ${body.length}`]) + body
}

function lineOf([name, value]: Field): string {
  return `${name}: ${value}`
}

function textOf(lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`
}

function chunkOf(body: string): string {
  return body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`
}

function readAnswer(text: string): Answer {
  if (!text.includes('\r\n\r\n')) return { status: 0, fields: [], body: '' }
  const { status, fields, body } = parseResponse(text)
  const isChunked = fields.some(([name, value]) => name.toLowerCase() === 'transfer-encoding' && value === 'chunked')
  return { status, fields, body: isChunked ? unchunk(body) : body }
}

function unchunk(text: string): string {
  let rest = text
  let body = ''
  for (;;) {
    const line = rest.indexOf('\r\n')
    const size = Number.parseInt(rest.slice(0, line), 16)
    if (!(size > 0)) return body
    body += rest.slice(line + 2, line + 2 + size)
    rest = rest.slice(line + 2 + size + 2)
  }
}
