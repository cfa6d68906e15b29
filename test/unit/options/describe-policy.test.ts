import { createVerifier, memoryReplayStore, type VerifierOptions } from 'onbehalf'
import { createTestIssuer, type TestIssuer } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'

const resource = 'https://api.example.test'
const secret = 'a-secret-that-must-never-be-printed-anywhere'
let issuer: TestIssuer
beforeAll(async () => {
  issuer = await createTestIssuer({ resource })
})

function describeWith(more: Partial<VerifierOptions> = {}) {
  return createVerifier({ issuer: issuer.options, resource, ...more }).describe()
}

describe('describe()', () => {
  test('Describe: the defaults, as data', () => {
    const description = describeWith()
    expect(JSON.parse(JSON.stringify(description))).toEqual(description)
    expect(description).toMatchObject({
      resource,
      publicUrls: [resource],
      issuers: [
        {
          issuer: issuer.issuer,
          keys: 'static',
          audience: [resource, `${resource}/`],
          algorithms: ['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256', 'RS256'],
          maxTokenSeconds: 300,
          actorIssuers: 'own',
        },
      ],
      schemes: ['Bearer', 'DPoP'],
      dpop: {
        algorithms: ['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256'],
        maxAgeSeconds: 60,
        futureSeconds: 10,
        maxBytes: 4_096,
        freshness: 'iat',
        nonce: false,
        htu: 'rfc9449',
      },
      mtls: { certificate: 'socket' },
      token: { clockToleranceSeconds: 5, maxBytes: 8_192 },
      delegation: { maxDepth: 5, requireOwner: false, directory: false },
      cache: { tokens: 10_000, tokenSeconds: 60, proofKeys: 10_000 },
      metadata: `${resource}/.well-known/oauth-protected-resource`,
      relaxations: [],
    })
  })

  test('Describe: it tells whether owners are required and a directory is asked', () => {
    const delegation = { requireOwner: true, directory: () => undefined }
    expect(describeWith({ delegation }).delegation).toEqual({ maxDepth: 5, requireOwner: true, directory: true })
  })

  test('Describe: no secret is in it', () => {
    const nonce = { secret: [secret, new TextEncoder().encode(`other-${secret}`)] }
    const text = JSON.stringify(describeWith({ dpop: { nonce } }))
    expect(text).not.toContain(secret)
    expect(text).not.toContain(JSON.stringify([...new TextEncoder().encode(secret)]).slice(1, -1))
    expect(text).not.toContain(Buffer.from(secret).toString('base64url'))
    expect(JSON.parse(text).dpop.nonce).toEqual({ seconds: 300, mode: 'required' })
  })

  test.each<[string, Partial<VerifierOptions>, object]>([
    ['the default memory', {}, { scope: 'process', windowSeconds: 70, capacity: 1_000_000, requestsPerSecond: 12_500 }],
    [
      'a small memory',
      { dpop: { replay: memoryReplayStore({ capacity: 800 }) } },
      { store: 'memory', capacity: 800, requestsPerSecond: 10 },
    ],
    ['preset mcp', { dpop: { preset: 'mcp' } }, { windowSeconds: 600, requestsPerSecond: 1_639 }],
    [
      'nonces as the only measure',
      { dpop: { freshness: 'nonce', nonce: { secret, seconds: 100 } } },
      { windowSeconds: 100, requestsPerSecond: 9_090 },
    ],
    [
      'nonces on skew that last longer than an iat',
      { dpop: { nonce: { secret, seconds: 300, mode: 'on-skew' } } },
      { windowSeconds: 300 },
    ],
    [
      'nonces on skew that end sooner than an iat',
      { dpop: { nonce: { secret, seconds: 10, mode: 'on-skew' } } },
      { windowSeconds: 70 },
    ],
    [
      'a store of one’s own',
      { dpop: { replay: { add: () => 'fresh' } } },
      { store: 'custom', scope: 'store', capacity: null, requestsPerSecond: null },
    ],
  ])('Describe: what the replay memory can remember, with %s', (_name, more, replay) => {
    expect(describeWith(more).dpop).toMatchObject({ replay })
  })

  test('Describe: where the keys of each issuer come from', () => {
    const remote = { issuer: 'https://a.example.test', jwksUri: 'https://a.example.test/jwks' }
    const description = describeWith({ issuer: [issuer.options, remote, 'https://b.example.test'] })
    expect(description.issuers.map(({ keys }) => keys)).toEqual(['static', 'jwksUri', 'discovery'])
  })

  test('Describe: with nonces on skew, how freshness is judged, and nothing more than that is relaxed', () => {
    const description = describeWith({ dpop: { nonce: { secret, mode: 'on-skew' } } })
    expect(description.dpop).toMatchObject({ freshness: 'on-skew', nonce: { seconds: 300, mode: 'on-skew' } })
    expect(description.relaxations).toEqual(['dpop.nonce.mode'])
  })

  test('Describe: what is off is said to be off', () => {
    expect(describeWith({ dpop: false, metadata: false })).toMatchObject({
      dpop: false,
      metadata: null,
      schemes: ['Bearer'],
    })
    expect(describeWith({ mtls: false })).toMatchObject({ mtls: false, schemes: ['DPoP'] })
  })

  test.each<[path: string, Partial<VerifierOptions>]>([
    ['token.clockToleranceSeconds', { token: { clockToleranceSeconds: 6 } }],
    ['dpop.maxAgeSeconds', { dpop: { maxAgeSeconds: 61 } }],
    ['dpop.maxAgeSeconds', { dpop: { preset: 'mcp' } }],
    ['dpop.futureSeconds', { dpop: { futureSeconds: 11 } }],
    ['dpop.algorithms', { dpop: { algorithms: ['ES256', 'RS256'] } }],
    ['dpop.freshness', { dpop: { freshness: 'nonce', nonce: { secret } } }],
    ['dpop.freshness', { dpop: { freshness: 'iat', nonce: { secret } } }],
    ['dpop.nonce.mode', { dpop: { nonce: { secret, mode: 'on-skew' } } }],
    ['delegation.maxDepth', { delegation: { maxDepth: 6 } }],
  ])('Describe: the relaxation %s is listed (%j)', (path, more) => {
    expect(describeWith(more).relaxations).toContain(path)
  })

  test.each<[name: string, object]>([
    ['dangerously.allowUnbound', { dangerously: { allowUnbound: true } }],
    ['dangerously.allowMissingAudience', { dangerously: { allowMissingAudience: { clients: ['a'] } } }],
    ['maxTokenSeconds', { maxTokenSeconds: 301 }],
    ['actorIssuers', { actorIssuers: 'any' }],
    ['actorIssuers', { actorIssuers: ['https://partner.example.test'] }],
    ['optionalClaims', { optionalClaims: ['jti'] }],
    ['actorClaims', { actorClaims: 'sub-or-client_id' }],
    ['dpopSchemeForMtls', { dpopSchemeForMtls: true }],
  ])('Describe: the relaxation %s of one issuer is listed with its place (%j)', (name, more) => {
    const other = { issuer: 'https://b.example.test', ...more }
    expect(describeWith({ issuer: [issuer.options, other] }).relaxations).toEqual([`issuer[1].${name}`])
  })

  test('Describe: stricter settings are no relaxations', () => {
    const strict: Partial<VerifierOptions> = {
      dpop: { maxAgeSeconds: 30, futureSeconds: 0, algorithms: ['ES256'], htu: 'strict', nonce: { secret } },
      token: { clockToleranceSeconds: 0, maxBytes: 1_024 },
      delegation: { maxDepth: 1 },
      issuer: { ...issuer.options, maxTokenSeconds: 60, actorIssuers: false },
      access: { scopes: ['a'] },
    }
    expect(describeWith(strict).relaxations).toEqual([])
  })
})
