import express, { type Express } from 'express'
import { agentAuth, agentContextOf, requireAccess } from '../../adapters/express.ts'
import type { AdmissionSettings, Verifier, VerifierOptions } from '../../src/index.ts'
import { sentence } from '../../src/index.ts'

/** An Express API behind agentAuth: GET /tools and /tools/… say who called, /admin needs a scope. */
export function createApi(verifier: Verifier | VerifierOptions, settings?: AdmissionSettings<object>): Express {
  const app = express()
  app.use(agentAuth(verifier, settings))
  app.get('/admin', requireAccess({ scopes: ['admin'] }), (_request, response) => {
    response.json({ admin: true })
  })
  app.use((request, response) => {
    const context = agentContextOf(request)
    response.json({ who: context === undefined ? null : sentence(context) })
  })
  return app
}
