import type { Server } from 'node:http'
import type { Verifier } from 'onbehalf'
import { createNodeGate } from 'onbehalf/node'
import { type WebSocket, WebSocketServer } from 'ws'

/**
 * Streams outlive the request that opened them, and an upgrade never meets a middleware: each is authorised at its door
 * and ends with its token, by expiry or revocation.
 */
export function addStreams(server: Server, verifier: Verifier): void {
  const gate = createNodeGate(verifier)
  const sockets = new WebSocketServer({ noServer: true })
  const requirement = { scopes: ['events:read'] }

  // Server-sent events.
  server.on('request', async (request, response) => {
    const context = await gate(request, response, requirement)
    // A client that left while we waited closes nothing any more: the lease would keep the listener.
    if (context === undefined || response.destroyed) return
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.write(`data: hello ${context.actor.subject}\n\n`)
    const forget = whenOver(verifier.lease(context), () => response.end())
    response.on('close', forget)
  })

  // WebSocket.
  server.on('upgrade', async (request, socket, head) => {
    const context = await gate.authorizeUpgrade(request, socket, requirement)
    if (context === undefined) return
    sockets.handleUpgrade(request, socket, head, (connection) => {
      // Without a listener a malformed frame would end the process.
      connection.on('error', () => connection.terminate())
      connection.send(`hello ${context.actor.subject}`)
      const forget = whenOver(verifier.lease(context), () => endConnection(connection))
      connection.on('close', forget)
    })
  })
}

/** The lease may be over already: requests are let in some seconds past the token's end, for clocks differ; streams are not. */
function whenOver(lease: AbortSignal, end: () => void): () => void {
  if (lease.aborted) end()
  else lease.addEventListener('abort', end, { once: true })
  return () => lease.removeEventListener('abort', end)
}

/** A client that does not answer the close is cut off. */
function endConnection(connection: WebSocket): void {
  // Policy violation (RFC 6455 §7.4.1).
  connection.close(1008)
  setTimeout(() => connection.terminate(), 400).unref()
}
