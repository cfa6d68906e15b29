import { beforeAll, describe, expect, test } from 'vitest'
import { encode, withParts } from '../../support/bytes.ts'
import { createKit, type Kit, resource, url } from '../../support/kit.ts'

/** What the operator is told of a refused proof. */

let kit: Kit
beforeAll(async () => {
  kit = await createKit()
})

describe('another form', () => {
  test('RFC 9449 §4.3(1): several fields, no JWS and no JSON are told as the cause', async () => {
    const whole = await kit.agent.proof({ method: 'GET', url, token: await kit.token() })
    for (const proof of [[whole, whole], 'x', withParts(whole, { payload: encode('[]') })]) {
      const { code, facts } = await kit.refusal({ proof })
      expect([code, facts]).toEqual(['proof_malformed', { cause: expect.any(String) }])
    }
  })

  test('DPOP-38: of a proof that is too long the option is told', async () => {
    for (const [length, told] of [
      [4_096, 'cause'],
      [4_097, 'hint'],
      [100_000, 'hint'],
    ] as const) {
      const { code, facts } = await kit.refusal({ proof: 'x'.repeat(length) })
      expect([code, Object.keys(facts)]).toEqual(['proof_malformed', [told]])
      if (told === 'hint') expect(facts.hint).toBe('dpop.maxBytes')
    }
  })

  test('RFC 9449 §4.3(8): both methods are told, the one of the proof cut to 32 characters', async () => {
    const { code, facts } = await kit.refusal({ proof: { claims: { htm: 'x'.repeat(40) } } })
    expect([code, facts]).toEqual(['proof_method', { expectedMethod: 'GET', receivedMethod: 'x'.repeat(32) }])
  })
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

describe('the expected target', () => {
  const refusalFor = (target: string, ...publicUrl: string[]) =>
    kit.refusal({ verifier: kit.verifierWith({ publicUrl }), target, proof: { claims: { htu: 'https://x.test/' } } })

  test('RFC 9449 §4.3(9): each URL that would do is told, cut to 1024 characters', async () => {
    const origins = ['https://a.example.test', 'https://b.example.test'] as const
    const { facts } = await refusalFor('/tools', ...origins)
    expect(facts).toEqual({
      expectedTarget: 'https://a.example.test/tools https://b.example.test/tools',
      receivedTarget: 'https://x.test/',
      hint: 'publicUrl',
    })
    const long = await refusalFor(`/${'x'.repeat(2_000)}`, origins[0])
    expect(long.facts['expectedTarget']).toHaveLength(1_024)
  })

  test('RFC 9449 §4.3(9): for a target that could be read in two ways there is none, and the cause quotes it', async () => {
    const { code, facts } = await refusalFor('/a/../tools?token=secret', resource)
    expect([code, facts]).toEqual([
      'proof_target',
      {
        expectedTarget: 'none',
        receivedTarget: 'https://x.test/',
        hint: 'publicUrl',
        cause: expect.stringContaining('"/a/../tools"'),
      },
    ])
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

  test('RFC 7519 §4.1.4: a proof whose exp or nbf refuses it is told by the offset of its iat', async () => {
    const iat = now() - 20
    const ended = await kit.refusal({ proof: { claims: { iat, exp: now() - 10 } } })
    expect([ended.code, ended.facts]).toEqual(['proof_expired', { iatOffset: -20 }])
    const early = await kit.refusal({ proof: { claims: { iat, nbf: now() + 10 } } })
    expect([early.code, early.facts]).toEqual(['proof_not_active', { iatOffset: -20 }])
  })

  test('RFC 9449 §4.3(11): iat is judged before exp and nbf', async () => {
    const ended = await kit.refusal({ proof: { claims: { iat: now() + 600, exp: now() - 600 } } })
    expect(ended.code).toBe('proof_not_active')
    const early = await kit.refusal({ proof: { claims: { iat: now() - 900, nbf: now() + 600 } } })
    expect(early.code).toBe('proof_expired')
  })
})
