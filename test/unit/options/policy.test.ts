import { createVerifier, memoryReplayStore, OptionsError, type VerifierOptions } from 'onbehalf'
import { createTestIssuer, type TestIssuer } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'

let issuer: TestIssuer
beforeAll(async () => {
  issuer = await createTestIssuer({ resource: 'https://api.example.test' })
})

const secret = 'x'.repeat(32)

/** A good configuration with one setting replaced: `issuer.` stands for the members of the one issuer. */
function withSetting(path: string, value: unknown): VerifierOptions {
  const options: Record<string, unknown> = {
    issuer: { ...issuer.options },
    resource: issuer.resource,
    dpop: {},
    mtls: {},
  }
  let at = options
  const names = path.split('.')
  for (const name of names.slice(0, -1)) {
    at[name] = { ...(at[name] as object) }
    at = at[name] as Record<string, unknown>
  }
  at[names.at(-1) as string] = value
  if (path.startsWith('dpop.nonce.') && path !== 'dpop.nonce.secret') at['secret'] = secret
  return options as unknown as VerifierOptions
}

function pathsOf(options: unknown): string[] {
  try {
    createVerifier(options as VerifierOptions)
  } catch (error) {
    if (error instanceof OptionsError) return error.problems.map(({ path }) => path)
    throw error
  }
  return []
}

describe('whole numbers within bounds', () => {
  const bounds: readonly (readonly [path: string, least: number, most: number])[] = [
    ['token.clockToleranceSeconds', 0, 300],
    ['token.maxBytes', 256, 1_048_576],
    ['delegation.maxDepth', 1, 100],
    ['cache.tokens', 1, 10_000_000],
    ['cache.tokenSeconds', 0, 3_600],
    ['cache.proofKeys', 1, 10_000_000],
    ['dpop.maxAgeSeconds', 1, 3_600],
    ['dpop.futureSeconds', 0, 3_600],
    ['dpop.maxBytes', 256, 1_048_576],
    ['dpop.nonce.seconds', 10, 86_400],
    ['issuer.maxTokenSeconds', 1, 31_536_000],
    ['issuer.keys.freshSeconds', 1, 86_400],
    ['issuer.keys.staleSeconds', 0, 604_800],
    ['issuer.keys.timeoutMs', 1, 60_000],
    ['access.maxDepth', 0, 100],
    ['access.maxAuthAgeSeconds', 0, 31_536_000],
  ]

  test.each(bounds)('Options: %s goes from %d to %d', (path, least, most) => {
    // A cache allocates what it may hold: its upper bound is left to the reader of the message.
    const highest = path.startsWith('cache.') ? least + 1 : most
    for (const value of [least, highest, undefined])
      expect([value, pathsOf(withSetting(path, value))]).toEqual([value, []])
    const wrong = [least - 1, most + 1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1]
    for (const value of [...wrong, least + 0.5, String(least), '', null, true, BigInt(least), [least], {}]) {
      expect([value, pathsOf(withSetting(path, value))]).toEqual([value, [path]])
    }
  })
})

