import { expect, test } from 'vitest'
import { auth0Dialect } from '../../../../src/token/dialects/auth0.ts'
import { cognitoDialect } from '../../../../src/token/dialects/cognito.ts'
import { fusionauthDialect } from '../../../../src/token/dialects/fusionauth.ts'
import { keycloakDialect } from '../../../../src/token/dialects/keycloak.ts'
import { oktaDialect } from '../../../../src/token/dialects/okta.ts'
import { scalekitDialect } from '../../../../src/token/dialects/scalekit.ts'
import { stytchDialect } from '../../../../src/token/dialects/stytch.ts'
import { wso2Dialect } from '../../../../src/token/dialects/wso2.ts'
import type { Dialect } from '../../../../src/types/dialect.ts'
import { read } from './fake-readers.ts'

const iss = 'https://as.example'

/** Whether the token is the client's own, and the kind of its subject. */
const cases: readonly (readonly [dialect: Dialect, claims: object, isOwn: boolean, kind: string])[] = [
  [auth0Dialect, { sub: 'c@clients', azp: 'c' }, true, 'service'],
  [auth0Dialect, { sub: 'c@clients', client_id: 'c' }, true, 'service'],
  [auth0Dialect, { sub: 'd@clients', azp: 'c' }, false, 'unknown'],
  [auth0Dialect, { sub: 'undefined@clients' }, false, 'unknown'],
  [cognitoDialect, { sub: 'c', client_id: 'c' }, true, 'service'],
  [cognitoDialect, { sub: 'user', client_id: 'c' }, false, 'unknown'],
  [keycloakDialect, { sub: 'id', preferred_username: 'service-account-undefined' }, false, 'unknown'],
  [oktaDialect, { sub: 'c', cid: 'c' }, true, 'unknown'],
  [oktaDialect, { sub: 'login', cid: 'c' }, false, 'unknown'],
  [scalekitDialect, { sub: 'm2m_1', client_id: 'm2m_1' }, true, 'service'],
  [scalekitDialect, { sub: 'm2morg_1', client_id: 'm2morg_1' }, true, 'service'],
  [scalekitDialect, { sub: 'm2m_1', client_id: 'm2m_2' }, false, 'unknown'],
  [scalekitDialect, { sub: 'x_m2m_1', client_id: 'x_m2m_1' }, false, 'unknown'],
  [scalekitDialect, { sub: 'usr_1', client_id: 'usr_1' }, false, 'unknown'],
  [stytchDialect, { sub: 'm2m-client-1' }, true, 'service'],
  [stytchDialect, { sub: 'user-1', client_id: 'c' }, false, 'unknown'],
  [stytchDialect, { sub: 'm2m-client-1', client_id: 'c' }, false, 'unknown'],
  [wso2Dialect, { sub: 'c', aut: 'APPLICATION' }, true, 'service'],
  [wso2Dialect, { sub: 'user', aut: 'APPLICATION_USER' }, false, 'human'],
  [wso2Dialect, { sub: 'agent', aut: 'AGENT' }, false, 'agent'],
]

const rows = cases.map(([dialect, ...told]) => [dialect.name, ...told, dialect] as const)

test.each(rows)('Context: %s with %j: own token %s, subject %s', (_name, claims, isOwn, kind, dialect) => {
  const answer = dialect.parties?.({ iss, ...claims }, read)
  expect(answer?.ownToken).toBe(isOwn)
  expect(answer?.principal.kind).toBe(kind)
})

test('Context: the groups of Cognito are roles, in their own claim', () => {
  expect(cognitoDialect.roles?.({ 'cognito:groups': ['staff'], groups: ['other'] }, [])).toEqual(['staff'])
})

test('Context: permissions of FusionAuth are those at the only audience', () => {
  const permissions = { api: ['read'] }
  expect(fusionauthDialect.permissions?.({ aud: 'api', permissions })).toEqual(['read'])
  expect(fusionauthDialect.permissions?.({ aud: ['api'], permissions })).toEqual([])
})

test('Context: the stable id of Okta names the principal, and the actor that has its login name', () => {
  const claims = { iss, sub: 'login', uid: '00u1', cid: 'c' }
  const actor = { subject: 'login', issuer: iss }
  const chainOf = (namedBy?: 'client_id') =>
    oktaDialect.parties?.(claims, { ...read, actors: () => [{ ...actor, ...(namedBy && { namedBy }) }] })
  expect(chainOf()?.principal.subject).toBe('00u1')
  expect(chainOf()?.chain).toEqual([{ ...actor, subject: '00u1' }])
  expect(chainOf('client_id')?.chain).toEqual([{ ...actor, namedBy: 'client_id' }])
})
