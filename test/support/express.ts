/** Express, both majors, and an API on it. */
import { createRequire } from 'node:module'
import express5, { type Express } from 'express'
import { type AdmissionSettings, sentence, type Verifier, type VerifierOptions } from 'onbehalf'
import { agentAuth, agentContextOf, requireAccess } from 'onbehalf/express'

/** Both majors go through every test; Express 4 has no types of its own. */
export const frameworks: readonly (readonly [name: string, express: typeof express5])[] = [
  ['Express 5', express5],
  ['Express 4', createRequire(import.meta.url)('express4') as typeof express5],
]

/** An API behind agentAuth: /admin needs a scope; every other path answers who called. */
export function createApi(verifier: Verifier | VerifierOptions, settings?: AdmissionSettings<object>): Express {
  const app = express5()
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
