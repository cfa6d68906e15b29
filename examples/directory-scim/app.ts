import express, { type Express } from 'express'
import type { Verifier } from 'onbehalf'
import { agentAuth } from 'onbehalf/express'

/** Every answer says who answers for the agent. The verifier has the directory and requires an owner. */
export function createOwnersApp(verifier: Verifier): Express {
  const app = express()
  app.use(agentAuth(verifier))
  app.get('/orders', (req, res) => {
    const { principal, actor } = req.agentContext
    res.json({ for: principal.subject, by: actor.subject, owner: actor.entity?.owner })
  })
  return app
}
