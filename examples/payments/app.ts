import express, { type Express, type Request } from 'express'
import type { AuthorizationDetail, Verifier } from 'onbehalf'
import { agentAuth, requireAccess } from 'onbehalf/express'

/** What an agent was allowed to pay: a detail of its token (RFC 9396), granted by the human or set by policy. */
interface PaymentDetail extends AuthorizationDetail {
  readonly limit: number
  readonly counterparties: readonly string[]
}

interface Payment {
  readonly amount: number
  readonly to: string
}

/** Two agents with the same scope may do different things: the limit is in the token, the amount in the body. */
export function createPaymentsApp(verifier: Verifier): Express {
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

  return app
}

/** One detail must cover the whole payment: the limit of one and the counterparty of another do not add up. */
function covers(detail: AuthorizationDetail, body: unknown): boolean {
  return (
    isPaymentDetail(detail) && isPayment(body) && body.amount <= detail.limit && detail.counterparties.includes(body.to)
  )
}

function isPaymentDetail(detail: AuthorizationDetail): detail is PaymentDetail {
  const { limit, counterparties } = detail
  return typeof limit === 'number' && Array.isArray(counterparties)
}

function isPayment(body: unknown): body is Payment {
  const { amount, to } = (body ?? {}) as Partial<Payment>
  return typeof amount === 'number' && amount > 0 && typeof to === 'string'
}
