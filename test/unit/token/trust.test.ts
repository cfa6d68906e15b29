import { expect, test } from 'vitest'
import { createForge } from '../../support/forge.ts'

test('AT-02: explain names an unknown issuer as the reason', async () => {
  const forge = await createForge()
  const verifier = forge.verifierWith()
  const codes = async (iss: string) => {
    const { reasons } = await verifier.explain(await forge.request({ token: forge.token({ iss }) }))
    return reasons.map(({ code }) => code)
  }
  expect(await codes(forge.trust.issuer)).toEqual([])
  expect(await codes('https://other.test')).toEqual(['token_issuer'])
})

test('RFC 8725 §3.1: an algorithm that no issuer takes is refused before the issuer is looked at', async () => {
  const forge = await createForge()
  const partner = { ...forge.trust, issuer: 'https://partner.example.test' }
  const verifier = forge.verifierWith({
    issuer: [forge.trust, partner].map((trust) => ({ ...trust, algorithms: ['ES256' as const] })),
  })
  const token = forge.token({ iss: 'https://other.test' }, { alg: 'ES384' })
  expect(await forge.code({ verifier, token })).toBe('token_algorithm')
})
