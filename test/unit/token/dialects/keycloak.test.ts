import { expect, it } from 'vitest'
import { keycloakDialect } from '../../../../src/token/dialects/keycloak.ts'
import { read } from './fake-readers.ts'

const base = { iss: 'https://kc.example/realms/demo', sub: 'id', azp: 'Batch' }
const parties = (claims: object) => keycloakDialect.parties?.({ ...base, ...claims }, read)
const roles = (access: unknown, ...audience: string[]) =>
  keycloakDialect.roles?.({ ...base, realm_access: { roles: ['realm'] }, resource_access: access }, audience)

it('Context: only the roles of the configured audiences count', () => {
  const access = { api: { roles: ['read', 'write'] }, other: { roles: ['admin'] }, more: { roles: ['read'] } }
  expect(roles(access, 'api')).toEqual(['read', 'write'])
  expect(roles(access, 'api', 'more')).toEqual(['read', 'write'])
  expect(roles(access, 'absent')).toEqual([])
})

it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
  'Context: an audience called %s inherits no roles',
  (name) => {
    expect(roles({}, name)).toEqual([])
    expect(roles(JSON.parse(`{"${name}":{"roles":["own"]}}`), name)).toEqual(['own'])
  },
)

it.each([
  ['text', 'api'],
  ['null', null],
  ['list', [{ roles: ['a'] }]],
  ['other items', { api: { roles: ['a', 1] } }],
  ['inherited', { api: Object.create({ roles: ['a'] }) }],
])('Context: roles in another shape (%s) are none', (_name, access) => {
  expect(roles(access, 'api')).toEqual([])
})

it('Context: the service account of the client is known with and without act, a user of that name is none', () => {
  expect(parties({ preferred_username: 'service-account-batch' })?.ownToken).toBe(true)
  expect(parties({ preferred_username: 'service-account-batch', sid: 's' })?.ownToken).toBe(false)
  expect(parties({ preferred_username: 'service-account-other' })?.ownToken).toBe(false)
  expect(parties({ preferred_username: 'service-account-batch', act: { sub: 'a' } })?.ownToken).toBe(true)
})

it('Context: a nested act makes the chain incomplete', () => {
  expect(parties({ act: { sub: 'a' } })?.complete).toBeUndefined()
  expect(parties({ act: { sub: 'a', act: { sub: 'b', iss: 'https://else.example' } } })).toMatchObject({
    complete: false,
    chain: [
      { subject: 'a', issuer: base.iss },
      { subject: 'b', issuer: 'https://else.example' },
    ],
    warnings: ['act_iss_assumed'],
  })
})
