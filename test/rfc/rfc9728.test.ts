import { describe, expect, test } from 'vitest'
import { createVerifier } from '../../src/index.ts'
import { requestView } from '../../src/testing/index.ts'
import { parseChallenges } from '../support/challenges.ts'
import { createKit } from '../support/kit.ts'

const issuer = 'https://as1.example.com'

describe('RFC 9728', () => {
  const wellKnown = '/.well-known/oauth-protected-resource'
  const urls = {
    'https://resource.example.com': `https://resource.example.com${wellKnown}`,
    'https://resource.example.com/resource1': `https://resource.example.com${wellKnown}/resource1`,
    'https://example.com/public/mcp': `https://example.com${wellKnown}/public/mcp`,
    'https://resource.example.com/': `https://resource.example.com${wellKnown}`,
    'https://resource.example.com/?a=b': `https://resource.example.com${wellKnown}?a=b`,
  }
  for (const [resource, url] of Object.entries(urls)) {
    test(`RFC 9728 §3.1 (F06-2): the metadata of ${resource}`, () => {
      const { metadata } = createVerifier({ issuer, resource })
      expect(metadata?.url).toBe(url)
      expect(metadata?.path).toBe(url.slice(new URL(url).origin.length))
      expect(metadata?.document([])['resource']).toBe(resource)
    })
  }

  test('RFC 9728 §3.2 (F06-1): the document, but that no token is taken from a body', () => {
    const resource = 'https://resource.example.com'
    const resource_documentation = `${resource}/resource_documentation.html`
    const issuers = [issuer, 'https://as2.example.net']
    const { metadata } = createVerifier({ issuer: issuers, resource, metadata: { resource_documentation } })
    expect(metadata?.document(['profile', 'email', 'phone'])).toMatchObject({
      resource,
      authorization_servers: issuers,
      bearer_methods_supported: ['header'],
      scopes_supported: ['profile', 'email', 'phone'],
      resource_documentation,
    })
  })

  test('RFC 6750 §3.1, RFC 9728 §5.1 (F06-3): no token is a 401 without error, not the 400 of the draft', async () => {
    const verifier = createVerifier({ issuer, resource: 'https://resource.example.com', metadata: true })
    const verdict = await verifier.check(requestView({}))
    if (verdict.ok) throw new Error('admitted')
    expect(verdict.refusal.status).toBe(401)
    for (const { parameters } of parseChallenges(new Map(verdict.refusal.headers).get('WWW-Authenticate') ?? '')) {
      expect(parameters.has('error')).toBe(false)
      expect(parameters.get('resource_metadata')).toBe(`https://resource.example.com${wellKnown}`)
    }
  })

  test('MCP authorization (F06-4): the 401 names metadata and scope, the 403 the error and all scopes', async () => {
    const kit = await createKit({ verifier: { metadata: true, access: { scopes: ['files:read'] } } })
    const bare = await kit.verifier.check(requestView({}))
    const token = await kit.token({ scopes: ['files:read'] })
    const context = await kit.verifier.verify(await kit.request({ token }))
    const decision = await kit.verifier.authorize(context, { scopes: ['files:read', 'files:write', 'user:profile'] })
    if (bare.ok || decision.ok) throw new Error('admitted')
    const read = (headers: typeof bare.refusal.headers) => {
      const challenge = parseChallenges(new Map(headers).get('WWW-Authenticate') ?? '').at(-1)
      return ['error', 'scope', 'resource_metadata'].map((name) => challenge?.parameters.get(name))
    }
    const metadata = `https://api.example.test${wellKnown}`
    expect([bare.refusal.status, ...read(bare.refusal.headers)]).toEqual([401, undefined, 'files:read', metadata])
    expect([decision.refusal.status, ...read(decision.refusal.headers)]).toEqual([
      403,
      'insufficient_scope',
      'files:read files:write user:profile',
      metadata,
    ])
  })
})
