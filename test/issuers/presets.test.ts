import { createVerifier, type IssuerOptions, OptionsError } from 'onbehalf'
import * as presets from 'onbehalf/issuers'
import {
  auth0,
  cognito,
  entra,
  fusionauth,
  keycloak,
  okta,
  scalekit,
  stytch,
  workos,
  wso2,
  zitadel,
} from 'onbehalf/issuers'
import { describe, expect, test } from 'vitest'
import { createForge } from '../support/forge.ts'

const tenant = '11111111-2222-3333-4444-555555555555'
const realm = 'https://id.example.com/realms/agents'
const project = 'project-live-11111111-2222-3333-4444-555555555555'

type Preset = (options?: presets.PresetOptions) => IssuerOptions

/** Each with good arguments, and what it answers without options. */
const rows: readonly (readonly [name: string, preset: Preset, expected: IssuerOptions])[] = [
  [
    'auth0',
    (options) => auth0('tenant.eu.auth0.com', options),
    { issuer: 'https://tenant.eu.auth0.com/', dialect: 'auth0' },
  ],
  [
    'okta',
    (options) => okta('acme.okta.com', undefined, options),
    { issuer: 'https://acme.okta.com/oauth2/default', dialect: 'okta' },
  ],
  [
    'okta, another authorization server',
    (options) => okta('id.example.com', 'aus9o8wzkhckw9TLa0h7', options),
    { issuer: 'https://id.example.com/oauth2/aus9o8wzkhckw9TLa0h7', dialect: 'okta' },
  ],
  [
    'entra',
    (options) => entra(tenant, options),
    { issuer: `https://login.microsoftonline.com/${tenant}/v2.0`, dialect: 'entra' },
  ],
  [
    'entra, version 1',
    (options) => entra(tenant, { ...options, version: 1 }),
    {
      issuer: `https://sts.windows.net/${tenant}/`,
      jwksUri: `https://login.microsoftonline.com/${tenant}/discovery/keys`,
      dialect: 'entra',
    },
  ],
  ['keycloak', (options) => keycloak(realm, options), { issuer: realm, dialect: 'keycloak' }],
  [
    'zitadel',
    (options) => zitadel('https://acme.zitadel.cloud', options),
    { issuer: 'https://acme.zitadel.cloud', dialect: 'zitadel' },
  ],
  [
    'workos',
    (options) => workos('client_01', options),
    {
      issuer: 'https://api.workos.com/user_management/client_01',
      jwksUri: 'https://api.workos.com/sso/jwks/client_01',
      dialect: 'workos',
    },
  ],
  [
    'workos, Connect',
    (options) => workos('client_01', { ...options, domain: 'acme.authkit.app' }),
    { issuer: 'https://acme.authkit.app', dialect: 'workos' },
  ],
  [
    'cognito',
    (options) => cognito('eu-central-1', 'eu-central-1_AbCdEf123', options),
    {
      issuer: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf123',
      jwksUri: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf123/.well-known/jwks.json',
      dialect: 'cognito',
    },
  ],
  [
    'scalekit',
    (options) => scalekit('https://acme.scalekit.com', options),
    { issuer: 'https://acme.scalekit.com', dialect: 'scalekit' },
  ],
  [
    'stytch',
    (options) => stytch(project, options),
    {
      issuer: `stytch.com/${project}`,
      jwksUri: `https://api.stytch.com/v1/sessions/jwks/${project}`,
      dialect: 'stytch',
    },
  ],
  [
    'stytch, a test project',
    (options) => stytch('project-test-1', options),
    {
      issuer: 'stytch.com/project-test-1',
      jwksUri: 'https://test.stytch.com/v1/sessions/jwks/project-test-1',
      dialect: 'stytch',
    },
  ],
  [
    'stytch, Connected Apps',
    (options) => stytch(project, { ...options, domain: 'login.example.com' }),
    {
      issuer: 'https://login.example.com',
      jwksUri: 'https://login.example.com/.well-known/jwks.json',
      dialect: 'stytch',
    },
  ],
  [
    'fusionauth',
    (options) => fusionauth('https://auth.example.com', 'acme.com', options),
    { issuer: 'acme.com', jwksUri: 'https://auth.example.com/.well-known/jwks.json', dialect: 'fusionauth' },
  ],
  [
    'wso2',
    (options) => wso2('https://is.example.com:9443', options),
    { issuer: 'https://is.example.com:9443/oauth2/token', dialect: 'wso2' },
  ],
  [
    'wso2, Asgardeo',
    (options) => wso2('https://api.asgardeo.io/t/acme', options),
    { issuer: 'https://api.asgardeo.io/t/acme/oauth2/token', dialect: 'wso2' },
  ],
]

