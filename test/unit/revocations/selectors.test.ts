import { partyKey } from 'onbehalf'
import { memoryRevocations, type Revocation } from 'onbehalf/revocation'
import { expect, test } from 'vitest'
import { createForge } from '../../support/forge.ts'
import type { Members } from '../../support/jws.ts'
import { type Call, issuerUrl as issuer } from '../../support/kit.ts'

const other = 'https://other.example.test'
const foreign = 'https://elsewhere.example.test'
const forge = await createForge({ certificate: true })
const { der, thumbprint: x5t } = forge.agent.certificate ?? { der: undefined, thumbprint: '' }

/** Both issuers sign with one key; only their names tell their tokens apart. */
function open() {
  const revocations = memoryRevocations({ clock: forge.clock })
  const trust = { ...forge.trust, actorIssuers: 'any', actorClaims: 'sub-or-client_id' } as const
  const verifier = forge.verifierWith({
    issuer: [trust, { ...trust, issuer: other }],
    mtls: {},
    revocation: revocations,
  })
  const code = (token: string, call: Call<Members> = {}) => forge.code({ ...call, token, verifier })
  return { revocations, verifier, code }
}

const planner = (iss?: string) => ({ sub: 'planner-2', ...(iss !== undefined && { iss }) })

interface Case {
  /** What is revoked. */
  readonly thing: Revocation
  /** Claims of the tokens that are refused, and of tokens that are not. */
  readonly hits: readonly Members[]
  readonly misses: readonly Members[]
}

const cases: Readonly<Record<string, Case>> = {
  'a token': {
    thing: { issuer, token: 'x' },
    hits: [{ jti: 'x' }],
    misses: [{ jti: 'y' }, { jti: 'x', iss: other }, { sub: 'x' }, { client_id: 'x' }, { sid: 'x' }, { jti: ' x' }],
  },
  'a party by its subject': {
    thing: { issuer, party: 'planner-2' },
    hits: [
      { sub: 'planner-2' },
      { act: planner(issuer) },
      { act: planner() },
      { act: { client_id: 'planner-2' }, client_id: 'planner-2' },
      { act: { sub: 'travel-7', iss: issuer, act: planner(issuer) } },
      { act: { sub: 'travel-7', iss: issuer, act: { sub: 'a', act: { sub: 'b', act: planner() } } } },
    ],
    misses: [
      { act: planner(foreign) },
      { act: planner(other) },
      { act: planner(), iss: other },
      { sub: 'planner-2', iss: other },
      { sub: 'planner-22' },
      { client_id: 'planner-2' },
      { jti: 'planner-2' },
    ],
  },
  'a client': {
    thing: { issuer, client: 'x' },
    hits: [{ client_id: 'x' }, { client_id: 'x', sub: 'bob' }],
    misses: [{ client_id: 'y' }, { client_id: 'x', iss: other }, { sub: 'x' }, { jti: 'x' }, { sid: 'x' }],
  },
  'a session': {
    thing: { issuer, session: 'x' },
    hits: [{ sid: 'x' }, { sid: 'x', sub: 'bob', client_id: 'y' }],
    misses: [{}, { sid: 'y' }, { sid: 'x', iss: other }, { sub: 'x' }, { jti: 'x' }, { client_id: 'x' }],
  },
  'a key': {
    thing: { issuer, sender: { jkt: forge.agent.jkt } },
    hits: [{}, { cnf: { jkt: forge.agent.jkt, 'x5t#S256': x5t } }],
    misses: [{ iss: other }, { cnf: { 'x5t#S256': x5t } }],
  },
  'a certificate': {
    thing: { issuer, sender: { x5t } },
    hits: [{ cnf: { 'x5t#S256': x5t } }, { cnf: { jkt: forge.agent.jkt, 'x5t#S256': x5t } }],
    misses: [{}, { cnf: { 'x5t#S256': x5t }, iss: other }],
  },
}
const callOf = (claims: Members): Call<Members> => {
  const cnf = claims['cnf'] as { jkt?: string; 'x5t#S256'?: string } | undefined
  const isMtls = cnf !== undefined && cnf.jkt === undefined
  return isMtls ? { scheme: 'Bearer', proof: null, certificate: der } : { certificate: der }
}

