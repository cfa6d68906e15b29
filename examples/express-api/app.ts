import express, { type Express } from 'express'
import { type AuditEvent, type RevocationSource, sentence } from 'onbehalf'
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

  // The one line.
  app.use(agentAuth({ issuer, resource, audit: { write: audit }, revocation }))

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

  return app
}