const { key } = await createForge()
const jwks = { keys: [{ ...key.publicJwk, kid: 'k1' }] }

describe.each(rows)('%s', (_name, preset, expected) => {
  test('Options: says issuer, keys and dialect, and nothing else', () => {
    expect(preset()).toStrictEqual(expected)
    expect(Object.isFrozen(preset())).toBe(true)
  })

  test('Options: is taken by the verifier, and relaxes nothing', () => {
    const { relaxations, issuers } = createVerifier({
      issuer: preset(),
      resource: 'https://api.example.com',
    }).describe()
    expect(relaxations).toEqual([])
    expect(issuers[0]).toMatchObject({ issuer: expected.issuer, maxTokenSeconds: 300, audience: expect.any(Array) })
  })

  test('Options: the last argument wins, whether it adds or replaces', () => {
    const own = { jwksUri: 'https://keys.example.com/jwks', dialect: 'rfc9068', maxTokenSeconds: 600 } as const
    expect(preset(own)).toEqual({ ...own, issuer: expected.issuer })
    expect(preset({ jwksUri: undefined, dialect: undefined })).toEqual(expected)
  })

  test('Options: static keys leave no place to fetch others from', () => {
    const options = preset({ jwks })
    expect(options).toEqual({ jwks, issuer: expected.issuer, dialect: expected.dialect })
    expect(() => createVerifier({ issuer: options, resource: 'https://api.example.com' })).not.toThrow()
  })

  test('Options: an unknown member is left to the verifier, which refuses it', () => {
    const options = preset({ maxTokenSecond: 600 } as presets.PresetOptions)
    expect(problemsOf(() => createVerifier({ issuer: options, resource: 'https://api.example.com' }))).toEqual([
      'issuer.maxTokenSecond',
    ])
  })
})

test('Options: the table above has every preset', () => {
  const tried = new Set(rows.map(([name]) => name.split(',')[0]))
  expect([...tried].sort()).toEqual(Object.keys(presets).sort())
})

test.each([
  ['auth0.domain', (value: never) => auth0(value)],
  ['okta.domain', (value: never) => okta(value)],
  ['workos.options.domain', (value: never) => workos('client_01', { domain: value })],
  ['stytch.options.domain', (value: never) => stytch(project, { domain: value })],
])('Options: %s must be a host name alone', (path, make) => {
  const wrong = [
    '',
    'https://id.example.com',
    'id.example.com/',
    'id.example.com:443',
    'Id.example.com',
    'a b',
    'a@b',
    7,
    null,
  ]
  expect(wrong.map((value) => problemsOf(() => make(value as never)))).toEqual(wrong.map(() => [path]))
})

test.each([
  ['keycloak.realmUrl', (value: never) => keycloak(value)],
  ['zitadel.url', (value: never) => zitadel(value)],
  ['scalekit.environmentUrl', (value: never) => scalekit(value)],
  ['fusionauth.url', (value: never) => fusionauth(value, 'acme.com')],
  ['wso2.baseUrl', (value: never) => wso2(value)],
])('Options: %s must be an absolute URL without a final slash, a query or a fragment', (path, make) => {
  const good = 'https://id.example.com/realms/agents'
  expect(problemsOf(() => make(good as never))).toEqual([])
  const wrong = [
    '',
    'id.example.com',
    `${good}/`,
    `${good}?a=b`,
    `${good}#a`,
    'ftp://a/realms/b',
    'https:///a',
    7,
    undefined,
  ]
  expect(wrong.map((value) => problemsOf(() => make(value as never)))).toEqual(wrong.map(() => [path]))
})

test.each([
  ['okta.authorizationServer', (value: never) => okta('acme.okta.com', value)],
  ['workos.clientId', (value: never) => workos(value)],
  ['cognito.region', (value: never) => cognito(value, 'eu-central-1_AbCdEf123')],
  ['cognito.userPoolId', (value: never) => cognito('eu-central-1', value)],
])('Options: %s must be one segment of a path', (path, make) => {
  const wrong = ['', 'a/b', '..', 'a?b', 'a b', 7, null]
  expect(wrong.map((value) => problemsOf(() => make(value as never)))).toEqual(wrong.map(() => [path]))
})

