import { requestView } from 'onbehalf/testing'
import { expect, test } from 'vitest'
import { withBrokenSignature } from '../../support/bytes.ts'
import { createForge } from '../../support/forge.ts'
import { createDesk, opaque } from '../../support/introspection.ts'
import { url } from '../../support/kit.ts'

/** What `explain` finds in a token. None of these requests carries a proof. */

const forge = await createForge()
const now = forge.clock.now() / 1_000

async function explained(token: string, verifier = forge.verifier) {
  const view = requestView({ url, headers: { authorization: `DPoP ${token}` } })
  const { reasons, signature, parties } = await verifier.explain(view)
  const claims = reasons.map(({ facts }) => facts.claim).filter((claim) => claim !== undefined)
  return { codes: reasons.map(({ code }) => code), claims, signature, principal: parties?.principal }
}

const held = { codes: ['proof_missing'], claims: [], signature: 'held', principal: 'alice' }
const unknown = { claims: [], signature: 'unknown', principal: undefined }

test('Options: a good token is explained with its parties', async () => {
  expect(await explained(forge.token())).toEqual(held)
})

test('RFC 9110 §11.2: what is no token68 is no credential, and nothing else is said of it', async () => {
  for (const text of ['two words', `${forge.token()} x`, 'ä.b.c']) {
    expect(await explained(text), text).toEqual({ ...unknown, codes: ['request_malformed'] })
  }
})

test('RFC 7662 §2: an opaque token is wrong only where no issuer can be asked about it', async () => {
  const { verifier, questions } = await createDesk()
  expect(await explained(opaque, verifier)).toEqual({ ...unknown, codes: [] })
  expect(await explained('two words', verifier)).toEqual({ ...unknown, codes: ['request_malformed'] })
  expect(await explained(opaque)).toEqual({ ...unknown, codes: ['token_malformed'] })
  expect(questions).toEqual([])
})

test('RFC 7662 §2: beside introspection a JWT is explained all the same', async () => {
  const desk = await createDesk()
  expect(await explained(desk.forge.token(), desk.verifier)).toEqual(held)
})

test('Resolver: an issuer that only a resolver might know is no reason', async () => {
  const asked: string[] = []
  const resolve = (iss: string) => void asked.push(iss)
  const verifier = forge.verifierWith({ issuer: { resolve } })
  expect(await explained(forge.token(), verifier)).toEqual({ ...unknown, codes: [] })
  expect(await explained(forge.token({ exp: now - 60 }), verifier)).toEqual({ ...unknown, codes: ['token_expired'] })
  expect(asked).toEqual([])
})

test('Options: only a signature that was verified is said to have failed', async () => {
  const broken = await explained(withBrokenSignature(forge.token()))
  expect(broken).toEqual({ ...unknown, codes: ['token_signature'], signature: 'failed' })
  const other = await explained(forge.token({ iss: 'https://other.example.test' }))
  expect(other).toEqual({ ...unknown, codes: ['token_issuer'] })
})

test('JOSE-01: under an algorithm that is not accepted no key is looked for', async () => {
  for (const alg of ['HS256', 'none', 'ES512']) {
    expect(await explained(forge.token({}, { alg })), alg).toEqual({ ...unknown, codes: ['token_algorithm'] })
  }
})

test('Options: behind a good signature a claim that cannot be read ends the explanation', async () => {
  const found = await explained(forge.token({ sub: 7 }))
  expect(found).toEqual({ codes: ['token_claim'], claims: ['sub'], signature: 'held', principal: undefined })
  const another = await explained(forge.token({ nonce: 'n' }))
  expect(another).toEqual({ codes: ['token_type'], claims: ['nonce'], signature: 'held', principal: undefined })
})

test('RFC 9068 §2.2: a member that is missing is a reason, and the others are looked at behind it', async () => {
  const found = await explained(forge.token({ jti: undefined, aud: 'https://other.example.test' }))
  expect(found).toEqual({
    codes: ['token_claim', 'token_audience', 'proof_missing'],
    claims: ['jti'],
    signature: 'held',
    principal: 'alice',
  })
})

test('AT-06: the times of a token without a good signature are judged where they are numbers', async () => {
  const foreign = (claims: object) => explained(forge.token({ iss: 'https://other.example.test', ...claims }))
  expect((await foreign({ exp: now - 60 })).codes).toEqual(['token_issuer', 'token_expired'])
  expect((await foreign({ exp: 'soon' })).codes).toEqual(['token_issuer'])
  expect((await foreign({ exp: String(now - 60) })).codes).toEqual(['token_issuer'])
  for (const claim of ['nbf', 'iat']) {
    expect(await foreign({ [claim]: now + 60 })).toMatchObject({
      codes: ['token_issuer', 'token_not_active'],
      claims: [claim],
    })
    expect((await foreign({ [claim]: 'later' })).codes, claim).toEqual(['token_issuer'])
  }
  const unreadable = forge.raw(forge.header({ alg: 'none' }), '[]')
  expect((await explained(unreadable)).codes).toEqual(['token_algorithm', 'token_malformed'])
})
