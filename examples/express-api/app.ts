import express, { type Express, type Response } from 'express'
import { type AuditEvent, createVerifier, type RevocationSource, sentence } from 'onbehalf'
import { agentAuth, requireAccess } from 'onbehalf/express'

export interface ApiOptions {
  readonly issuer: string
  /** The URL of this API: what tokens must name as audience, and what proofs are made for. */
  readonly resource: string
  readonly audit: (event: AuditEvent) => void
  /** What the issuer has taken back before its time. */
  readonly revocation?: RevocationSource | undefined
}

/** A small API of tools: the same on plain HTTP behind a proxy and on mutual TLS. */
export function createApp({ issuer, resource, audit, revocation }: ApiOptions): Express {
  const app = express()

  const verifier = createVerifier({ issuer, resource, audit: { write: audit }, revocation })
  // The one line.
  app.use(agentAuth(verifier))

  app.get('/tools', requireAccess({ scopes: ['tools:read'] }), (req, res) => {
    const { actor, principal, authority } = req.agentContext
    res.json({ tools: ['calendar', 'mail'], by: actor.subject, for: principal.subject, authority })
  })

  app.post('/tools', requireAccess({ scopes: ['tools:write'] }), (req, res) => {
    res.status(201).json({ by: req.agentContext.actor.subject })
  })

  app.get('/whoami', requireAccess({ scopes: ['tools:read'] }), (req, res) => {
    res.json({ sentence: sentence(req.agentContext) })
  })

  app.get('/events', requireAccess({ scopes: ['tools:read'] }), (req, res) => {
    sendEvents(res, verifier.lease(req.agentContext))
  })

  return app
}

/** A stream ends with its token, by expiry or revocation. */
function sendEvents(res: Response, lease: AbortSignal): void {
  // A client that left while we waited closes nothing any more: the lease would keep the listener.
  if (res.destroyed) return
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).write('data: hello\n\n')
  const end = () => void res.end()
  if (lease.aborted) end()
  else lease.addEventListener('abort', end, { once: true })
  res.on('close', () => lease.removeEventListener('abort', end))
}
