import { describe, expect, test } from 'vitest'
import { readOptions } from '../../../src/options/policy.ts'
import { createTrust } from '../../../src/token/trust.ts'
import type { TrustedIssuer } from '../../../src/token/trusted-issuer.ts'
import { createTokenVerifier } from '../../../src/token/verify.ts'
import { sha256 } from '../../support/bytes.ts'
import { createForge } from '../../support/forge.ts'
import { createDesk, endpoint, opaque } from '../../support/introspection.ts'

describe('the answer about an opaque token', () => {
  test.each([
    ['typ', 'ID'],
    ['token_use', 'id'],
    ['nonce', 'n'],
    ['at_hash', 'h'],
    ['c_hash', 'h'],
    ['events', {}],
  ])('JOSE-17: an answer with %s is of another class of token, and the claim is told', async (claim, value) => {
    const desk = await createDesk()
    desk.answer(() => desk.active({ [claim]: value }))
    const { code, facts } = await desk.forge.refusal({ token: opaque, verifier: desk.verifier })
    expect([code, facts]).toEqual(['token_type', { claim }])
  })
})

describe('an issuer whose introspection is not there', () => {
  test('Introspection: a token that must be asked about is refused', async () => {
    const forge = await createForge()
    const client = { id: 'api', secret: 'secret' }
    const issuer = { ...forge.trust, introspection: { endpoint, client, for: 'all' as const } }
    const policy = readOptions({ ...forge.options, issuer })
    const trust = createTrust(policy)
    const mute: TrustedIssuer = { ...(trust.find(forge.trust.issuer) as TrustedIssuer), introspection: undefined }
    const reader = createTokenVerifier(policy, { ...trust, find: () => mute, opaqueIssuer: mute }, () => 'accepted')
    const verify = (token: string) => reader.verify({ scheme: 'DPoP', token, tokenHash: sha256(token) })
    expect(verify(forge.token())).toMatchObject({ code: 'introspection_unavailable' })
    expect(verify(opaque)).toMatchObject({ code: 'request_malformed' })
    expect(reader.cachedTokens).toBe(0)
  })
})
