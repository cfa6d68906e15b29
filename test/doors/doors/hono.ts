import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { TLSSocket } from 'node:tls'
import { type Context, Hono } from 'hono'
import { AuthError } from 'onbehalf'
import { type Connection, createGate, type Gate } from 'onbehalf/fetch'
import { type AppSpec, type Door, fullPath, handed, type RouteSpec, reached } from '../app.ts'
import { askTcp } from '../wire.ts'
import { listen, serverFor, shut } from './server.ts'

type Env = { Bindings: { incoming?: IncomingMessage } }

const require = createRequire(import.meta.url)
/** Its own types need those of a browser. */
const { getRequestListener } = require('@hono/node-server') as {
  getRequestListener(fetch: Hono<Env>['fetch']): RequestListener
}

export const honoDoor: Door = {
  name: 'fetch in Hono',
  traits: ['web request', 'one call'],
  async start(spec) {
    const app = build(spec)
    const server = serverFor(spec, spec.isServerless ? serverlessListener(app) : getRequestListener(app.fetch))
    const port = await listen(server)
    return { port, ask: askTcp(port), close: () => shut(server) }
  },
}

function build(spec: AppSpec): Hono<Env> {
  const app = new Hono<Env>()
  const gate = createGate(spec.options, { onRefusal: spec.onRefusal })
  const isGuarded = (path: string) => spec.guardedMount === undefined || path.startsWith(`${spec.guardedMount}/`)
  for (const route of spec.routes) addRoute(app, spec, route, isGuarded(fullPath(route)) ? gate : undefined)
  app.all('*', async (c) => {
    if (!isGuarded(new URL(c.req.url).pathname)) return c.notFound()
    const entry = await gate(c.req.raw, undefined, connectionOf(c))
    return entry.ok ? entry.finish(await c.notFound()) : entry.response
  })
  app.onError((error) => {
    const { status, body } = handed(error)
    const headers = error instanceof AuthError ? error.headers : []
    return Response.json(body, { status, headers: headers.map(([name, value]): [string, string] => [name, value]) })
  })
  return app
}

function addRoute(app: Hono<Env>, { guards = 1 }: AppSpec, route: RouteSpec, gate: Gate | undefined): void {
  const guarded = gate?.handle(route.requirement ?? {}, (_request, context) => Response.json(reached(route, context)))
  const handler = async (c: Context<Env>) => {
    if (gate === undefined || guarded === undefined) return c.json(reached(route, undefined))
    for (let at = 1; at < guards; at++) await gate(c.req.raw, undefined, connectionOf(c))
    return guarded(c.req.raw, connectionOf(c))
  }
  if (route.path.endsWith('/*')) app.all(fullPath(route), handler)
  else app.on(route.method ?? 'GET', fullPath(route), handler)
}

function connectionOf(c: Context<Env>): Connection {
  const socket = c.env.incoming?.socket as Partial<TLSSocket> | undefined
  return { address: socket?.remoteAddress, certificate: socket?.getPeerCertificate?.(false)?.raw }
}

/** A host that makes the Request itself, from fields already joined. */
function serverlessListener(app: Hono<Env>): RequestListener {
  return (request, response) => {
    void forward(app, request, response)
  }
}

async function forward(app: Hono<Env>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const fields = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)])
  const url = `https://api.example.test${request.url}`
  const answer = await app.fetch(new Request(url, { method: request.method ?? 'GET', headers: fields }), {})
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  response.end(await answer.text())
}
