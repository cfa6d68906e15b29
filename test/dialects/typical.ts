/** Claims as each dialect's issuers write them: at least one token without a delegation and, where there are any, one with. */
import type { DialectName } from 'onbehalf'
import type { Members } from '../support/jws.ts'

export interface TypicalToken {
  readonly title: string
  readonly dialect: DialectName
  /** Null: no `typ`. */
  readonly typ: string | null
  /** Beside `iss`, `aud`, `iat` and `exp`. */
  readonly claims: Members
}

const entraUser = { ver: '2.0', azp: 'agent-app', oid: 'o-alice', sub: 'pairwise', uti: 'u1', tid: 't', idtyp: 'user' }
const aapAgent = { id: 'researcher', type: 'llm-autonomous', operator: 'org:acme' }
const zeroid = { sub: 'spiffe://z/agent-smith', jti: '1', identity_type: 'agent', scopes: ['read'] }
const workosAgent = { sub: 'agent_reg_1', jti: '1', org_id: 'org_1', scope: 'read' }

export const typicalTokens: readonly TypicalToken[] = [
  typical('rfc9068', 'at+jwt', 'a user', {
    sub: 'alice',
    client_id: 'app',
    jti: '1',
    scope: 'read',
    sub_profile: 'user',
  }),
  typical('rfc9068', 'at+jwt', 'an agent for a user', {
    sub: 'alice',
    client_id: 'planner',
    jti: '1',
    scope: 'read',
    act: { sub: 'planner', act: { sub: 'gateway' } },
  }),
  typical('actor-profile', 'at+jwt', 'an agent of another issuer', {
    sub: 'alice',
    sub_profile: 'user',
    client_id: 'planner-client',
    jti: '1',
    scope: 'read',
    act: { sub: 'planner', iss: 'https://agents.example.test', sub_profile: 'ai_agent' },
  }),
  typical('auth0', 'JWT', 'a user', { sub: 'auth0|1', azp: 'spa', scope: 'openid read' }),
  typical('auth0', 'JWT', 'a machine', { sub: 'c@clients', azp: 'c', gty: 'client-credentials', scope: 'read' }),
  typical('auth0', 'at+jwt', 'an agent for a user', {
    sub: 'auth0|1',
    sub_profile: 'user',
    client_id: 'c',
    client_profile: 'ai_agent',
    jti: '1',
    scope: 'read',
    act: { sub: 'agt_1', sub_profile: 'ai_agent', client_id: 'c', act: { sub: 'spa', sub_profile: 'browser_app' } },
  }),
  typical('okta', null, 'a user', {
    ver: 1,
    jti: 'AT.1',
    cid: '0oa1',
    uid: '00u1',
    scp: ['read'],
    sub: 'alice@example.com',
  }),
  typical('okta', null, 'a service', { ver: 1, jti: 'AT.1', cid: '0oa1', scp: ['read'], sub: '0oa1' }),
  typical('okta', null, 'an agent for a service', {
    sub: '0oa9',
    scope: 'read',
    sub_profile: 'service',
    act: { sub: '0oa1', sub_profile: 'ai_agent', act: { sub: '0oa9', sub_profile: 'service' } },
  }),
  typical('entra', 'JWT', 'a user', { ...entraUser, scp: 'read', roles: ['Reader'] }),
  typical('entra', 'JWT', 'an agent for a user', {
    ...entraUser,
    scp: 'read',
    xms_act_fct: '11 3',
    xms_sub_fct: '2 3',
  }),
  typical('entra', 'JWT', 'an agent user', { ...entraUser, scp: 'read', xms_act_fct: '11', xms_sub_fct: '13' }),
  typical('entra', 'JWT', 'an agent', {
    ver: '1.0',
    appid: 'agent-app',
    oid: 'o-agent',
    sub: 'o-agent',
    uti: 'u1',
    idtyp: 'app',
    roles: ['Files.Read.All'],
    xms_act_fct: '3 9 11',
    xms_sub_fct: '9 3 11',
  }),
  typical('keycloak', 'JWT', 'a user', {
    typ: 'Bearer',
    jti: '1',
    sub: 'u-1',
    azp: 'app',
    sid: 's',
    scope: 'profile read',
    realm_access: { roles: ['admin'] },
    resource_access: { account: { roles: ['manage-account'] } },
  }),
  typical('keycloak', 'JWT', 'a service account', {
    typ: 'Bearer',
    jti: '1',
    sub: 'u-2',
    azp: 'app',
    scope: 'read',
    preferred_username: 'service-account-app',
  }),
  typical('keycloak', 'JWT', 'an agent for a user', {
    typ: 'Bearer',
    jti: '1',
    sub: 'u-1',
    azp: 'app',
    scope: 'read',
    act: { sub: 'u-2', client_id: 'app' },
  }),
  typical('zitadel', 'JWT', 'a user', { sub: '1', jti: '2' }),
  typical('zitadel', 'JWT', 'an actor for a user', {
    sub: '1',
    jti: '2',
    act: { iss: 'https://as.example.test', sub: '3' },
  }),
  typical('wso2', 'at+jwt', 'a user', wso2('APPLICATION_USER', {})),
  typical('wso2', 'at+jwt', 'an agent', wso2('AGENT', {})),
  typical('wso2', 'at+jwt', 'an agent for a user', wso2('APPLICATION_USER', { act: { sub: 'agent-1' } })),
  typical('workos', null, 'a user', { sub: 'user_1', org_id: 'org_1', sid: 'app_consent_1', jti: '1', scope: 'read' }),
  typical('workos-agents', null, 'an agent', workosAgent),
  typical('workos-agents', null, 'an agent for a user', { ...workosAgent, act: { sub: 'user_1' } }),
  typical('zeroid', 'JWT', 'an agent', zeroid),
  typical('zeroid', 'JWT', 'an agent for another', {
    ...zeroid,
    delegation_depth: 1,
    act: { sub: 'orchestrator-1', iss: 'https://as.example.test' },
  }),
  typical('scalekit', null, 'a machine', {
    sub: 'm2morg_1',
    client_id: 'm2morg_1',
    oid: 'org_1',
    scopes: ['read'],
    jti: 'tkn_1',
  }),
  typical('scalekit', null, 'a user', {
    sub: 'usr_1',
    client_id: 'skc_1',
    oid: 'org_1',
    sid: 'ses_1',
    scope: 'openid',
    roles: ['admin'],
    permissions: ['data:read'],
    jti: 'tkn_1',
  }),
  typical('stytch', null, 'a user', { sub: 'user-live-1', client_id: 'connected-app-1', jti: '1', scope: 'read' }),
  typical('stytch', null, 'a machine', { sub: 'm2m-client-live-1', scope: 'read' }),
  typical('cognito', null, 'a machine', {
    sub: 'c1',
    client_id: 'c1',
    token_use: 'access',
    scope: 'api/read',
    jti: '1',
  }),
  typical('cognito', null, 'a user', {
    sub: 'uuid-1',
    client_id: 'c1',
    username: 'alice',
    token_use: 'access',
    scope: 'aws.cognito.signin.user.admin',
    jti: '1',
    'cognito:groups': ['admins'],
  }),
  typical('fusionauth', 'JWT', 'a user', {
    sub: 'u-1',
    applicationId: 'app-1',
    scope: 'openid',
    roles: ['r'],
    jti: '1',
  }),
  typical('aap', 'JWT', 'an agent', {
    sub: 'researcher',
    jti: '1',
    agent: aapAgent,
    task: { id: 't', created_by: 'alice' },
    capabilities: [{ action: 'search' }],
  }),
  typical('aap', null, 'an agent for an agent', {
    sub: 'researcher',
    jti: '1',
    agent: aapAgent,
    delegation: { depth: 1, max_depth: 2, chain: ['researcher', 'scraper'] },
  }),
]

function typical(dialect: DialectName, typ: string | null, who: string, claims: Members): TypicalToken {
  return { title: `${who} of ${dialect}`, dialect, typ, claims }
}

function wso2(aut: string, more: Members): Members {
  return { sub: 'u-1', aut, client_id: 'c', azp: 'c', jti: '1', scope: 'read', ...more }
}
