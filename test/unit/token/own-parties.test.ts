import { expect, test } from 'vitest'
import type { Dialect, DialectParties, IssuerOptions } from '../../../src/index.ts'
import { createForge } from '../../support/forge.ts'
import type { Members } from '../../support/jws.ts'

/** What a dialect of the user's own makes of the parties, and what it leaves out. */

const forge = await createForge()
const home = forge.trust.issuer

function call(dialect: IssuerOptions['dialect'], claims: Members = {}) {
  return { verifier: forge.verifierTrusting({ dialect }), token: forge.token(claims) }
}

const withParties = (answer: DialectParties): Dialect => ({ name: 'own', parties: () => answer })
const alice = { subject: 'alice' }

test('Dialect: tooDeep() and malformed() refuse the token and name what is wrong', async () => {
  const deep: Dialect = { name: 'own', parties: (_, read) => read.tooDeep() }
  expect(await forge.refusal(call(deep))).toMatchObject({
    code: 'delegation_too_deep',
    facts: { claim: 'delegation' },
  })
  const malformed: Dialect = { name: 'own', parties: (_, read) => read.malformed('chain') }
  const refusal = await forge.refusal(call(malformed))
  expect([refusal.code, refusal.facts.claim, 'hint' in refusal.facts]).toEqual(['delegation_malformed', 'chain', false])
})

test('Dialect: of several faults of the chain the first is told', async () => {
  const swallows: Dialect = {
    name: 'own',
    parties(_, read) {
      for (const claim of ['first', 'second']) {
        try {
          read.malformed(claim)
        } catch {
          // As a careless dialect would.
        }
      }
      return {} as DialectParties
    },
  }
  expect((await forge.refusal(call(swallows))).facts.claim).toBe('first')
})

test('Dialect: what it leaves out means nothing, and its warnings are told', async () => {
  const chain = [{ subject: 'a', issuer: home, kind: 'agent' as const }]
  const plain = await forge.context(call(withParties({ principal: alice, chain, warnings: ['ttl_over_policy'] })))
  expect(plain.warnings).toEqual(['ttl_over_policy'])
  expect({ ...plain.delegation }).toStrictEqual({ chain: plain.delegation?.chain, depth: 1, complete: null })
  expect(plain.client).toMatchObject({ id: 'travel-app', profiles: [] })
  const { principal } = plain
  expect([principal.kind, principal.kindSource, principal.profiles]).toEqual(['unknown', 'none', []])
})

test('Dialect: the subject is the client only where it says so', async () => {
  const authorityOf = async (answer: DialectParties) => {
    const agentClients = [{ client: 'travel-app', actsFor: 'users' as const }]
    const verifier = forge.verifierTrusting({ dialect: withParties(answer), agentClients })
    return (await forge.context({ verifier, token: forge.token() })).authority
  }
  expect(await authorityOf({ principal: alice })).toBe('delegated')
  expect(await authorityOf({ principal: alice, ownToken: false })).toBe('delegated')
  expect(await authorityOf({ principal: alice, ownToken: true })).toBe('independent')
})

test('Dialect: what it says of the client goes before client_profile', async () => {
  const involvesAgent = async (clientKind: DialectParties['clientKind'], profile?: string) => {
    const made = call(withParties({ principal: alice, clientKind }), { client_profile: profile })
    return (await forge.context(made)).involvesAgent
  }
  expect(await involvesAgent(undefined)).toBe(false)
  expect(await involvesAgent(undefined, 'ai_agent')).toBe(true)
  expect(await involvesAgent('agent')).toBe(true)
  expect(await involvesAgent('agent', 'web_app')).toBe(true)
  expect(await involvesAgent('app', 'ai_agent')).toBe(false)
})

test('Dialect: it may read profiles and kinds of any claim, which warns of words that are not known', async () => {
  const dialect: Dialect = {
    name: 'own',
    parties: ({ kind, words }, read) => ({
      principal: { subject: 'bob', kind: read.kind(kind), profiles: read.profiles(words) },
    }),
  }
  const context = await forge.context(call(dialect, { kind: 'Service', words: 'odd' }))
  expect(context.principal).toMatchObject({ kind: 'service', kindSource: 'dialect', profiles: ['odd'] })
  expect(context.warnings).toEqual(['unknown_profile_value'])
})

test('Dialect: to read the chain of no claims is a fault of its own', async () => {
  const dialect: Dialect = {
    name: 'own',
    parties: (_, read) => ({ principal: alice, chain: read.actors(undefined as unknown as Members) }),
  }
  const { code, facts } = await forge.refusal(call(dialect))
  expect([code, facts.cause?.includes('dialect own')]).toEqual(['token_claim', true])
})

test('Dialect: entity() is asked for the principal and for the current actor alone', async () => {
  const asked: string[] = []
  const dialect: Dialect = {
    name: 'own',
    entity(claims, which) {
      asked.push(which)
      return claims['plain'] === true ? {} : { model: `${which}-1` }
    },
  }
  const act = { sub: 'a', iss: home, act: { sub: 'b', iss: home } }
  const context = await forge.context(call(dialect, { act }))
  expect(context.principal).toMatchObject({ subject: 'alice', entity: { model: 'principal-1' } })
  const chain = context.delegation?.chain ?? []
  expect(chain).toMatchObject([{ subject: 'a', entity: { model: 'actor-1' } }, { subject: 'b' }])
  expect(chain[1]).not.toHaveProperty('entity')
  expect(asked).toEqual(['principal', 'actor'])
  const alone = await forge.context(call(dialect))
  expect([alone.delegation, asked]).toEqual([null, ['principal', 'actor', 'principal']])
  expect((await forge.context(call(dialect, { plain: true }))).principal).not.toHaveProperty('entity')
})
