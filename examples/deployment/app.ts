import express, { type Express, type Response } from 'express'
import type { Verifier } from 'onbehalf'
import { agentAuth, requireAccess } from 'onbehalf/express'
import type { Probes } from './probes.ts'

/** A small API. Its answers name the replica, so that one sees who has answered. */
export function createApp(verifier: Verifier, probes: Probes, replica: string): Express {
  const app = express()

  app.use((_req, res, next) => {
    // While it is draining: nginx must not send another request on this connection.
    if (probes.isDraining()) res.setHeader('Connection', 'close')
    next()
  })
  // Before the guard: probes have no token.
  app.get('/livez', (_req, res) => {
    res.json({ live: true })
  })
  app.get('/readyz', async (_req, res) => {
    const { isReady, ...report } = await probes.readiness()
    res.status(isReady ? 200 : 503).json(report)
  })

  app.use(agentAuth(verifier))
  app.get('/tools', requireAccess({ scopes: ['tools:read'] }), (req, res) => {
    const { actor, sender } = req.agentContext
    res.json({ by: actor.subject, proven: sender.method, replica })
  })
  app.post('/tools', requireAccess({ scopes: ['tools:write'] }), (req, res) => {
    res.status(201).json({ by: req.agentContext.actor.subject, replica })
  })
  app.get('/events', requireAccess({ scopes: ['tools:read'] }), (req, res) => {
    stream(res, verifier.lease(req.agentContext))
  })
  return app
}

/** Server-sent events that end with their token, and with the verifier. */
function stream(res: Response, lease: AbortSignal): void {
  // nginx hands on what it gets instead of collecting it.
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
  res.write('data: hello\n\n')
  // nginx ends a connection on which nothing comes for 60 seconds.
  const heartbeat = setInterval(() => res.write(':\n\n'), 15_000)
  const end = () => res.end('event: over\ndata:\n\n')
  lease.addEventListener('abort', end, { once: true })
  if (lease.aborted) end()
  res.once('close', () => {
    clearInterval(heartbeat)
    lease.removeEventListener('abort', end)
  })
}
