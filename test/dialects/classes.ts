/** Tokens that are no access tokens, as their specifications and the documentation of products show them. */
import type { Members } from '../support/jws.ts'
import { resource } from '../support/kit.ts'

export interface OtherClass {
  readonly title: string
  /** What its own header says; null: nothing. */
  readonly typ: string | null
  /** Beside `iss`, `iat`, `exp` and, unless given here, an `aud` that is this resource. */
  readonly claims: Members
}

const app = 's6BhdRkqt3'
const person = { name: 'Alice', given_name: 'Alice', email: 'alice@example.com', email_verified: true }

/** What only the class itself shows. */
export const otherClasses: readonly OtherClass[] = [
  {
    title: 'ID token (OpenID Connect Core §2)',
    typ: 'JWT',
    claims: { sub: '1', azp: app, nonce: 'n-0S6', auth_time: 1, acr: '1' },
  },
  { title: 'ID token of the hybrid flow', typ: 'JWT', claims: { sub: '1', azp: app, at_hash: 'x', c_hash: 'y' } },
  { title: 'ID token of Auth0', typ: 'JWT', claims: { sub: 'auth0|1', sid: 's', nickname: 'a', ...person } },
  {
    title: 'ID token of Okta',
    typ: null,
    claims: { ver: 1, jti: 'ID.x', sub: '00u1', amr: ['pwd'], idp: '00o1', auth_time: 1, at_hash: 'x', ...person },
  },
  {
    title: 'ID token of Entra ID',
    typ: 'JWT',
    claims: {
      ver: '2.0',
      sub: 'p',
      oid: 'o',
      tid: 't',
      uti: 'u',
      rh: 'r',
      aio: 'a',
      name: 'A',
      preferred_username: 'a@b',
    },
  },
  {
    title: 'ID token of Keycloak',
    typ: 'JWT',
    claims: { typ: 'ID', jti: '1', sub: 'u', azp: app, sid: 's', acr: '1', auth_time: 1, at_hash: 'x', ...person },
  },
  {
    title: 'ID token of ZITADEL',
    typ: 'JWT',
    claims: { sub: '1', azp: app, client_id: app, amr: ['pwd'], auth_time: 1, at_hash: 'x', sid: 's' },
  },
  {
    title: 'ID token of Cognito',
    typ: null,
    claims: {
      sub: 'u',
      token_use: 'id',
      'cognito:username': 'a',
      origin_jti: 'o',
      jti: '1',
      event_id: 'e',
      auth_time: 1,
      at_hash: 'x',
      ...person,
    },
  },
  {
    title: 'ID token of Scalekit',
    typ: null,
    claims: {
      sub: 'usr_1',
      azp: app,
      client_id: app,
      amr: ['c'],
      at_hash: 'x',
      c_hash: 'y',
      oid: 'org_1',
      sid: 's',
      ...person,
    },
  },
  {
    title: 'ID token of FusionAuth',
    typ: 'JWT',
    claims: {
      sub: 'u',
      jti: '1',
      applicationId: app,
      authenticationType: 'PASSWORD',
      at_hash: 'x',
      c_hash: 'y',
      scope: 'openid',
      tid: 't',
      sid: 's',
      auth_time: 1,
      ...person,
    },
  },
  {
    title: 'ID token of WSO2',
    typ: 'JWT',
    claims: { isk: 'k', at_hash: 'x', c_hash: 'y', sub: 'u', azp: app, amr: ['BasicAuthenticator'] },
  },
  {
    title: 'refresh token of Keycloak',
    typ: 'JWT',
    claims: { typ: 'Refresh', jti: '1', sub: 'u', azp: app, sid: 's', scope: 'openid', aud: 'https://as.example.test' },
  },
  {
    title: 'offline token of Keycloak',
    typ: 'JWT',
    claims: { typ: 'Offline', jti: '1', sub: 'u', azp: app, sid: 's', scope: 'openid offline_access' },
  },
  {
    title: 'logout token (Back-Channel Logout §2.4)',
    typ: 'logout+jwt',
    claims: { sub: '1', jti: '1', sid: 's', events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
  },
  {
    title: 'security event token (RFC 8417)',
    typ: 'secevent+jwt',
    claims: {
      sub: '1',
      jti: '1',
      txn: '8',
      client_id: app,
      events: { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} },
    },
  },
  {
    title: 'token introspection response (RFC 9701)',
    typ: 'token-introspection+jwt',
    claims: { exp: undefined, token_introspection: { active: true, sub: '1', client_id: app, scope: 'read' } },
  },
  {
    title: 'DPoP proof (RFC 9449)',
    typ: 'dpop+jwt',
    claims: { iss: undefined, aud: undefined, exp: undefined, jti: '1', htm: 'GET', htu: resource },
  },
  {
    title: 'client attestation',
    typ: 'oauth-client-attestation+jwt',
    claims: { aud: undefined, sub: app, cnf: { jwk: { kty: 'EC' } } },
  },
  {
    title: 'status list token',
    typ: 'statuslist+jwt',
    claims: {
      aud: undefined,
      sub: 'https://as.example.test/statuslists/1',
      ttl: 43_200,
      status_list: { bits: 1, lst: 'x' },
    },
  },
  {
    title: 'UserInfo response (OpenID Connect Core §5.3.2)',
    typ: 'JWT',
    claims: { exp: undefined, iat: undefined, sub: '1', ...person },
  },
  { title: 'authorization response (JARM)', typ: 'JWT', claims: { iat: undefined, aud: app, code: 'c', state: 's' } },
]

/** Grants and transaction tokens: beside the header only the audience tells them from an access token. */
export const grants: readonly OtherClass[] = [
  {
    title: 'ID-JAG',
    typ: 'oauth-id-jag+jwt',
    claims: {
      jti: '1',
      sub: 'U1',
      client_id: app,
      resource,
      scope: 'read',
      auth_time: 1,
      amr: ['mfa'],
      aud: 'https://as.other.test/',
    },
  },
  {
    title: 'ID-JAG of Okta',
    typ: 'oauth-id-jag+jwt',
    claims: {
      jti: 'IDAAG.1',
      sub: '0oa1',
      sub_profile: 'service',
      scope: 'read',
      resource,
      act: { sub: 'wlp1', sub_profile: 'ai_agent' },
      aud: 'https://as.other.test/',
    },
  },
  {
    title: 'workload agent grant',
    typ: 'oauth-wag+jwt',
    claims: {
      jti: '1',
      sub: 'agent-42',
      sub_profile: 'ai_agent',
      resource,
      scope: 'read',
      aud: 'https://as.other.test/',
    },
  },
  {
    title: 'transaction token',
    typ: 'txntoken+jwt',
    claims: {
      txn: '1',
      sub: 'd08',
      req_wl: 'gateway',
      purp: 'trade',
      scope: 'trade',
      tctx: {},
      rctx: {},
      aud: 'trust-domain.test',
    },
  },
]