describe('values of another kind', () => {
  const wrong: readonly (readonly [path: string, values: readonly unknown[], at?: string])[] = [
    ['issuer', [undefined, '', null, 7, [], true]],
    ['issuer', ['not a url', 'http://as.example.test', 'ftp://as.example.test', 'https://u:p@as.example.test']],
    ['issuer.issuer', [undefined, '', null, 7, []]],
    ['issuer.jwks', [null, {}, { keys: [] }, { keys: [{ kty: 'oct', k: 'AAAA' }] }, [], 'jwks']],
    ['issuer.jwksUri', ['', 'jwks', 'http://as.example.test/jwks', 7, 'https://as.example.test/jwks#a']],
    ['issuer.jwksUri', ['https://as.example.test/jwks']],
    ['issuer.keys', [null, [], 7, 'x']],
    ['issuer.audience', ['', [], 7, null, {}]],
    ['issuer.audience', [['']], 'issuer.audience[0]'],
    ['issuer.algorithms', [[], 'ES256', null, {}]],
    ['issuer.algorithms', [['none'], ['HS256'], ['es256'], [''], [undefined]], 'issuer.algorithms[0]'],
    ['issuer.actorIssuers', ['', 'all', true, null, {}, []]],
    ['issuer.agentClients', [[], 'travel-7', null]],
    ['issuer.agentClients', [[''], [7], [null], [[]]], 'issuer.agentClients[0]'],
    [
      'issuer.agentClients',
      [[{ actsFor: 'users' }], [{ client: '', actsFor: 'users' }]],
      'issuer.agentClients[0].client',
    ],
    [
      'issuer.agentClients',
      [[{ client: 'a' }], [{ client: 'a', actsFor: 'both' }], [{ client: 'a', actsFor: undefined }]],
      'issuer.agentClients[0].actsFor',
    ],
    ['issuer.agentClients', [[{ client: 'a', actsFor: 'users', unknown: 1 }]], 'issuer.agentClients[0].unknown'],
    [
      'issuer.agentClients',
      [
        ['a', { client: 'a', actsFor: 'users' }],
        ['a', 'a'],
      ],
      'issuer.agentClients[1]',
    ],
    ['issuer.optionalClaims', [[], 'jti', null, {}]],
    ['issuer.optionalClaims', [['sub'], ['exp'], ['aud'], ['iss'], ['JTI'], [undefined]], 'issuer.optionalClaims[0]'],
    ['issuer.actorClaims', ['', 'client_id', true, null, ['sub']]],
    ['issuer.dpopSchemeForMtls', ['yes', 1, null]],
    ['issuer.dangerously', [true, null, []]],
    ['issuer.dangerously.allowUnbound', [false, 'true', 1, null]],
    ['issuer.dangerously.allowMissingAudience', [true, null, []]],
    ['issuer.dangerously.allowMissingAudience', [{}], 'issuer.dangerously.allowMissingAudience.clients'],
    ['issuer.dangerously.allowMissingAudience.clients', [[], 'travel-7', null]],
    ['issuer.issuer', ['https://login.example.test/{tenantid}/v2.0', 'https://*.example.test', 'urn:{tenant}']],
    ['issuer.issuer', ['https://login.microsoftonline.com/common/v2.0', 'https://sts.windows.net/organizations/']],
    ['issuer', ['https://login.microsoftonline.com/Common', 'https://login.microsoftonline.us/organizations/v2.0']],
    ['issuer', ['https://login.microsoftonline.com/consumers/v2.0']],
    ['dangerously', [true, null, [], 'http']],
    ['dangerously.allowHttp', [true, null, 'as', [], new Set(['as'])]],
    [
      'dangerously.allowHttp',
      [
        [''],
        [7],
        ['*'],
        ['*.test'],
        ['AS'],
        ['as:8080'],
        ['http://as'],
        ['as/'],
        ['[::1'],
        ['0x7f.1'],
        ['a b'],
        [undefined],
      ],
      'dangerously.allowHttp[0]',
    ],
    ['resource', [undefined, '', null, 7, 'api', 'http://api.example.test', 'https://api.example.test/#a']],
    ['resource', ['https://user:secret@api.example.test', 'file:///etc', '//api.example.test']],
    ['audience', ['', [], 7, null, {}]],
    ['audience', [['https://api.example.test', '']], 'audience[1]'],
    ['publicUrl', ['', [], 7, null, 'api', 'http://api.example.test', 'https://api.example.test?a']],
    ['publicUrl', ['https://api.example.test#a', 'https://api.example.test/a b', 'https://u:p@api.example.test']],
    ['dpop', [true, null, [], 'on', 7]],
    ['dpop.algorithms', [[], 'ES256', null]],
    ['dpop.algorithms', [['none'], ['HS256'], ['ES256K'], [7]], 'dpop.algorithms[0]'],
    ['dpop.nonce', [true, null, secret, []]],
    ['dpop.nonce', [{}], 'dpop.nonce.secret'],
    ['dpop.nonce.secret', [[]]],
    ['dpop.nonce.secret', [secret.slice(1), '', new Uint8Array(31), 7, null, {}], 'dpop.nonce.secret[0]'],
    ['dpop.nonce.secret', [[secret, 'short']], 'dpop.nonce.secret[1]'],
    ['dpop.nonce.mode', ['', 'always', true, null]],
    ['dpop.freshness', ['', 'jti', 'nonce', 'both', null]],
    ['dpop.replay', [{}, null, () => 'fresh', { add: true }, 'redis://']],
    ['dpop.htu', ['', 'loose', true, null]],
    ['dpop.preset', ['', 'fapi', true, null]],
    ['mtls', [true, null, [], 'socket']],
    ['token', [true, null, [], 7]],
    ['delegation', [true, null, [], 7]],
    ['delegation.requireOwner', ['', 'true', 1, 0, null, {}]],
    ['delegation.directory', ['', {}, [], null, true, { lookup: () => undefined }]],
    ['cache', [true, false, null, [], 7]],
    ['access', [true, null, [], 7]],
    ['revocation', [{}, null, () => false, { isRevoked: false }]],
    ['audit', [{}, null, { write: true }, [], 'stdout', { write: () => {}, close: true }]],
    ['audit', [[{ write: () => {} }, {}]], 'audit[1]'],
    [
      'audit',
      [
        { sink: () => {}, required: false },
        { sink: () => {}, required: 1 },
      ],
      'audit.required',
    ],
    ['audit', [[() => {}, { sink: () => {}, required: false }]], 'audit[1].required'],
    ['hookTimeoutMs', [0, -1, 60_001, 1.5, Number.NaN, '5', null]],
    [
      'audit',
      [
        { sink: {}, required: true },
        { sink: undefined, required: true },
      ],
      'audit.sink',
    ],
    ['metadata', ['', 'yes', 7, null, []]],
    ['metadata', [{ resource: 'https://other.example.test' }], 'metadata.resource'],
    ['metadata', [{ authorization_servers: [] }], 'metadata.authorization_servers'],
    ['problemCodes', ['yes', 1, null]],
    ['clock', [0, null, {}, { now: () => 0 }, { now: 0, monotonic: 0 }]],
    ['fetch', [true, null, {}]],
  ]

  const rows = wrong.map(([path, values, at = path]) => ({ path, values, at }))
  test.each(rows)('Options: $path refuses $values', ({ path, values, at }) => {
    for (const value of values) {
      // What follows from a wrong value may be named as well, but nothing instead of it.
      expect([value, pathsOf(withSetting(path, value))]).toEqual([value, expect.arrayContaining([at])])
    }
  })

  test.each([
    ['options', undefined],
    ['options', null],
    ['options', 'https://as.example.test'],
    ['options', []],
  ])('Options: %s themselves may not be %j', (path, options) => {
    expect(pathsOf(options)).toContain(path)
  })
})

