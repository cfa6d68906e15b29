import type { AccessRequirement, RevocationQuery, VerifierOptions } from 'onbehalf'
import { describe, expect, test } from 'vitest'
import { createKit } from '../../support/kit.ts'

const kit = await createKit({ token: { human: 'alice' } })

/** A verifier whose source answers what `answer` makes, and how often it was asked. */
function asking(answer: (time: number) => unknown, options: Partial<VerifierOptions> = {}) {
  const asked: RevocationQuery[] = []
  const isRevoked = (query: RevocationQuery) => answer(asked.push(query)) as boolean
  const verifier = kit.verifierWith({ revocation: { isRevoked }, ...options })
  return { asked, verifier, code: (call: object = {}) => kit.code({ verifier, ...call }) }
}

const withoutProof = { proof: null }

describe('a source that answers at once', () => {
  test('Revocation: it is asked before the sender is proven', async () => {
    const { asked, code } = asking(() => false)
    expect([await code(withoutProof), asked.length]).toEqual(['proof_missing', 1])
    expect([await code(), asked.length]).toEqual(['admitted', 2])
  })

  test('AUD-05: an answer other than true and false is an outage', async () => {
    for (const answer of [undefined, null, 0, 'false']) {
      const { code, facts } = await kit.refusal({ verifier: asking(() => answer).verifier })
      expect([code, facts.cause], String(answer)).toEqual(['revocation_unavailable', expect.stringMatching(/./)])
    }
    expect(await asking(() => true).code()).toBe('token_revoked')
  })
})

describe('a source that answers later', () => {
  test('AUD-05: it is asked once for a request, the first included, and its yes refuses', async () => {
    let isRevoked = false
    const { asked, code } = asking(async () => isRevoked)
    expect([await code(), asked.length]).toEqual(['admitted', 1])
    expect([await code(), asked.length]).toEqual(['admitted', 2])
    isRevoked = true
    expect([await code(), asked.length]).toEqual(['token_revoked', 3])
    expect(await asking(async () => true).code()).toBe('token_revoked')
  })

  test('Revocation: from its first promise on it is not asked about what is refused otherwise', async () => {
    const { asked, code } = asking(async () => false)
    expect([await code(withoutProof), asked.length]).toEqual(['proof_missing', 1])
    expect([await code(withoutProof), asked.length]).toEqual(['proof_missing', 1])
    expect([await code(), asked.length]).toEqual(['admitted', 2])
  })
})

describe('a request that waits', () => {
  /** Every request of such a verifier waits for its rule. */
  const waiting = (meanwhile: () => void = () => {}) => ({
    access: {
      where: async () => {
        meanwhile()
        return true
      },
    } as NonNullable<VerifierOptions['access']>,
  })

  test('AUD-05: a token that is revoked meanwhile is refused', async () => {
    let isRevoked = false
    const revoke = () => {
      isRevoked = true
    }
    expect(await asking(() => isRevoked, waiting(revoke)).code()).toBe('token_revoked')
  })

  test('Revocation: without a source nothing is asked', async () => {
    expect(await kit.code({ verifier: kit.verifierWith(waiting()) })).toBe('admitted')
  })

  test('Revocation: a source that answers later is asked last of all, and once', async () => {
    const { asked, code } = asking(async () => false, waiting())
    expect([await code(), asked.length]).toEqual(['admitted', 1])
    expect([await code(), asked.length]).toEqual(['admitted', 2])
  })

  test('AUD-05: a promise at the end of the wait is an outage, and the source is one that answers later', async () => {
    const { asked, code } = asking((time) => (time === 1 ? false : Promise.resolve(false)), waiting())
    expect([await code(), asked.length]).toEqual(['revocation_unavailable', 2])
    expect([await code(withoutProof), asked.length]).toEqual(['proof_missing', 2])
    expect([await code(), asked.length]).toEqual(['admitted', 3])
  })
})

describe('a guard that waits', () => {
  /** What the rule of a guard leads to that waits for it. */
  async function behindRule({ verifier }: Pick<ReturnType<typeof asking>, 'verifier'>, meanwhile = () => {}) {
    const context = await kit.context({ verifier })
    const requirement: AccessRequirement<never> = {
      where: async () => {
        meanwhile()
        return true
      },
    }
    const decision = await verifier.authorize<never>(context, requirement)
    return decision.ok ? 'granted' : decision.refusal.code
  }

  test('AUD-05: a source that answers at once is asked again', async () => {
    let isRevoked = false
    const revoke = () => {
      isRevoked = true
    }
    const source = asking(() => isRevoked)
    expect([await behindRule(source), source.asked.length]).toEqual(['granted', 2])
    expect([await behindRule(source, revoke), source.asked.length]).toEqual(['token_revoked', 4])
  })

  test('Revocation: a source that answers later is not asked again, and neither is none', async () => {
    const source = asking(async () => false)
    expect([await behindRule(source), source.asked.length]).toEqual(['granted', 1])
    expect(await behindRule({ verifier: kit.verifier })).toBe('granted')
  })

  test('AUD-05: a promise that comes instead is an outage, once', async () => {
    const source = asking((time) => (time === 1 ? false : Promise.resolve(false)))
    expect([await behindRule(source), source.asked.length]).toEqual(['revocation_unavailable', 2])
    expect([await behindRule(source), source.asked.length]).toEqual(['granted', 3])
  })
})
