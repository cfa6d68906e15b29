import { expect, test } from 'vitest'
import { createForge } from '../../support/forge.ts'

const forge = await createForge()

test.each([
  ['client_id', 'azp'],
  ['client_id', 'cid'],
  ['client_id', 'appid'],
  ['client_id', 'applicationId'],
  ['jti', 'uti'],
])('Dialect: a token without %s that has %s is hinted at the dialect', async (claim, other) => {
  const absent = await forge.refusal({ token: forge.token({ [claim]: undefined }) })
  expect(absent.facts).toMatchObject({ claim, hint: 'issuer.optionalClaims' })
  const elsewhere = await forge.refusal({ token: forge.token({ [claim]: undefined, [other]: 'x' }) })
  expect(elsewhere.facts).toMatchObject({ claim, hint: 'issuer.dialect' })
})

test('Dialect: the other name of one claim is no hint at another', async () => {
  const token = forge.token({ jti: undefined, azp: 'travel-app' })
  expect((await forge.refusal({ token })).facts).toMatchObject({ claim: 'jti', hint: 'issuer.optionalClaims' })
})

test('Dialect: a claim that is missing is told under the first name that the dialect has for it', async () => {
  const dialect = { name: 'own', clientId: ['cid', 'appid'], tokenId: ['uti'] }
  const verifier = forge.verifierTrusting({ dialect })
  const noClient = await forge.refusal({ verifier, token: forge.token() })
  expect(noClient.facts).toMatchObject({ claim: 'cid', hint: 'issuer.optionalClaims' })
  const noId = await forge.refusal({ verifier, token: forge.token({ cid: 'travel-app' }) })
  expect(noId.facts).toMatchObject({ claim: 'uti', hint: 'issuer.optionalClaims' })
})

test('RFC 9068 §2.2: client_id and jti have their types under a dialect that reads other claims', async () => {
  const dialect = { name: 'own', clientId: ['cid'], tokenId: ['uti'] }
  const verifier = forge.verifierTrusting({ dialect })
  for (const claim of ['client_id', 'jti']) {
    const token = forge.token({ cid: 'travel-app', uti: 'u-1', [claim]: 7 })
    expect(await forge.refusal({ verifier, token })).toMatchObject({ code: 'token_claim', facts: { claim } })
  }
})

test.each([
  ['scp', 'tools:read'],
  ['scopes', ['tools:read']],
])('RFC 6750 §3.1: a missing scope while %s is there is hinted at the dialect', async (claim, value) => {
  const access = { scopes: ['tools:read'] }
  const verifier = forge.verifierWith({ access })
  const unread = await forge.refusal({ verifier, token: forge.token({ [claim]: value }) })
  expect([unread.code, unread.facts.claim, unread.facts.hint]).toEqual(['scope_missing', claim, 'issuer.dialect'])
  const read = await forge.refusal({ verifier, token: forge.token({ [claim]: value, scope: 'other' }) })
  expect([read.code, read.facts.claim, read.facts.hint]).toEqual(['scope_missing', undefined, undefined])
})

test('Dialect: a type of another class is hinted at nothing', async () => {
  expect((await forge.refusal({ token: forge.token({}, { typ: 'JWT' }) })).facts.hint).toBe('issuer.dialect')
  expect((await forge.refusal({ token: forge.token({}, { typ: 'logout+jwt' }) })).facts).not.toHaveProperty('hint')
})
