import express, { type Express } from 'express'
import { sentence, type Verifier } from 'onbehalf'
import { agentAuth, requireAccess } from 'onbehalf/express'

/** The API at the end of the chain: it sees everyone who had a hand in the payment, and the person who pays. */
export function createPaymentsApi(verifier: Verifier, tell: (line: string) => void): Express {
  const app = express()
  app.use(agentAuth(verifier))
  app.post('/payments', requireAccess({ scopes: ['pay'], principal: { kind: 'human' } }), (req, res) => {
    const { actor, principal, delegation } = req.agentContext
    tell(`payments: ${sentence(req.agentContext)}`)
    res.json({ paidBy: principal.subject, by: actor.subject, hands: delegation?.chain.length ?? 0 })
  })
  return app
}
