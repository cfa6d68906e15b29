import { describe, expect, it } from 'vitest'
import { entraDialect } from '../../../../src/token/dialects/entra.ts'
import { read } from './fake-readers.ts'

const base = { iss: 'https://login.example/t/v2.0', sub: 'pairwise', oid: 'object', azp: 'client' }
const parties = (claims: object) => entraDialect.parties?.({ ...base, ...claims }, read)

describe('facets', () => {
  const actor = { subject: 'client', issuer: base.iss, kind: 'agent', clientId: 'client' }

  it.each([
    ['for a human', { idtyp: 'user', xms_act_fct: '3 9 11', xms_sub_fct: '2 3' }, 'human', [actor], undefined],
    ['for a subject without facets', { idtyp: 'user', xms_act_fct: '11' }, 'unknown', [actor], undefined],
    ['autonomous', { idtyp: 'app', xms_act_fct: '11', xms_sub_fct: '9 11' }, 'agent', undefined, true],
    ['an agent user', { idtyp: 'user', xms_act_fct: ['11'], xms_sub_fct: ['1', '13'] }, 'agent', undefined, undefined],
    ['an application', { idtyp: 'app', xms_act_fct: '3', xms_sub_fct: '3 9' }, 'service', undefined, true],
    ['an ordinary user', { idtyp: 'user', xms_sub_fct: '2 3' }, 'unknown', undefined, undefined],
    ['an agent facet of the subject only', { idtyp: 'user', xms_sub_fct: '13' }, 'unknown', undefined, undefined],
    ['an application of an agent client', { idtyp: 'app', xms_act_fct: '11' }, 'unknown', undefined, undefined],
    [
      'an application with the facet of an agent user',
      { idtyp: 'app', xms_sub_fct: '13' },
      'unknown',
      undefined,
      undefined,
    ],
    ['an application with the facet of an agent', { idtyp: 'app', xms_sub_fct: '11' }, 'unknown', undefined, undefined],
    [
      'a user that is an agent',
      { idtyp: 'user', xms_act_fct: '11', xms_sub_fct: '11' },
      'unknown',
      undefined,
      undefined,
    ],
    ['an agent client without idtyp', { xms_act_fct: '11', xms_sub_fct: '2' }, 'unknown', undefined, undefined],
    ['a token without idtyp', { xms_act_fct: '11', xms_sub_fct: '11' }, 'unknown', undefined, undefined],
  ])('Context: %s', (_name, claims, kind, chain, ownToken) => {
    const answer = parties(claims)
    expect(answer?.principal).toEqual({ subject: 'object', kind })
    expect(answer?.chain).toEqual(chain)
    expect(answer?.ownToken).toBe(ownToken)
  })

  it.each([
    ['a word', { xms_act_fct: '11 x' }],
    ['another separator', { xms_act_fct: '11', xms_sub_fct: '13;1' }],
    ['a number', { xms_act_fct: 11 }],
    ['null', { xms_act_fct: '11', xms_sub_fct: null }],
    ['a list of lists', { xms_act_fct: [['11']] }],
    ['an empty text', { xms_act_fct: '11', xms_sub_fct: '' }],
  ])('Context: a facet that is %s names no actor and no kind', (_name, claims) => {
    const answer = parties({ idtyp: 'user', ...claims })
    expect(answer?.principal.kind).toBe('unknown')
    expect(answer?.chain).toBeUndefined()
    expect(answer?.warnings).toEqual(['facet_malformed'])
  })

  it('Context: an agent that one claim tells of stays known when the other claim is malformed', () => {
    expect(parties({ idtyp: 'user', xms_act_fct: '11', xms_sub_fct: 'x' })?.clientKind).toBe('agent')
    expect(parties({ idtyp: 'user', xms_act_fct: 'x', xms_sub_fct: '13' })?.clientKind).toBe('agent')
  })
})

it.each([
  ['no oid', { oid: undefined }],
  ['an act', { act: { sub: 'a' } }],
  ['two clients', { appid: 'other' }],
])('Context: %s is refused', (_name, claims) => {
  expect(() => parties(claims)).toThrow()
})

it('Context: the client is named by azp, by appid, or by both alike', () => {
  expect(parties({})?.principal.subject).toBe('object')
  expect(parties({ azp: undefined, appid: 'client' })?.principal.subject).toBe('object')
  expect(parties({ appid: 'client' })?.principal.subject).toBe('object')
  expect(() => parties({ azp: undefined })).toThrow()
})

it('Context: only facets make an agent of a client', () => {
  expect(parties({ idtyp: 'user', xms_act_fct: '3', xms_sub_fct: '2' })?.clientKind).toBeUndefined()
  expect(parties({ idtyp: 'user', xms_act_fct: '11', xms_sub_fct: '2' })?.clientKind).toBe('agent')
})

it('Context: an agent user is an account of its own, which a warning says', () => {
  const answer = parties({ idtyp: 'user', xms_act_fct: '11', xms_sub_fct: '13' })
  expect(answer?.warnings).toEqual(['principal_is_agent_user_account'])
})

it.each([
  ['an autonomous agent', { idtyp: 'app', xms_act_fct: '11', xms_sub_fct: '11' }],
  ['an agent user', { idtyp: 'user', xms_act_fct: '11', xms_sub_fct: '13' }],
])('Context: the blueprint governs %s, which is the principal', (_, claims) => {
  const governed = (blueprint: unknown) =>
    entraDialect.entity?.({ ...base, ...claims, xms_par_app_azp: blueprint }, 'principal')
  expect(governed('blueprint')).toEqual({ governance: 'blueprint' })
  expect(governed(7)).toBeUndefined()
})

it('Context: the blueprint governs no client that facets do not call an agent', () => {
  const claims = { ...base, idtyp: 'user', xms_act_fct: '3', xms_par_app_azp: 'blueprint' }
  expect(entraDialect.entity?.(claims, 'actor')).toBeUndefined()
})

it('Context: the blueprint governs the agent, never the human', () => {
  const claims = { ...base, idtyp: 'user', xms_act_fct: '11', xms_sub_fct: '2', xms_par_app_azp: 'blueprint' }
  expect(entraDialect.entity?.(claims, 'actor')).toEqual({ governance: 'blueprint' })
  expect(entraDialect.entity?.(claims, 'principal')).toBeUndefined()
})

it('Context: an object of another tenant than that of the issuer is refused', () => {
  const [home, other] = ['11111111-2222-3333-4444-55555555555a', '11111111-2222-3333-4444-55555555555b']
  const at = (iss: string, tid: unknown) => () => parties({ iss, tid })
  for (const iss of [
    `https://login.example/${home}/v2.0`,
    `https://sts.example/${home}/`,
    `https://sts.example/${home}`,
  ]) {
    expect(at(iss, home)()?.principal.subject).toBe('object')
    expect(at(iss, home.toUpperCase())()?.principal.subject).toBe('object')
    expect(at(iss, undefined)()?.principal.subject).toBe('object')
    expect(at('https://login.example/common', home)()?.principal.subject).toBe('object')
    for (const tid of [other, 7, '']) expect(at(iss, tid)).toThrow()
  }
})
