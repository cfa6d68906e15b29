import type { IssuerOptions } from 'onbehalf'
import * as presets from 'onbehalf/issuers'
import { describe, expect, test } from 'vitest'
import type { Members } from '../support/jws.ts'
import { defaultTokens, type Product, stytchProject, tenant, workosClient } from './default-tokens.ts'
import { callOf, dialectOf, forge, jwks, now, optionsOf, refusalWith, resource } from './page-kit.ts'

/** What the sections of docs/issuers.md say beside their snippets. */

const samples = defaultTokens(now, forge.agent.jkt)

test('DOCS: a token of Entra, version 1, is admitted with the version and audience of its own', async () => {
  const { entra } = samples
  const id = 'api://66666666-7777-8888-9999-000000000000'
  const options = presets.entra(tenant, {
    version: 1,
    audience: id,
    maxTokenSeconds: 5_400,
    dangerously: { allowUnbound: true },
    jwks,
  })
  const claims = { ...entra.claims, ver: '1.0', aud: id, azp: undefined, appid: 'aaaaaaaa-1111-2222-3333-444444444444' }
  expect(await refusalWith(options, { ...entra, claims })).toBeUndefined()
})

test('DOCS: short and bound, a token of Auth0 in its RFC 9068 profile needs no option', async () => {
  const claims = { sub: 'auth0|alice', aud: resource, client_id: 'app', jti: '1', cnf: { jkt: forge.agent.jkt } }
  const options = presets.auth0('tenant.eu.auth0.com', { jwks })
  expect(await refusalWith(options, { typ: 'at+jwt', seconds: 300, claims })).toBeUndefined()
})

test('DOCS: a token of a WorkOS agent registration is refused, unless its dialect is named', async () => {
  const claims = { sub: 'agent_reg_01', aud: workosClient, org_id: 'org_01', jti: '01', act: { sub: 'user_01' } }
  const sample = { typ: undefined, seconds: 300, claims }
  const options = optionsOf('workos')
  expect(await refusalWith(options, sample)).toBeDefined()
  expect(await refusalWith({ ...options, dialect: 'workos-agents' }, sample)).toBeUndefined()
})

test('DOCS: ID tokens of Cognito and session tokens of Stytch are refused under the options of the page', async () => {
  const { cognito, stytch } = samples
  const id = { ...cognito, claims: { ...cognito.claims, token_use: 'id' } }
  const session = { 'https://stytch.com/session': { id: 's-1' }, sub: 'user-live-1', scope: undefined }
  expect(await refusalWith(optionsOf('cognito'), id)).toMatchObject({ code: 'token_type' })
  expect(await refusalWith(optionsOf('stytch'), { ...stytch, claims: { ...stytch.claims, ...session } })).toMatchObject(
    {
      code: 'token_type',
    },
  )
})

