import express, { type Express, type Request } from 'express'
import type { Verifier } from 'onbehalf'
import { agentAuth, requireAccess } from 'onbehalf/express'
import { covers, type Payment } from './payment.ts'

/**
 * Two agents with the same scope may do different things: the limit is in the token, the amount in the body.
 * `home` is the issuer of our own agents; the verifier may trust partners beside it.
 */
export function createPaymentsApp(verifier: Verifier, home: string): Express {
  const app = express()
  app.use(agentAuth(verifier))
  app.use(express.json())

  const mayPay = requireAccess<Request>({
    scopes: ['payments:write'],
    details: { type: 'payment', allows: (detail, _context, { body }) => covers(detail, body) },
  })
  app.post('/payments', mayPay, (req, res) => {
    const { actor, principal } = req.agentContext
    res.status(201).json({ paid: (req.body as Payment).amount, by: actor.subject, for: principal.subject })
  })

  // Humans only, and not through a declared agent either.
  app.get('/limits', requireAccess({ principal: { kind: 'human' }, denyIfAgentInvolved: true }), (_req, res) => {
    res.json({ limits: 'yours to change' })
  })

  // Agents only, whoever they act for.
  app.get('/statements', requireAccess({ actor: { kind: 'agent' } }), (req, res) => {
    res.json({ for: req.agentContext.principal.subject })
  })

  // Only what an agent does by its own authority: borrowed authority is refused.
  app.post('/heartbeat', requireAccess({ authority: 'independent', actor: { kind: 'agent' } }), (_req, res) => {
    res.status(204).end()
  })

  // One agent of our own. A partner may have an auditor-1 as well: it is another one.
  app.get('/ledger', requireAccess({ actor: { issuer: home, subject: 'auditor-1' } }), (_req, res) => {
    res.json({ entries: [] })
  })

  return app
}
