import type { FastifyReply } from 'fastify'
import type { Answer } from '../src/adapter/index.ts'
import { addHeadersToHead } from './node-request.ts'

export function sendAnswer(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  addHeadersToHead(reply.raw, headers)
  // `Vary` is merged with that of other plugins, when the head is written.
  const own = headers.filter(([name]) => name !== 'Vary')
  return reply.code(status).headers(Object.fromEntries(own)).send(body)
}