describe('unknown keys', () => {
  test.each([
    'unknown',
    'issuer.unknown',
    'issuer.ignoreCnf',
    'dangerously.unknown',
    'dangerously.allowUnbound',
    'issuer.keys.unknown',
    'issuer.dangerously.unknown',
    'issuer.dangerously.allowMissingAudience.unknown',
    'dpop.unknown',
    'dpop.nonce.unknown',
    'mtls.unknown',
    'mtls.certificate.unknown',
    'mtls.certificate.header.unknown',
    'mtls.certificate.header.verified.unknown',
    'token.unknown',
    'delegation.unknown',
    'cache.unknown',
    'access.unknown',
    'access.actor.unknown',
    'access.principal.unknown',
    'access.details.unknown',
    'access.where.unknown',
  ])('Options: %s is named, whatever its value', (path) => {
    for (const value of [1, false, null, undefined]) expect(pathsOf(withSetting(path, value))).toContain(path)
  })
})

test('Options: beside a required sink nothing else is known', () => {
  const audit = { sink: { write: () => {} }, required: true, unknown: 1 }
  expect(pathsOf(withSetting('audit', audit))).toEqual(['audit.unknown'])
})

describe('settings that contradict each other', () => {
  test('Options: dpop and mtls both off, and nothing allowed unbound', () => {
    const off = { issuer: issuer.options, resource: issuer.resource, dpop: false, mtls: false }
    expect(pathsOf(off)).not.toEqual([])
    const unbound = { ...issuer.options, dangerously: { allowUnbound: true } }
    expect(pathsOf({ ...off, issuer: unbound })).toEqual([])
    for (const one of [{ dpop: false }, { mtls: false }]) {
      expect(pathsOf({ issuer: issuer.options, resource: issuer.resource, ...one })).toEqual([])
    }
  })

  test('Options: one issuer twice, and keys from two places', () => {
    const twice = [issuer.options, { ...issuer.options }]
    expect(pathsOf({ issuer: twice, resource: issuer.resource })).toEqual(['issuer[1]'])
    const both = { ...issuer.options, jwksUri: 'https://as.example.test/jwks' }
    expect(pathsOf({ issuer: [both], resource: issuer.resource })).toEqual(['issuer[0].jwksUri'])
  })

  test('Options: RS256 beside preset fapi2, and a nonce as measure without nonces', () => {
    const base = { issuer: issuer.options, resource: issuer.resource }
    expect(pathsOf({ ...base, dpop: { preset: 'fapi2', algorithms: ['RS256'] } })).toEqual(['dpop.algorithms'])
    expect(pathsOf({ ...base, dpop: { freshness: 'nonce' } })).toEqual(['dpop.freshness'])
    expect(pathsOf({ ...base, dpop: { freshness: 'nonce', nonce: { secret } } })).toEqual([])
  })

  test.each(['iat', 'nonce', 'both'])(
    'Options: freshness %s beside nonces on skew, which have a rule of their own',
    (freshness) => {
      const base = { issuer: issuer.options, resource: issuer.resource }
      const nonce = { secret, mode: 'on-skew' }
      expect(pathsOf({ ...base, dpop: { freshness, nonce } })).toEqual(['dpop.freshness'])
      expect(pathsOf({ ...base, dpop: { freshness: undefined, nonce } })).toEqual([])
    },
  )
})

