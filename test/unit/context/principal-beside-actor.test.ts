import { expect, test } from 'vitest'
import { createForge, type Forge } from '../../support/forge.ts'

/** What a token with an actor, or without a client, says of the others in it. */

const forge: Forge = await createForge()

test('Context: behind a named actor the subject is not taken for the client that acts for itself', async () => {
  const verifier = forge.verifierTrusting({ agentClients: [{ client: 'planner-app', actsFor: 'itself' }] })
  const claims = { sub: 'alice', sub_profile: undefined, client_id: 'planner-app', act: { sub: 'travel-7', sub_profile: 'ai_agent' } }
  const { principal, actor } = await forge.context({ verifier, token: forge.token(claims) })
  expect([principal.kind, principal.clientId, actor.subject]).toEqual(['unknown', undefined, 'travel-7'])
})

test('Context: a token without a client has none in its context', async () => {
  const verifier = forge.verifierTrusting({ optionalClaims: ['client_id'] })
  const { client } = await forge.context({ verifier, token: forge.token({ client_id: undefined }) })
  expect(client).toBeNull()
})

test('Context: an admission without anything to add has no header fields', async () => {
  const verdict = await forge.call({ verifier: forge.verifierWith({ mtls: false }) })
  expect(verdict.ok && verdict.headers).toEqual([])
})
