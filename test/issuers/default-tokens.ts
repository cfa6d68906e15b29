import type { Members } from '../support/jws.ts'
import { resource } from './page-kit.ts'

export type Product =
  | 'auth0'
  | 'okta'
  | 'entra'
  | 'keycloak'
  | 'zitadel'
  | 'workos'
  | 'cognito'
  | 'scalekit'
  | 'stytch'
  | 'fusionauth'
  | 'wso2'
  | 'oidc-provider'

/** Header and claims as the default tenant of the page's snippet writes them; `iss`, `iat` and `exp` follow. */
export interface DefaultToken {
  readonly title: string
  readonly typ: string | undefined
  readonly seconds: number
  readonly claims: Members
}

export const tenant = '11111111-2222-3333-4444-555555555555'
export const workosClient = 'client_01JP8BD0CZ401TDF9X54NT5ZEK'
export const stytchProject: string = `project-live-${tenant}`
const wso2Client = '7KafXIoqkfzS6TugWBBtby9A7FYa'
const application = 'e9fdb985-9173-4e01-9d73-ac2d60d1dc8e'

/** Of each product, for one agent and one moment (seconds). */
export function defaultTokens(now: number, jkt: string): Readonly<Record<Product, DefaultToken>> {
  return {
    auth0: {
      title: 'Auth0',
      typ: 'JWT',
      seconds: 86_400,
      claims: {
        sub: 'auth0|alice',
        aud: [resource, 'https://tenant.eu.auth0.com/userinfo'],
        azp: 'app',
        scope: 'openid',
      },
    },
    okta: {
      title: 'Okta',
      typ: undefined,
      seconds: 3_600,
      claims: {
        ver: 1,
        jti: 'AT.1',
        sub: 'alice@example.com',
        uid: '00u1',
        cid: '0oa1',
        scp: ['tools:read'],
        aud: 'api://default',
      },
    },
    entra: {
      title: 'Microsoft Entra ID',
      typ: 'JWT',
      seconds: 5_400,
      claims: {
        ver: '2.0',
        aud: '66666666-7777-8888-9999-000000000000',
        azp: 'aaaaaaaa-1111-2222-3333-444444444444',
        oid: 'dddddddd-1111-2222-3333-444444444444',
        sub: 'pairwise',
        tid: tenant,
        uti: 'm5RaaRnoFUyp2TbSCAAAAA',
        idtyp: 'user',
        scp: 'Tools.Read',
      },
    },
    keycloak: {
      title: 'Keycloak',
      typ: 'JWT',
      seconds: 300,
      claims: {
        typ: 'Bearer',
        jti: '1',
        sub: 'u-1',
        aud: [resource, 'account'],
        azp: 'app',
        scope: 'tools:read',
        sid: 's-1',
      },
    },
    zitadel: {
      title: 'ZITADEL',
      typ: 'JWT',
      seconds: 43_200,
      claims: { sub: '259242039378444290', aud: ['259254020357488642'], jti: '259380916843970562', nbf: now },
    },
    workos: {
      title: 'WorkOS',
      typ: undefined,
      seconds: 300,
      claims: { sub: 'user_01', aud: workosClient, org_id: 'org_01', sid: 'app_consent_01', jti: '01' },
    },
    cognito: {
      title: 'Amazon Cognito',
      typ: undefined,
      seconds: 3_600,
      claims: {
        sub: '1h57kf5cpq17m0eml12EXAMPLE',
        client_id: '1h57kf5cpq17m0eml12EXAMPLE',
        token_use: 'access',
        scope: 'tools/read',
        auth_time: now,
        version: 2,
        jti: '1',
      },
    },
    scalekit: {
      title: 'Scalekit',
      typ: undefined,
      seconds: 86_400,
      claims: {
        sub: 'm2morg_69038819013296423',
        client_id: 'm2morg_69038819013296423',
        oid: 'org_1',
        scopes: ['tools:read'],
        nbf: now,
        jti: 'tkn_1',
      },
    },
    stytch: {
      title: 'Stytch',
      typ: undefined,
      seconds: 3_600,
      claims: { sub: 'm2m-client-live-1', aud: [stytchProject], scope: 'tools:read', nbf: now },
    },
    fusionauth: {
      title: 'FusionAuth',
      typ: 'JWT',
      seconds: 3_600,
      claims: {
        sub: 'u-1',
        aud: application,
        applicationId: application,
        scope: 'tools:read',
        roles: [],
        jti: '1',
        tid: 't-1',
      },
    },
    wso2: {
      title: 'WSO2',
      typ: 'at+jwt',
      seconds: 3_600,
      claims: {
        sub: 'u-1',
        aut: 'APPLICATION_USER',
        client_id: wso2Client,
        azp: wso2Client,
        aud: wso2Client,
        nbf: now,
        jti: '1',
      },
    },
    'oidc-provider': {
      title: 'oidc-provider',
      typ: 'at+jwt',
      seconds: 3_600,
      claims: {
        sub: 'u-1',
        client_id: 'app',
        aud: resource,
        scope: 'tools:read',
        jti: '1',
        cnf: { jkt },
      },
    },
  }
}