test('Options: every wrong option is named in one error', () => {
  const paths = pathsOf({
    issuer: [{ issuer: '', algorithms: ['none'], keys: { timeoutMs: Number.NaN } }, 'http://as.example.test'],
    resource: 'api',
    dpop: { maxAgeSeconds: -1, nonce: { secret: 'short' }, extra: 1 },
    token: { maxBytes: Number.POSITIVE_INFINITY },
    access: { scopes: ['a b'], actor: {}, where: { name: '' } },
    audit: { write: 1 },
    clok: () => 0,
  })
  expect(new Set(paths)).toEqual(
    new Set([
      'issuer[0].issuer',
      'issuer[0].algorithms[0]',
      'issuer[0].keys.timeoutMs',
      'issuer[1]',
      'resource',
      'dpop.maxAgeSeconds',
      'dpop.nonce.secret[0]',
      'dpop.extra',
      'token.maxBytes',
      'access.scopes[0]',
      'access.actor',
      'access.where.name',
      'access.where.test',
      'audit',
      'clok',
    ]),
  )
})

test('Options: no message of the error repeats a secret', () => {
  const short = 'correct-horse-battery'
  expect(() => createVerifier(withSetting('dpop.nonce.secret', short))).toThrow(OptionsError)
  try {
    createVerifier(withSetting('dpop.nonce.secret', short))
  } catch (error) {
    expect(String(error)).not.toContain(short)
  }
})

test('Options: undefined is absent, at every level', () => {
  const names = ['audience', 'publicUrl', 'dpop', 'mtls', 'token', 'delegation', 'access', 'cache', 'revocation']
  const more = [
    'audit',
    'metadata',
    'hookTimeoutMs',
    'problemCodes',
    'clock',
    'fetch',
    'dpop.nonce',
    'dpop.replay',
    'dpop.preset',
  ]
  const inIssuer = [
    'jwksUri',
    'keys',
    'audience',
    'algorithms',
    'actorIssuers',
    'agentClients',
    'optionalClaims',
    'actorClaims',
  ]
  for (const path of [...names, ...more, ...inIssuer.map((name) => `issuer.${name}`), 'issuer.dangerously']) {
    expect([path, pathsOf(withSetting(path, undefined))]).toEqual([path, []])
  }
})

test('Options: http is for loopback hosts, for whatever is served or fetched', () => {
  for (const host of ['127.0.0.1:3000', 'localhost:3000', '[::1]:3000', '127.9.9.9']) {
    const url = `http://${host}`
    expect([host, pathsOf({ issuer: url, resource: url, publicUrl: [`${url}/`] })]).toEqual([host, []])
  }
  for (const host of ['127.0.0.1.example.test', 'localhost.example.test', '10.0.0.1', '[::2]', '128.0.0.1']) {
    expect([host, pathsOf({ issuer: issuer.options, resource: `http://${host}` })]).toEqual([host, ['resource']])
  }
})