test.each(['common', 'organizations', 'consumers', 'Common'])(
  'Options: entra refuses %s and names the resolver',
  (name) => {
    const [problem] = errorOf(() => entra(name))?.problems ?? []
    expect(problem?.path).toBe('entra.tenantId')
    expect(problem?.message).toContain('IssuerResolver')
  },
)

test('Options: entra takes the id of a tenant alone, and versions 1 and 2', () => {
  const wrong = ['contoso.onmicrosoft.com', tenant.replaceAll('-', ''), `${tenant}/`, '{tenantid}', '', 7]
  expect(wrong.map((value) => problemsOf(() => entra(value as never)))).toEqual(wrong.map(() => ['entra.tenantId']))
  expect(problemsOf(() => entra(tenant, { version: 3 as never }))).toEqual(['entra.options.version'])
})

test('Options: keycloak wants the URL of a realm, wso2 the one above the token endpoint', () => {
  expect(problemsOf(() => keycloak('https://id.example.com'))).toEqual(['keycloak.realmUrl'])
  expect(problemsOf(() => keycloak(`${realm}/protocol`))).toEqual(['keycloak.realmUrl'])
  expect(problemsOf(() => wso2('https://is.example.com:9443/oauth2/token'))).toEqual(['wso2.baseUrl'])
})

test('Options: cognito wants a pool of the region, stytch a project id, fusionauth an issuer', () => {
  expect(problemsOf(() => cognito('us-east-1', 'eu-central-1_AbCdEf123'))).toEqual(['cognito.userPoolId'])
  expect(problemsOf(() => stytch('project-dev-1'))).toEqual(['stytch.projectId'])
  expect(problemsOf(() => fusionauth('https://auth.example.com', undefined as never))).toEqual(['fusionauth.issuer'])
})

test('Options: every problem of a preset is named at once', () => {
  const make = () => cognito('eu/central', '', { issuer: 'https://other.example.com' } as presets.PresetOptions)
  expect(problemsOf(make)).toEqual(['cognito.region', 'cognito.userPoolId', 'cognito.options.issuer'])
})

test.each([
  ['null', null],
  ['a text', 'text'],
  ['a list', []],
  ['an instance of a class', new URL(realm)],
])('Options: the last argument must be a plain object, not %s', (_what, value) => {
  for (const [name, preset] of rows) {
    if (!name.includes(',')) expect(problemsOf(() => preset(value as never))).toEqual([`${name}.options`])
  }
})

describe('keycloak with realmRoles', () => {
  const { dialect } = keycloak(realm, { realmRoles: true })
  const rolesIn = (claims: Record<string, unknown>) =>
    typeof dialect === 'object' ? dialect.roles?.(claims, ['api']) : undefined

  test('Options: is the dialect of Keycloak with the roles of the realm', () => {
    expect(dialect).toMatchObject({ name: 'keycloak' })
    expect(rolesIn({ realm_access: { roles: ['admin', 'admin'] } })).toEqual(['admin'])
    const unfit = [{}, { realm_access: null }, { realm_access: { roles: 'admin' } }, { realm_access: { roles: [7] } }]
    expect(unfit.map(rolesIn)).toEqual(unfit.map(() => []))
  })

  test('Options: keeps the roles of the audience, and those of no other client', () => {
    const access = { api: { roles: ['writer', 'admin'] }, other: { roles: ['owner'] } }
    expect(rolesIn({ resource_access: access, realm_access: { roles: ['admin'] } })).toEqual(['writer', 'admin'])
  })

  test('Options: false is the dialect by name, and true excludes another dialect', () => {
    expect(keycloak(realm, { realmRoles: false })).toStrictEqual({ issuer: realm, dialect: 'keycloak' })
    const make = () => keycloak(realm, { realmRoles: true, dialect: 'rfc9068' })
    expect(problemsOf(make)).toEqual(['keycloak.options.realmRoles'])
    expect(problemsOf(() => keycloak(realm, { realmRoles: 'yes' as never }))).toEqual(['keycloak.options.realmRoles'])
  })
})

function errorOf(make: () => unknown): OptionsError | undefined {
  try {
    make()
    return undefined
  } catch (error) {
    if (error instanceof OptionsError) return error
    throw error
  }
}

function problemsOf(make: () => unknown): readonly string[] {
  return errorOf(make)?.problems.map(({ path }) => path) ?? []
}
