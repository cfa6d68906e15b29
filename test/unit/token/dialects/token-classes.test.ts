import { expect, it } from 'vitest'
import { auth0Dialect } from '../../../../src/token/dialects/auth0.ts'
import { cognitoDialect } from '../../../../src/token/dialects/cognito.ts'
import { entraDialect } from '../../../../src/token/dialects/entra.ts'
import { fusionauthDialect } from '../../../../src/token/dialects/fusionauth.ts'
import { oktaDialect } from '../../../../src/token/dialects/okta.ts'
import { scalekitDialect } from '../../../../src/token/dialects/scalekit.ts'
import { stytchDialect } from '../../../../src/token/dialects/stytch.ts'
import { workosDialect } from '../../../../src/token/dialects/workos.ts'
import { workosAgentsDialect } from '../../../../src/token/dialects/workos-agents.ts'
import { wso2Dialect } from '../../../../src/token/dialects/wso2.ts'
import { zitadelDialect } from '../../../../src/token/dialects/zitadel.ts'
import type { JwtPayload } from '../../../../src/types/context.ts'
import { read } from './fake-readers.ts'

// Of each product: an ID or session token without the members that every dialect refuses anyway.
it.each([
  ['an ID token of Auth0', auth0Dialect, { sub: 'auth0|1', sid: 's' }, 'sid'],
  ['an ID token of Okta', oktaDialect, { sub: '00u1', jti: 'ID.x', ver: 1, amr: ['pwd'] }, 'jti'],
  ['an ID-JAG of Okta', oktaDialect, { sub: '00u1', jti: 'IDAAG.x' }, 'jti'],
  ['a jti of Okta that is no text', oktaDialect, { sub: '00u1', jti: 1 }, 'jti'],
  ['an ID token of Entra', entraDialect, { sub: 'p', oid: 'o', ver: '2.0', uti: 'u' }, 'azp'],
  ['an ID token of ZITADEL', zitadelDialect, { sub: '1', azp: 'c', client_id: 'c' }, 'azp'],
  ['an ID token of ZITADEL without its marks', zitadelDialect, { sub: '1' }, 'jti'],
  ['an ID token of WSO2', wso2Dialect, { sub: '1', azp: 'c', jti: 'j' }, 'aut'],
  ['an ID token of WSO2 with aut', wso2Dialect, { sub: '1', aut: 'APPLICATION_USER', isk: 'i' }, 'isk'],
  ['an ID token of WorkOS', workosDialect, { sub: 'user_1', name: 'N' }, 'jti'],
  ['a session token of WorkOS', workosAgentsDialect, { sub: 'user_1', sid: 'session_1', org_id: 'o' }, 'sid'],
  ['an ID token of Scalekit', scalekitDialect, { sub: 'usr_1', azp: 'skc_1', jti: 'j' }, 'azp'],
  [
    'a session token of Stytch',
    stytchDialect,
    { sub: 'user-1', 'https://stytch.com/session': {} },
    'https://stytch.com/session',
  ],
  ['an ID token of Stytch', stytchDialect, { sub: 'user-1' }, 'scope'],
  ['a token of Stytch for a user without client', stytchDialect, { sub: 'user-1', scope: 'x' }, 'client_id'],
  ['a token of Cognito without token_use', cognitoDialect, { sub: '1', client_id: 'c' }, 'token_use'],
  ['an ID token of FusionAuth', fusionauthDialect, { sub: '1', applicationId: 'a' }, 'scope'],
])('RFC 8725 §3.12: %s is another class of token', (_name, dialect, claims, mark) => {
  expect(dialect.refuse?.({ typ: 'JWT' }, claims as JwtPayload)).toBe(mark)
})

it('Context: uid of Okta is the principal, and act keeps the names of the issuer', () => {
  const base = { iss: 'https://o.example/oauth2/default', sub: 'user@example.com', cid: 'c' }
  expect(oktaDialect.parties?.({ ...base, uid: '00u1' }, read).principal.subject).toBe('00u1')
  expect(oktaDialect.parties?.(base, read).principal.subject).toBe(base.sub)
  expect(oktaDialect.parties?.({ ...base, sub: 'c' }, read).ownToken).toBe(true)
  expect(oktaDialect.parties?.({ ...base, sub: 'c', uid: '00u1' }, read).ownToken ?? false).toBe(false)
  expect(() => oktaDialect.parties?.({ ...base, uid: 1 }, read)).toThrow()
})

it('ACT-08: an actor of Okta with the login name of the principal is the principal', () => {
  const base = { iss: 'https://o.example/oauth2/default', sub: 'user@example.com', cid: 'c', uid: '00u1' }
  const chainOf = (act: object) => oktaDialect.parties?.({ ...base, act }, read).chain?.map(({ subject }) => subject)
  expect(chainOf({ sub: base.sub })).toEqual(['00u1'])
  expect(chainOf({ sub: base.sub, iss: base.iss })).toEqual(['00u1'])
  expect(chainOf({ sub: base.sub, iss: 'https://other.example' })).toEqual([base.sub])
  expect(chainOf({ sub: 'agent', act: { sub: base.sub } })).toEqual(['agent', '00u1'])
})

it('Context: the id of a machine client counts only where it is the client', () => {
  const kindOf = (claims: object) =>
    auth0Dialect.parties?.({ iss: 'https://a.example/', ...claims }, read).principal.kind
  expect(kindOf({ sub: 'c@clients', azp: 'c' })).toBe('service')
  expect(kindOf({ sub: 'c@clients', azp: 'd' })).toBe('unknown')
  expect(kindOf({ sub: 'c@clients', azp: 'c', sub_profile: 'ai_agent' })).toBe('agent')
})

it('Context: the permissions of a FusionAuth entity are those at the audience', () => {
  const permissions = { api: ['read'], other: ['admin'] }
  expect(fusionauthDialect.permissions?.({ aud: 'api', permissions })).toEqual(['read'])
  expect(fusionauthDialect.permissions?.({ aud: ['api', 'other'], permissions })).toEqual([])
  expect(fusionauthDialect.permissions?.({ aud: '__proto__', permissions })).toEqual([])
})