test('Options: an issuer of one tenant is an issuer, also with a tenant of that name elsewhere', () => {
  for (const url of [
    'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0',
    'https://as.example.test/common',
    'https://login.microsoftonline.com.example.test/common/v2.0',
    'https://login.microsoftonline.com/commonwealth',
  ]) {
    expect([url, pathsOf({ issuer: url, resource: issuer.resource })]).toEqual([url, []])
  }
})

describe('dangerously.allowHttp', () => {
  const hosts = ['as', 'api.internal', '10.0.0.1', '[fd00::1]']
  const dangerously = { allowHttp: hosts }

  test('Options: the hosts named there may be http, wherever the options name a URL', () => {
    for (const host of hosts) {
      const url = `http://${host}:8080/a`
      const options = { issuer: url, resource: url, publicUrl: [url], dangerously }
      expect([host, pathsOf(options)]).toEqual([host, []])
      const withUri = { issuer: 'https://as.example.test', jwksUri: url }
      expect([host, pathsOf({ issuer: withUri, resource: issuer.resource, dangerously })]).toEqual([host, []])
    }
  })

  test('Options: exactly those hosts, and http alone', () => {
    for (const url of ['http://bs', 'http://as.test', 'http://x.as', 'http://api', 'http://10.0.0.2', 'ftp://as']) {
      expect([url, pathsOf({ issuer: issuer.options, resource: url, dangerously })]).toEqual([url, ['resource']])
      expect([url, pathsOf({ issuer: url, resource: issuer.resource, dangerously })]).toEqual([url, ['issuer']])
    }
  })

  test('Describe: it is a relaxation', () => {
    const verifier = createVerifier({ issuer: issuer.options, resource: issuer.resource, dangerously })
    expect(verifier.describe().relaxations).toEqual(['dangerously.allowHttp'])
  })
})

test('RFC 3986 §6.2.3: the default audience of a resource without a path is both of its spellings, no other has two', () => {
  const audienceFor = (options: object) =>
    createVerifier({ issuer: issuer.options, resource: 'https://api.example.test', ...options }).describe().issuers[0]
      ?.audience
  const both = ['https://api.example.test', 'https://api.example.test/']
  expect(audienceFor({})).toEqual(both)
  expect(audienceFor({ resource: 'https://api.example.test/' })).toEqual(both.toReversed())
  expect(audienceFor({ resource: 'http://localhost:3000' })).toEqual([
    'http://localhost:3000',
    'http://localhost:3000/',
  ])
  for (const resource of [
    'https://api.example.test/v1',
    'https://api.example.test/v1/',
    'https://api.example.test/?a',
  ]) {
    expect(audienceFor({ resource })).toEqual([resource])
  }
  expect(audienceFor({ audience: 'https://api.example.test' })).toEqual(['https://api.example.test'])
  expect(audienceFor({ issuer: { ...issuer.options, audience: 'https://api.example.test/' } })).toEqual([
    'https://api.example.test/',
  ])
})

describe('memoryReplayStore', () => {
  test.each([
    [{ capacity: 0 }, 'capacity'],
    [{ capacity: 1.5 }, 'capacity'],
    [{ capacity: Number.NaN }, 'capacity'],
    [{ capacity: Number.POSITIVE_INFINITY }, 'capacity'],
    [{ quota: 0 }, 'quota'],
    [{ quota: 1.01 }, 'quota'],
    [{ quota: Number.NaN }, 'quota'],
    [{ quota: '0.1' }, 'quota'],
    [{ quota: null }, 'quota'],
    [{ clock: () => 0 }, 'clock'],
    [{ clock: { now: () => 0 } }, 'clock'],
    [{ retentionSeconds: 60 }, 'retentionSeconds'],
  ])('Options: memoryReplayStore refuses %j', (options, name) => {
    let thrown: unknown
    try {
      memoryReplayStore(options as object)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(OptionsError)
    expect((thrown as OptionsError).problems.map(({ path }) => path)).toEqual([`memoryReplayStore.${name}`])
  })

  test('Options: memoryReplayStore takes its bounds and the defaults', () => {
    expect(memoryReplayStore().capacity).toBe(1_000_000)
    expect(memoryReplayStore({ capacity: undefined, quota: undefined, clock: undefined }).capacity).toBe(1_000_000)
    expect(memoryReplayStore({ capacity: 1, quota: 1 }).capacity).toBe(1)
  })
})
