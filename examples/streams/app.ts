import { createServer, type Server } from 'node:http'
import type { Verifier } from 'onbehalf'
import { createNodeGate } from 'onbehalf/node'
import { WebSocketServer } from 'ws'

/**
 * Streams outlive the request that opened them, and an upgrade never meets a middleware: each is authorised at its door
 * and ends with its token, by expiry or revocation.
 */
export function createStreamServer(verifier: Verifier): Server {
  const gate = createNodeGate(verifier)
  const sockets = new WebSocketServer({ noServer: true })
  const requirement = { scopes: ['events:read'] }

  // Server-sent events.
  const server = createServer(async (request, response) => {
    const context = await gate(request, response, requirement)
    if (context === undefined) return
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.write(`data: hello ${context.actor.subject}\n\n`)
    verifier.lease(context).addEventListener('abort', () => response.end(), { once: true })
  })

  // WebSocket. 1008: policy violation (RFC 6455 §7.4.1).
  server.on('upgrade', async (request, socket, head) => {
    const context = await gate.authorizeUpgrade(request, socket, requirement)
    if (context === undefined) return
    sockets.handleUpgrade(request, socket, head, (connection) => {
      connection.send(`hello ${context.actor.subject}`)
      verifier.lease(context).addEventListener('abort', () => connection.close(1008), { once: true })
    })
  })

  return server
}
