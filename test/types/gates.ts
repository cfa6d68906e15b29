import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { AgentContext, Verifier } from 'onbehalf'
import { createGate, type GateEntry } from 'onbehalf/fetch'
import { createNodeGate } from 'onbehalf/node'

/** Compiled, never run: the gates of web-standard hosts and of bare Node. */

export async function webStandard(verifier: Verifier, request: Request): Promise<Response> {
  const gate = createGate(verifier)
  const entry: GateEntry = await gate(request, {
    where: async (context, { headers }) => headers.get('x-agent') === context.actor.subject,
  })
  // @ts-expect-error first it has to be asked whether it is ok
  entry.context
  // @ts-expect-error an entry refused is the response itself
  if (!entry.ok) return entry.finish(entry.response)
  const context: AgentContext = entry.context
  // @ts-expect-error admitted: there is no response yet
  entry.response
  const handle: (request: Request) => Promise<Response> = gate.handle({ scopes: ['a'] }, (_request, { actor }) =>
    Response.json({ by: actor.subject }),
  )
  // @ts-expect-error a gate lets nobody in without credentials
  createGate(verifier, { optional: true })
  // @ts-expect-error unknown requirement
  await gate(request, { scope: ['a'] })
  return entry.finish(Response.json([context.actor.subject, handle.length]))
}

export async function node(
  verifier: Verifier,
  one: [IncomingMessage, ServerResponse],
  two: [Http2ServerRequest, Http2ServerResponse],
  socket: Duplex,
): Promise<void> {
  const gate = createNodeGate(verifier)
  const context = await gate(...one, { scopes: ['a'], where: (_context, { method }) => method === 'GET' })
  // @ts-expect-error refused: there is none
  context.actor
  const admitted: AgentContext | undefined = (await gate(...two)) ?? (await gate.authorizeUpgrade(one[0], socket))
  if (admitted === undefined) return
  const lease: AbortSignal = verifier.lease(admitted)
  lease.throwIfAborted()
  // @ts-expect-error a context is needed
  verifier.lease(undefined)
}
