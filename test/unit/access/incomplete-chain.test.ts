import { expect, test } from 'vitest'
import { createForge } from '../../support/forge.ts'

const forge = await createForge()
const person = { sub: 'bob', iss: forge.trust.issuer, sub_profile: 'user' }

test('ACT-19: a chain that is marked as incomplete meets no rule about everyone in it', async () => {
  for (const [complete, denied] of [
    [true, undefined],
    [undefined, undefined],
    [false, 'access_denied'],
  ] as const) {
    const context = await forge.context({ token: forge.token({ act: person, chain_complete: complete }) })
    for (const rule of [{ denyIfAgentInvolved: true }, { maxDepth: 5 }]) {
      expect([complete, rule, await forge.decide(context, rule)]).toEqual([complete, rule, denied])
    }
    expect(await forge.decide(context, { authority: 'delegated', principal: { kind: 'human' } })).toBeUndefined()
  }
})
