import type { Party } from 'onbehalf'
import { createTestClock } from 'onbehalf/testing'
import { expect, test } from 'vitest'
import type { DelegatedToken } from '../../../src/context/parties.ts'
import { createStandingCheck, type StandingCheck } from '../../../src/context/standing.ts'
import { clockFrom } from '../../../src/internal/clock.ts'
import { Denial } from '../../../src/refusal/denial.ts'
import type { CurrentToken } from '../../../src/token/revocation.ts'

/** The check of the parties, asked directly about tokens that the pipeline would be slow to bring here. */

const home = 'https://as.example.test'

function partyCalled(subject: string): Party {
  return { subject, issuer: home, assertedBy: home, kind: 'agent', kindSource: 'profile', profiles: [] }
}

function tokenNaming(principal: string, actors: readonly string[]): DelegatedToken {
  const named = actors.map(partyCalled)
  const parties = { principal: partyCalled(principal), actor: named[0], named, delegation: null }
  return { token: { parties } } as unknown as DelegatedToken
}

function checkAsking(directory: (party: Party) => { owner: string } | { disabled: true }): StandingCheck {
  const clock = clockFrom(createTestClock())
  return createStandingCheck({ requireOwner: true, reportOnly: new Set(), directory, clock, hookTimeoutMs: 1_000 })
}

test('Context: an answer that the cache lets go while the request waits still counts', async () => {
  const standing = checkAsking(() => ({ owner: 'ops' }))
  const token = await standing.check(tokenNaming('alice', ['travel-7']))
  if (token instanceof Denial) throw new Error(token.code)
  // As many parties as the cache has room for.
  await standing.check(
    tokenNaming(
      'bob',
      Array.from({ length: 9_999 }, (_, at) => `agent-${at}`),
    ),
  )
  expect(standing.recheck(token)).toBeUndefined()
})

test('Context: a token whose chain is refused stands for no stream', () => {
  const standing = checkAsking(() => ({ owner: 'ops' }))
  const token = { parties: new Denial('delegation_malformed') } as unknown as CurrentToken
  expect(standing.holds(token)).toBe(false)
})
