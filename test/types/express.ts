import express, { type Request } from 'express'
import type { AgentContext, Party, Verifier } from 'onbehalf'
import { agentAuth, agentContextOf, requireAccess } from 'onbehalf/express'

/** Compiled, never run: what Express handlers see, and what must not compile. */

export function types(verifier: Verifier): void {
  const app = express()
  app.use(agentAuth({ issuer: 'https://as.example.test', resource: 'https://api.example.test' }))
  app.use(
    agentAuth(verifier, {
      optional: true,
      onRefusal(refusal, request) {
        request.socket.setTimeout(refusal.status)
        return { handOver: true }
      },
    }),
  )

  app.get('/tools', requireAccess({ scopes: ['tools:read'] }), (req, res) => {
    const context: AgentContext = req.agentContext
    const actor: Party = req.agentContext.actor
    res.json({ by: actor.subject, scopes: context.scopes })
    // @ts-expect-error nobody sets it
    req.agentContext = context
    // @ts-expect-error frozen
    req.agentContext.scopes.push('admin')
    // @ts-expect-error frozen
    req.agentContext.actor.subject = 'bob'
    // @ts-expect-error null unless the authority is delegated
    req.agentContext.delegation.chain
  })

  app.get('/optional', (req) => {
    const context: AgentContext | undefined = agentContextOf(req)
    // @ts-expect-error there may be none
    context.actor
    return context?.actor
  })

  // The parameters and body of the route's own request type.
  interface Payment {
    readonly amount: number
  }
  const mayPay = requireAccess<Request<{ id: string }, unknown, Payment>>({
    where: (context, { body, params }) => body.amount <= 100 && params.id === context.actor.subject,
    details: { type: 'payment', allows: (detail, _context, { body }) => Number(detail['limit']) >= body.amount },
  })
  app.post<{ id: string }, unknown, Payment>('/agents/:id/payments', mayPay, (req, res) => {
    const amount: number = req.body.amount
    res.json({ amount, by: req.agentContext.actor.subject })
  })
  requireAccess<Request<{ id: string }, unknown, Payment>>({
    // @ts-expect-error no such member of the body
    where: (_context, { body }) => body.total <= 100,
  })
  requireAccess<Request<{ id: string }>>({
    // @ts-expect-error no such parameter
    where: (_context, { params }) => params.name === 'x',
  })

  // @ts-expect-error refusals cannot be turned into admissions
  agentAuth(verifier, { onRefusal: () => ({ admit: true }) })
  // @ts-expect-error a number is no mode
  agentAuth(verifier, { optional: 1 })
}
