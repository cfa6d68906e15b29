import { compileFunction } from 'node:vm'
import { createVerifier, type Dialect, type IssuerOptions, type Refusal } from 'onbehalf'
import * as presets from 'onbehalf/issuers'
import { describe, expect, test } from 'vitest'
import { readBlocks, readDocument, tableAfter } from '../package/documents.ts'
import { createForge } from '../support/forge.ts'
import type { Members } from '../support/jws.ts'
import { refusalIn } from '../support/kit.ts'

/**
 * What docs/issuers.md says, held against tokens as a default tenant writes them: they are admitted with the options of the
 * page, and with no fewer.
 */

const page = readDocument('docs/issuers.md')
const resource = 'https://api.example.com'
const forge = await createForge({ algorithm: 'RS256' })
const jwks = { keys: [{ ...forge.key.publicJwk, kid: 'k1', alg: 'RS256', use: 'sig' }] }
const now = Math.floor(forge.clock.now() / 1_000)

/** Header and claims as the default tenant of the page's snippet writes them; `iss`, `iat` and `exp` follow. */
interface Sample {
  readonly title: string
  readonly typ: string | undefined
  readonly seconds: number
  readonly claims: Members
}

const tenant = '11111111-2222-3333-4444-555555555555'
const workosClient = 'client_01JP8BD0CZ401TDF9X54NT5ZEK'
const stytchProject = `project-live-${tenant}`
const wso2Client = '7KafXIoqkfzS6TugWBBtby9A7FYa'
const application = 'e9fdb985-9173-4e01-9d73-ac2d60d1dc8e'

const samples: Readonly<Record<string, Sample>> = {
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
      cnf: { jkt: forge.agent.jkt },
    },
  },
}

const products = Object.entries(samples).map(([name, sample]) => ({ name, ...sample, options: optionsOf(name) }))

describe.each(products)('$title', ({ name, title, options, ...sample }) => {
  const needed = neededBy(options)

  test('DOCS: its default token is admitted with the options of the page', async () => {
    expect(await refusalWith(options, sample)).toBeUndefined()
  })

  test('DOCS: it is refused by the preset alone', async () => {
    const alone = needed.reduce(without, options)
    const hint = (await refusalWith(alone, sample))?.facts.hint
    expect(needed.map(lastOf)).toContain(lastOf(hint))
  })

  test('DOCS: without any one of the options it is refused, and the hint names that one', async () => {
    for (const path of needed) {
      const refusal = await refusalWith(without(options, path), sample)
      expect([path, lastOf(refusal?.facts.hint)]).toEqual([path, lastOf(path)])
    }
  })

  test('DOCS: the table names these options, and the section has the snippet', () => {
    const row = tableAfter('docs/issuers.md', '## What each product sends').find(([cell]) =>
      cell?.includes(`[${title}]`),
    )
    expect(row?.[3]?.split(', ').sort()).toEqual(needed.map(lastOf).sort())
    expect(sectionOf(title)).toContain(`\`\`\`ts ${name}.ts`)
  })
})

test('DOCS: every preset has a section, a row and a default token', () => {
  expect(
    Object.keys(samples)
      .filter((name) => name !== 'oidc-provider')
      .sort(),
  ).toEqual(Object.keys(presets).sort())
  expect(tableAfter('docs/issuers.md', '## What each product sends')).toHaveLength(products.length)
})

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
  if (entra === undefined) throw new Error('no sample of Entra')
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
  if (cognito === undefined || stytch === undefined) throw new Error('a sample is missing')
  const id = { ...cognito, claims: { ...cognito.claims, token_use: 'id' } }
  const session = { 'https://stytch.com/session': { id: 's-1' }, sub: 'user-live-1', scope: undefined }
  expect(await refusalWith(optionsOf('cognito'), id)).toMatchObject({ code: 'token_type' })
  expect(await refusalWith(optionsOf('stytch'), { ...stytch, claims: { ...stytch.claims, ...session } })).toMatchObject(
    {
      code: 'token_type',
    },
  )
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

/** The issuer of the page's snippet, with the keys of the test in place of fetched ones. */
function optionsOf(name: string): IssuerOptions {
  const [, call = ''] = /^const issuer = ([\s\S]*?)\nexport const verifier/m.exec(snippet(name)) ?? []
  const made = compileFunction(`return ${call}`, Object.keys(presets))(...Object.values(presets)) as IssuerOptions
  return { ...made, jwksUri: undefined, jwks }
}

function dialectOf(name: string): Dialect {
  const [, literal = ''] = /^const acme: Dialect = (\{[\s\S]*?^\})/m.exec(snippet(name)) ?? []
  return compileFunction(`return ${literal}`)() as Dialect
}

function snippet(name: string): string {
  const block = readBlocks(page).find(({ file }) => file === `${name}.ts`)
  if (block === undefined) throw new Error(`the page has no snippet ${name}.ts`)
  return block.text
}

function sectionOf(title: string): string {
  return page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? ''
}

type Body = Pick<Sample, 'typ' | 'seconds' | 'claims'>

async function refusalWith(options: IssuerOptions, sample: Body): Promise<Refusal | undefined> {
  const verdict = await forge.call(callOf(options, sample))
  return verdict.ok ? undefined : refusalIn(verdict)
}

function callOf(issuer: IssuerOptions, { typ, seconds, claims }: Body): Parameters<typeof forge.call>[0] {
  const payload = { iss: issuer.issuer, iat: now, exp: now + seconds, ...claims }
  const token = forge.raw(forge.header({ typ, alg: 'RS256' }), payload)
  const verifier = createVerifier({ issuer, resource, clock: forge.clock })
  const url = `${resource}/tools`
  return claims['cnf'] === undefined
    ? { token, verifier, url, scheme: 'Bearer', proof: null }
    : { token, verifier, url }
}

/** Paths of the options on the page that relax a check or name another audience. */
function neededBy({ audience, maxTokenSeconds, dangerously = {} }: IssuerOptions): readonly string[] {
  return [
    ...(audience === undefined ? [] : ['audience']),
    ...(maxTokenSeconds === undefined ? [] : ['maxTokenSeconds']),
    ...Object.keys(dangerously).map((name) => `dangerously.${name}`),
  ]
}

function without(options: IssuerOptions, path: string): IssuerOptions {
  const name = lastOf(path)
  return name === path
    ? { ...options, [path]: undefined }
    : { ...options, dangerously: { ...options.dangerously, [name]: undefined } }
}

function lastOf(path: string | undefined): string {
  return path?.split('.').at(-1) ?? ''
}
