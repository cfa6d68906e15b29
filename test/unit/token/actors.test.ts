import { describe, expect, test } from 'vitest'
import { readActors } from '../../../src/token/actors.ts'
import { createForge } from '../../support/forge.ts'
import type { Members } from '../../support/jws.ts'

const forge = await createForge()
const home = forge.trust.issuer

/** Reads `act` for the client `travel-app`. */
function actorsIn(act: unknown, actorClaims: 'sub' | 'sub-or-client_id' = 'sub-or-client_id') {
  return readActors(act, { actorClaims, path: 'issuer' }, 'travel-app', new Set())
}

/** The facts of the refusal of a token with this `act`. */
async function faultOf(act: unknown, actorClaims?: 'sub-or-client_id') {
  const verifier = forge.verifierTrusting({ actorClaims })
  const { code, facts } = await forge.refusal({ verifier, token: forge.token({ act }) })
  return [code, facts.claim, facts.hint]
}

describe('RFC 8693 §4.1', () => {
  test('RFC 8693 §4.1: every level of act is an object', async () => {
    for (const level of ['x', '', 7, true, null, [], [{ sub: 'a' }]]) {
      for (const act of [level, { sub: 'a', act: level }]) {
        expect(await faultOf(act), JSON.stringify(act)).toEqual(['delegation_malformed', 'act', undefined])
      }
    }
  })

  test.each<readonly [claim: string, wrong: Members]>([
    ['act.sub', { sub: undefined }],
    ['act.sub', { sub: '' }],
    ['act.sub', { sub: null, client_id: 'travel-app' }],
    ['act.sub', { sub: 7, client_id: 'travel-app' }],
    ['act.iss', { iss: null }],
    ['act.iss', { iss: ' ' }],
    ['act.iss', { iss: ['https://as.example.test'] }],
    ['act.client_id', { client_id: null }],
    ['act.client_id', { client_id: '' }],
    ['act.client_id', { client_id: 7 }],
  ])(
    'RFC 8693 §4.1: %s is named where it is malformed, at every level and with every actorClaims',
    async (claim, wrong) => {
      const actor = { sub: 'a', iss: home, ...wrong }
      for (const act of [actor, { sub: 'b', act: actor }]) {
        expect(await faultOf(act)).toEqual(['delegation_malformed', claim, undefined])
        expect(await faultOf(act, 'sub-or-client_id')).toEqual(['delegation_malformed', claim, undefined])
      }
    },
  )

  test('RFC 8693 §4.1: an actor has what its level says, and no other members', () => {
    const act = { sub: 'a', iss: home, sub_profile: 'ai_agent', exp: 1, act: { sub: 'b', client_id: 'b-app' } }
    expect(actorsIn(act)).toStrictEqual([
      { subject: 'a', issuer: home, kind: 'agent', profiles: ['ai_agent'] },
      { subject: 'b', issuer: null, kind: 'unknown', profiles: [], clientId: 'b-app' },
    ])
    expect(actorsIn(undefined)).toStrictEqual([])
  })
})

describe('an actor whose only name is client_id', () => {
  test('Context: it is refused with a hint at actorClaims, unless that takes it', async () => {
    const act = { client_id: 'travel-app' }
    expect(await faultOf(act)).toEqual(['delegation_malformed', 'act.sub', 'issuer.actorClaims'])
    expect(actorsIn(act)).toStrictEqual([
      {
        subject: 'travel-app',
        issuer: null,
        kind: 'unknown',
        profiles: [],
        clientId: 'travel-app',
        namedBy: 'client_id',
      },
    ])
  })

  test('Context: as the current actor it is the client of the token', async () => {
    const other = { client_id: 'other-app' }
    expect(await faultOf(other, 'sub-or-client_id')).toEqual(['delegation_malformed', 'act.client_id', undefined])
    const prior = actorsIn({ client_id: 'travel-app', act: other })
    expect(prior.map(({ subject }) => subject)).toEqual(['travel-app', 'other-app'])
    expect(actorsIn({ sub: 'a', client_id: 'other-app' })).toMatchObject([{ subject: 'a', clientId: 'other-app' }])
  })

  test('Context: it is not the user of the same name', async () => {
    const verifier = forge.verifierTrusting({ actorClaims: 'sub-or-client_id' })
    const token = forge.token({ sub: 'travel-app', act: { client_id: 'travel-app' } })
    expect(await forge.context({ verifier, token })).toMatchObject({ authority: 'delegated', delegation: { depth: 1 } })
    const self = forge.token({ sub: 'travel-app', act: { sub: 'travel-app', client_id: 'travel-app' } })
    expect((await forge.context({ verifier, token: self })).delegation).toBeNull()
  })
})
