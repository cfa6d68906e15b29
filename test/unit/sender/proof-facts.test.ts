import { beforeAll, describe, expect, test } from 'vitest'
import { createKit, type Kit, resource } from '../../support/kit.ts'

/** What the operator is told of a refused proof. */

let kit: Kit
beforeAll(async () => {
  kit = await createKit()
})

describe('another target', () => {
  test('RFC 6750 §5.3: the target of a proof is told without query and fragment, cut to 1024 characters', async () => {
    for (const tail of ['?token=secret', '#token=secret', '?a\n?b#c', '#x']) {
      const { code, facts } = await kit.refusal({
        target: '/tools',
        proof: { claims: { htu: `${resource}/other${tail}` } },
      })
      expect([code, facts['receivedTarget']]).toEqual(['proof_target', `${resource}/other`])
    }
    const { facts } = await kit.refusal({ proof: { claims: { htu: `${resource}/${'x'.repeat(2_000)}` } } })
    expect(facts['receivedTarget']).toHaveLength(1_024)
  })

  test('RFC 9449 §4.3(9): the option that decides is told: publicUrl, or dpop.htu where a query is all that is wrong', async () => {
    const other = await kit.refusal({ proof: { claims: { htu: 'https://other.example.test/tools' } } })
    expect(other.facts).toMatchObject({ hint: 'publicUrl', expectedTarget: `${resource}/tools` })
    const verifier = kit.verifierWith({ dpop: { htu: 'strict' } })
    const query = await kit.refusal({ verifier, proof: { claims: { htu: `${resource}/tools?a` } } })
    expect([query.code, query.facts['hint']]).toEqual(['proof_target', 'dpop.htu'])
  })
})

describe('another time', () => {
  const now = () => kit.clock.now() / 1_000

  test('RFC 9449 §4.3(11): a proof from the future is told by how far, with the option', async () => {
    const { code, facts } = await kit.refusal({ proof: { claims: { iat: now() + 600 } } })
    expect([code, facts]).toEqual(['proof_not_active', { iatOffset: 600, hint: 'dpop.futureSeconds' }])
  })

  test('RFC 9449 §4.3(11): an old proof is told by how far, with the option', async () => {
    const { code, facts } = await kit.refusal({ proof: { claims: { iat: now() - 900 } } })
    expect([code, facts]).toEqual(['proof_expired', { iatOffset: -900, hint: 'dpop.maxAgeSeconds' }])
  })

  test('RFC 9449 §4.3(11): iat is judged before exp and nbf', async () => {
    const ended = await kit.refusal({ proof: { claims: { iat: now() + 600, exp: now() - 600 } } })
    expect(ended.code).toBe('proof_not_active')
    const early = await kit.refusal({ proof: { claims: { iat: now() - 900, nbf: now() + 600 } } })
    expect(early.code).toBe('proof_expired')
  })
})