test.each(Object.entries(cases))(
  'AUD-05: revoking %s refuses its cached tokens on the next request, and no other token',
  async (_what, { thing, hits, misses }) => {
    const { revocations, code } = open()
    const named = [...hits, ...misses].map((claims) => ({ claims, token: forge.token(claims) }))
    const codes = async () => {
      const found: string[] = []
      for (const { claims, token } of named) found.push(await code(token, callOf(claims)))
      return found
    }
    expect(await codes()).toEqual(named.map(() => 'admitted'))
    revocations.revoke(thing)
    expect(await codes()).toEqual(named.map(({ claims }) => (hits.includes(claims) ? 'token_revoked' : 'admitted')))
    expect(revocations.forget(thing)).toBe(true)
    expect(await codes()).toEqual(named.map(() => 'admitted'))
  },
)

test('AUD-05: a revoked Party is this identity alone, as partyKey tells identities apart', async () => {
  const { revocations, verifier, code } = open()
  const people: readonly Members[] = [
    { sub: 'x' },
    { sub: 'x', iss: other },
    { act: { sub: 'x', iss: issuer } },
    { act: { sub: 'x', iss: foreign } },
    { act: { sub: 'x' } },
    { act: { sub: 'x', client_id: 'x' } },
    { act: { client_id: 'x' }, client_id: 'x' },
  ]
  const tokens = people.map((claims) => forge.token(claims))
  const parties = []
  for (const token of tokens) parties.push((await forge.context({ token, verifier })).actor)
  for (const party of parties) {
    const thing = { issuer: party.assertedBy, party }
    revocations.revoke(thing)
    const same = parties.map((one) => partyKey(one) === partyKey(party))
    const codes: string[] = []
    for (const token of tokens) codes.push(await code(token))
    expect(codes).toEqual(same.map((is) => (is ? 'token_revoked' : 'admitted')))
    revocations.forget(thing)
  }
  expect(new Set(parties.map(partyKey)).size).toBe(5)
})

test('AUD-05: an actor that no rule admits, behind a self-act, counts as a party', async () => {
  const { revocations, code } = open()
  const token = forge.token({ act: { sub: 'alice', iss: issuer, act: planner() } })
  expect(await code(token)).toBe('admitted')
  revocations.revoke({ issuer, party: 'planner-2' })
  expect(await code(token)).toBe('token_revoked')
})

test('AUD-05: a principal is refused as revoked although the chain of the token is malformed', async () => {
  const { revocations, code } = open()
  const token = forge.token({ act: 'planner-2' })
  expect(await code(token)).toBe('delegation_malformed')
  revocations.revoke({ issuer, party: 'alice' })
  expect(await code(token)).toBe('token_revoked')
})

test('Revocation: the same party may log in again: a token issued later is good', async () => {
  const { revocations, code } = open()
  const [before, at] = [forge.token(), forge.clock.now() / 1_000]
  revocations.revoke({ issuer, party: 'alice' })
  forge.clock.advance(4)
  const soon = forge.token()
  forge.clock.advance(1)
  const later = forge.token()
  expect([await code(before), await code(soon), await code(later)]).toEqual([
    'token_revoked',
    'token_revoked',
    'admitted',
  ])
  revocations.revoke({ issuer, party: 'alice', issuedBefore: at + 6 })
  expect(await code(later)).toBe('token_revoked')
  expect(await code(forge.token({ iat: at + 6, nbf: at }))).toBe('admitted')
})

test('Revocation: a revoked token stays revoked, whatever its iat', async () => {
  const { revocations, code } = open()
  revocations.revoke({ issuer, token: 'x' })
  forge.clock.advance(60)
  expect(await code(forge.token({ jti: 'x' }))).toBe('token_revoked')
})

test('Revocation: a token without iat may be of any age, so that every issuedBefore revokes it', async () => {
  const revocations = memoryRevocations({ clock: forge.clock })
  const verifier = forge.verifierTrusting({ optionalClaims: ['iat'] }, { revocation: revocations })
  const [dated, undated] = [forge.token(), forge.token({ iat: undefined })]
  revocations.revoke({ issuer, party: 'alice', issuedBefore: 1 })
  expect(await forge.code({ token: dated, verifier })).toBe('admitted')
  expect(await forge.code({ token: undated, verifier })).toBe('token_revoked')
})

test('Revocation: a token without jti is revoked by the id of its context', async () => {
  const revocations = memoryRevocations({ clock: forge.clock })
  const verifier = forge.verifierTrusting({ optionalClaims: ['jti'] }, { revocation: revocations })
  const token = forge.token({ jti: undefined })
  const { id } = (await forge.context({ token, verifier })).token
  revocations.revoke({ issuer, token: id })
  expect(await forge.code({ token, verifier })).toBe('token_revoked')
  expect(await forge.code({ token: forge.token({ jti: undefined, sid: 'x' }), verifier })).toBe('admitted')
})
