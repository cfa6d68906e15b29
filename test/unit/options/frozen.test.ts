import { createVerifier, type VerifierOptions } from 'onbehalf'
import { createTestIssuer, requestView, type TestAgent, type TestIssuer } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'

const resource = 'https://api.example.test'
const url = `${resource}/tools`
let issuer: TestIssuer
let agent: TestAgent
let rsaAgent: TestAgent
beforeAll(async () => {
  issuer = await createTestIssuer({ resource })
  agent = await issuer.agent('travel-7')
  rsaAgent = await issuer.agent('rsa-agent', { algorithm: 'RS256' })
})

async function codeFor(verifier: ReturnType<typeof createVerifier>, by = agent, claims = {}, proofUrl = url) {
  const token = await issuer.token({ agent: by, human: 'alice', claims })
  const verdict = await verifier.check(
    requestView({ url: proofUrl, headers: await by.headers('GET', proofUrl, token) }),
  )
  return verdict.ok ? 'admitted' : verdict.refusal.code
}

describe('an options object changed after creation', () => {
  async function loosened() {
    const options = {
      issuer: { ...issuer.options, actorIssuers: 'own' as const },
      resource,
      audience: [resource],
      publicUrl: [resource],
      dpop: { algorithms: ['ES256'], maxAgeSeconds: 60, futureSeconds: 10 },
      token: { clockToleranceSeconds: 5 },
      delegation: { maxDepth: 1 },
      access: { maxDepth: 1 },
      clock: issuer.clock,
    }
    const verifier = createVerifier(options as VerifierOptions)
    const before = JSON.stringify(verifier.describe())
    // Every list and object among them, loosened.
    options.audience.push('https://other.example.test')
    options.publicUrl.push('https://other.example.test')
    options.dpop.algorithms.push('RS256')
    Object.assign(options.dpop, { maxAgeSeconds: 3_600, futureSeconds: 3_600 })
    Object.assign(options.issuer, { maxTokenSeconds: 9_999, actorIssuers: 'any', audience: 'other' })
    Object.assign(options.token, { clockToleranceSeconds: 300 })
    Object.assign(options.delegation, { maxDepth: 100 })
    Object.assign(options.access, { scopes: ['other'], maxDepth: 99 })
    return { verifier, before }
  }

  test('Options: describe() says the same as before', async () => {
    const { verifier, before } = await loosened()
    expect(JSON.stringify(verifier.describe())).toBe(before)
  })

  test('Options: what was refused is refused, what was admitted is admitted', async () => {
    const { verifier } = await loosened()
    const now = issuer.clock.now() / 1_000
    expect(await codeFor(verifier)).toBe('admitted')
    expect(await codeFor(verifier, rsaAgent)).toBe('proof_key')
    expect(await codeFor(verifier, agent, { aud: 'https://other.example.test' })).toBe('token_audience')
    expect(await codeFor(verifier, agent, { exp: now + 301 })).toBe('token_lifetime')
    expect(await codeFor(verifier, agent, { exp: now - 6, iat: now - 100 })).toBe('token_expired')
    expect(await codeFor(verifier, agent, { act: { sub: 'a', act: { sub: 'b' } } })).toBe('delegation_too_deep')
    expect(await codeFor(verifier, agent, { act: { sub: 'a', iss: 'https://else.example.test' } })).toBe(
      'delegation_not_allowed',
    )
    expect(await codeFor(verifier, agent, {}, 'https://other.example.test/tools')).toBe('proof_target')
  })

  test('Options: the keys are those given at creation', async () => {
    const rotating = await createTestIssuer({ resource, clock: issuer.clock })
    const verifier = createVerifier({ issuer: rotating.options, resource, clock: issuer.clock })
    await rotating.rotateKey()
    const token = await rotating.token({ agent })
    const view = requestView({ url, headers: await agent.headers('GET', url, token) })
    expect(await verifier.check(view)).toMatchObject({ ok: false, refusal: { code: 'token_key_unknown' } })
  })

  test('Options: a nonce secret overwritten in place still mints the same nonces', async () => {
    const secret = new Uint8Array(32).fill(7)
    const options = { issuer: issuer.options, resource, clock: issuer.clock }
    const verifier = createVerifier({ ...options, dpop: { nonce: { secret } } })
    const untouched = createVerifier({ ...options, dpop: { nonce: { secret: Uint8Array.from(secret) } } })
    secret.fill(0)
    const view = requestView({ url, headers: await agent.headers('GET', url, await issuer.token({ agent })) })
    const nonces = await Promise.all([verifier, untouched].map((one) => nonceFrom(one, view)))
    expect(nonces[0]).toMatch(/^[\w-]+$/)
    expect(nonces[0]).toBe(nonces[1])
  })

  test('Options: further members of the metadata document are those given at creation', () => {
    const metadata = { resource_name: 'Tools', tags: ['a'] }
    const verifier = createVerifier({ issuer: issuer.options, resource, metadata })
    metadata.resource_name = 'Other'
    metadata.tags.push('b')
    expect(verifier.metadata?.document([])).toMatchObject({ resource_name: 'Tools', tags: ['a'] })
  })
})

async function nonceFrom(verifier: ReturnType<typeof createVerifier>, view: ReturnType<typeof requestView>) {
  const verdict = await verifier.check(view)
  const headers = verdict.ok ? verdict.headers : verdict.refusal.headers
  return headers.find(([name]) => name === 'DPoP-Nonce')?.[1]
}

describe('what a verifier hands out', () => {
  test('Options: changing what describe() answered changes no decision', async () => {
    const verifier = createVerifier({ issuer: issuer.options, resource, clock: issuer.clock })
    const before = JSON.stringify(verifier.describe())
    const description = verifier.describe() as unknown as Record<string, unknown[] & Record<string, unknown[]>>
    attempt(() => description['publicUrls']?.push('https://other.example.test'))
    attempt(() => description['dpop']?.['algorithms']?.push('RS256'))
    attempt(() => Object.assign(description['cache'] as object, { tokens: 1 }))
    attempt(() => Object.assign(description['mtls'] as object, { certificate: 'header' }))
    expect(JSON.stringify(verifier.describe())).toBe(before)
    expect(await codeFor(verifier, rsaAgent)).toBe('proof_key')
    expect(await codeFor(verifier, agent, {}, 'https://other.example.test/tools')).toBe('proof_target')
  })

  test('Options: changing the metadata document changes the next one not', () => {
    const verifier = createVerifier({ issuer: issuer.options, resource })
    const first = verifier.metadata?.document([]) as Record<string, string[]>
    const before = JSON.stringify(first)
    attempt(() => first['authorization_servers']?.push('https://evil.example.test'))
    attempt(() => first['dpop_signing_alg_values_supported']?.push('none'))
    attempt(() => Object.assign(first, { resource: 'https://evil.example.test' }))
    expect(JSON.stringify(verifier.metadata?.document([]))).toBe(before)
  })

  test('Options: a verifier cannot be patched', () => {
    const verifier = createVerifier({ issuer: issuer.options, resource })
    expect(Reflect.set(verifier, 'checkNow', () => ({ ok: true }))).toBe(false)
  })
})

/** A frozen object throws, a copy takes it: both are fine. */
function attempt(change: () => unknown): void {
  try {
    change()
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
  }
}
