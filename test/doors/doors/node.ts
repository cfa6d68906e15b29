import type { IncomingMessage, ServerResponse } from 'node:http'
import { AuthError } from 'onbehalf'
import { createNodeGate, type NodeGate } from 'onbehalf/node'
import { type AppSpec, type Door, fullPath, handed, type RouteSpec, reached } from '../app.ts'
import { askTcp } from '../wire.ts'
import { listen, serverFor, shut } from './server.ts'

export const nodeDoor: Door = {
  name: 'node:http',
  traits: ['one call', 'requirement at the request'],
  async start(spec) {
    const gate = createNodeGate(spec.options, { onRefusal: spec.onRefusal })
    const server = serverFor(spec, (request, response) => {
      handle(spec, gate, request, response).catch((error: unknown) => answerError(response, error))
    })
    const port = await listen(server)
    return { port, ask: askTcp(port), close: () => shut(server) }
  },
}

async function handle(spec: AppSpec, gate: NodeGate, request: IncomingMessage, response: ServerResponse) {
  const path = pathOf(request.url ?? '')
  const route = spec.routes.find((candidate) => isMatch(candidate, request.method ?? '', path))
  const isGuarded = spec.guardedMount === undefined || path.startsWith(`${spec.guardedMount}/`)
  let context: Awaited<ReturnType<NodeGate>>
  if (isGuarded) {
    for (let at = 0; at < (spec.guards ?? 1); at++) context = await gate(request, response, route?.requirement)
    if (context === undefined) return
  }
  if (route === undefined) {
    response.writeHead(404).end()
    return
  }
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify(reached(route, context)))
}

function pathOf(target: string): string {
  return target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
}

function isMatch(route: RouteSpec, method: string, path: string): boolean {
  const full = fullPath(route)
  if (full.endsWith('/*')) return path.startsWith(full.slice(0, -1))
  const methods: readonly string[] = route.method === undefined ? ['GET', 'HEAD'] : [route.method]
  return full === path && methods.includes(method)
}

function answerError(response: ServerResponse, error: unknown): void {
  const { status, body } = handed(error)
  if (error instanceof AuthError) for (const [name, value] of error.headers) response.setHeader(name, value)
  response.statusCode = status
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify(body))
}
