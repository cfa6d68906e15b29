import type { AgentContext, Dialect, Directory, EntityClaims } from 'onbehalf'
import { expect, test } from 'vitest'
import { createForge } from '../../support/forge.ts'

/** What the directory says may change from one answer to the next. */

const claims = { act: { sub: 'travel-7', sub_profile: 'ai_agent' } }

/** A context of the same token for each of the answers, which come one after the other. */
async function contextsWith(
  answers: readonly Readonly<Record<string, EntityClaims>>[],
  dialect?: Dialect,
): Promise<readonly AgentContext[]> {
  const forge = await createForge()
  let now: Readonly<Record<string, EntityClaims>> = {}
  const directory: Directory = ({ subject }) => now[subject]
  const verifier = forge.verifierTrusting({ dialect }, { delegation: { directory } })
  const token = forge.token(claims)
  const contexts: AgentContext[] = []
  for (const answer of answers) {
    now = answer
    contexts.push(await forge.context({ verifier, token }))
    forge.clock.advance(24)
  }
  return contexts
}

test('Context: an answer about the principal alone changes the principal, and leaves the actor', async () => {
  const [first, second] = await contextsWith([
    { alice: { owner: 'hr' }, 'travel-7': { owner: 'ops' } },
    { alice: { owner: 'finance' }, 'travel-7': { owner: 'ops' } },
  ])
  expect(second?.principal.entity).toEqual({ owner: 'finance' })
  expect(second?.actor).toBe(first?.actor)
})

test('Context: a party that is again as the token says is the same object again', async () => {
  const entity: NonNullable<Dialect['entity']> = (_, which) => (which === 'actor' ? { owner: 'ops' } : undefined)
  const [first, second, third] = await contextsWith([{}, { 'travel-7': { owner: 'lab' } }, {}], { name: 'own', entity })
  expect([first, second, third].map((context) => context?.actor.entity)).toEqual([
    { owner: 'ops' },
    { owner: 'lab' },
    { owner: 'ops' },
  ])
  expect(third?.actor).toBe(first?.actor)
})
