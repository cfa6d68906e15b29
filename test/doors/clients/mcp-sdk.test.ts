import {
  DpopSession,
  discoverOAuthProtectedResourceMetadata,
  extractResourceMetadataUrl,
  extractWWWAuthenticateParams,
  isDpopNonceChallenge,
  withDpop,
} from '@modelcontextprotocol/client'
import { describe, expect, onTestFinished, test } from 'vitest'
import { resource } from '../../support/kit.ts'
import { openApi, reachable, tokenFor } from './api.ts'

const wellKnown = `${resource}/.well-known/oauth-protected-resource`
const routes = [
  { path: '/tools', requirement: { scopes: ['tools:read'] } },
  { path: '/mcp', requirement: { scopes: ['tools:read'] } },
  { path: '/admin', requirement: { scopes: ['admin'] } },
]

describe.each(reachable)('the MCP SDK and $name', (door) => {
  async function open(more: Parameters<typeof openApi>[2] = {}) {
    const api = await openApi(door, routes, more)
    onTestFinished(() => api.close())
    return api
  }

  test('RFC 9449 §9: its DPoP fetch retries with the nonce of the answer and keeps it', async () => {
    const api = await open()
    const session = await DpopSession.create()
    const token = await tokenFor(api.kit, session.thumbprint, ['tools:read'])
    const call = withDpop(session, () => token)(api.fetch)
    const response = await call(`${resource}/tools`)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ context: { actor: { subject: 'travel-7' } } })
    expect((await call(`${resource}/tools`)).status).toBe(200)
    expect(api.statuses).toEqual([401, 200, 200])
  })

  test('RFC 9449 §9: it tells a nonce that is due from other refusals', async () => {
    const api = await open()
    const session = await DpopSession.create()
    const token = await tokenFor(api.kit, session.thumbprint)
    const dpop = await session.buildProof({ htm: 'GET', htu: `${resource}/tools`, accessToken: token })
    const due = await api.fetch(`${resource}/tools`, { headers: { authorization: `DPoP ${token}`, dpop } })
    expect(isDpopNonceChallenge(due)).toBe(true)
    expect(isDpopNonceChallenge(await api.fetch(`${resource}/tools`))).toBe(false)
  })

  test.each([
    ['both challenges', {}],
    ['the DPoP challenge alone', { mtls: false as const }],
  ])('RFC 9728 §5.1: it finds the document by %s', async (_name, more) => {
    const api = await open(more)
    const response = await api.fetch(`${resource}/mcp`)
    expect(response.status).toBe(401)
    const { resourceMetadataUrl, error } = extractWWWAuthenticateParams(response)
    expect(resourceMetadataUrl?.href).toBe(wellKnown)
    expect(error).toBeUndefined()
    const hint = { ...(resourceMetadataUrl && { resourceMetadataUrl }) }
    const found = await discoverOAuthProtectedResourceMetadata(resource, hint, api.fetch)
    expect(found).toMatchObject({ resource, authorization_servers: ['https://as.example.test'] })
  })

  test('RFC 9728 §5.1: its older helper finds the document by the Bearer challenge', async () => {
    const api = await open()
    expect(extractResourceMetadataUrl(await api.fetch(`${resource}/mcp`))?.href).toBe(wellKnown)
  })

  test('RFC 9728 §3.1: it finds the document without a challenge', async () => {
    const api = await open()
    const found = await discoverOAuthProtectedResourceMetadata(resource, {}, api.fetch)
    expect(found).toMatchObject({ resource, bearer_methods_supported: ['header'] })
  })

  test('RFC 9728 §3.1: it finds the document of a resource with a path', async () => {
    const api = await open({ resource: `${resource}/mcp` })
    const found = await discoverOAuthProtectedResourceMetadata(`${resource}/mcp`, {}, api.fetch)
    expect(found.resource).toBe(`${resource}/mcp`)
    expect(api.statuses).toEqual([200])
  })

  test('RFC 6750 §3.1: it reads the scope and the error of a step-up', async () => {
    const api = await open({ dpop: {} })
    const session = await DpopSession.create()
    const token = await tokenFor(api.kit, session.thumbprint, ['tools:read'])
    const response = await withDpop(session, () => token)(api.fetch)(`${resource}/admin`)
    expect(response.status).toBe(403)
    const { scope, error, resourceMetadataUrl } = extractWWWAuthenticateParams(response)
    expect({ scope, error, at: resourceMetadataUrl?.href }).toEqual({
      scope: 'admin',
      error: 'insufficient_scope',
      at: wellKnown,
    })
  })
})