describe('what the sections say of a token', () => {
  const contextOf = (name: Product, changes: Members = {}, options: IssuerOptions = optionsOf(name)) => {
    const sample = samples[name]
    return forge.context(callOf(options, { ...sample, claims: { ...sample.claims, ...changes } }))
  }

  test('DOCS: Okta names a user by uid, else by sub', async () => {
    expect((await contextOf('okta')).principal.subject).toBe('00u1')
    expect((await contextOf('okta', { uid: undefined })).principal.subject).toBe('alice@example.com')
  })

  test('DOCS: Entra names a party by oid; an agent identity acts for the user', async () => {
    const agent = { xms_act_fct: '11', xms_sub_fct: '2' }
    expect(await contextOf('entra', agent)).toMatchObject({
      authority: 'delegated',
      principal: { subject: 'dddddddd-1111-2222-3333-444444444444', kind: 'human' },
      actor: { subject: 'aaaaaaaa-1111-2222-3333-444444444444', kind: 'agent' },
    })
  })

  test('DOCS: Keycloak has the roles of the audience, and with realmRoles those of the realm', async () => {
    const roles = { resource_access: { [resource]: { roles: ['writer'] } }, realm_access: { roles: ['admin'] } }
    const realmUrl = 'https://id.example.com/realms/agents'
    const more = presets.keycloak(realmUrl, { realmRoles: true, dangerously: { allowUnbound: true }, jwks })
    expect((await contextOf('keycloak', roles)).roles).toEqual(['writer'])
    expect((await contextOf('keycloak', roles, more)).roles).toEqual(['writer', 'admin'])
  })

  test('DOCS: ZITADEL gives no scopes and no client', async () => {
    expect(await contextOf('zitadel')).toMatchObject({ scopes: [], client: null })
  })

  test('DOCS: a token of Cognito whose sub is its client is of that client, and groups are roles', async () => {
    expect((await contextOf('cognito')).principal.kind).toBe('service')
    const user = await contextOf('cognito', { sub: 'u-1', 'cognito:groups': ['editors'] })
    expect(user).toMatchObject({ principal: { kind: 'unknown' }, roles: ['editors'] })
  })

  test('DOCS: a Scalekit token of a user needs an audience and allowUnbound alone', async () => {
    const dangerously = { allowUnbound: true } as const
    const options = presets.scalekit('https://acme.scalekit.com', { audience: 'prd_skc_1', dangerously, jwks })
    const claims = {
      sub: 'usr_1',
      client_id: 'prd_skc_1',
      aud: ['prd_skc_1'],
      scope: 'openid',
      sid: 's-1',
      jti: 'tkn_1',
    }
    expect(await refusalWith(options, { typ: undefined, seconds: 300, claims })).toBeUndefined()
  })

  test('DOCS: a Stytch token of a Connected App comes from the project domain', async () => {
    const { issuer: _, ...options } = optionsOf('stytch')
    const apps = presets.stytch(stytchProject, { ...options, domain: 'login.example.com' })
    const claims = { sub: 'user-live-1', aud: [stytchProject], client_id: 'app', scope: 'openid', jti: '1', nbf: now }
    expect(await refusalWith(apps, { typ: undefined, seconds: 3_600, claims })).toBeUndefined()
  })

  test('DOCS: WSO2 tells what the subject is, and not what the actor is', async () => {
    expect((await contextOf('wso2', { aut: 'AGENT' })).principal.kind).toBe('agent')
    const delegated = await contextOf('wso2', { act: { sub: 'agent-1' } })
    expect(delegated).toMatchObject({ principal: { kind: 'human' }, actor: { subject: 'agent-1', kind: 'unknown' } })
  })
})

describe('a dialect of your own', () => {
  const options = { issuer: 'https://as.example.com', dialect: dialectOf('own-dialect'), jwks }
  const claims = {
    sub: 'alice',
    sub_profile: 'user',
    aud: resource,
    app: 'travel-app',
    scp: ['tools:read'],
    use: 'access',
    agent: 'travel-7',
    cnf: { jkt: forge.agent.jkt },
  }

  test('DOCS: the one of the page reads client, scopes and parties where it says', async () => {
    const context = await forge.context(callOf(options, { typ: 'JWT', seconds: 300, claims }))
    expect(context).toMatchObject({
      authority: 'delegated',
      principal: { subject: 'alice', kind: 'human', kindSource: 'dialect' },
      actor: { subject: 'travel-7', kind: 'agent', kindSource: 'dialect' },
      client: { id: 'travel-app' },
      scopes: ['tools:read'],
    })
  })

  test('DOCS: the one of the page refuses another class of token, and waives no binding', async () => {
    const other = { typ: 'JWT', seconds: 300, claims: { ...claims, use: 'id' } }
    const unbound = { typ: 'JWT', seconds: 300, claims: { ...claims, cnf: undefined } }
    expect(await refusalWith(options, other)).toMatchObject({ code: 'token_type' })
    expect(await refusalWith(options, unbound)).toMatchObject({ code: 'binding_missing' })
  })
})
