import { calculateJwkThumbprint, exportJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import { describe, expect, onTestFinished, test } from 'vitest'
import { resource } from '../../support/kit.ts'
import { type Api, openApi, reachable, tokenFor } from './api.ts'

const url = new URL(`${resource}/tools`)
const routes = [
  { path: '/tools', requirement: { scopes: ['tools:read'] } },
  { path: '/admin', requirement: { scopes: ['admin', 'tools:read'] } },
  { path: '/gold', requirement: { acr: ['gold'], maxAuthAgeSeconds: 60 } },
]

describe.each(reachable)('oauth4webapi and $name', (door) => {
  async function open(more: Parameters<typeof openApi>[2] = {}) {
    const api = await openApi(door, routes, more)
    onTestFinished(() => api.close())
    return api
  }

  async function createClient(api: Api) {
    const keys = await oauth.generateKeyPair('ES256')
    const jkt = await calculateJwkThumbprint(await exportJWK(keys.publicKey))
    const token = await tokenFor(api.kit, jkt, ['tools:read'])
    const DPoP = oauth.DPoP({}, keys)
    const call = (target: URL = url) =>
      oauth.protectedResourceRequest(token, 'GET', target, undefined, undefined, {
        DPoP,
        [oauth.customFetch]: via(api),
      })
    return { token, call }
  }

  async function challengesOf(response: Promise<Response>): Promise<readonly oauth.WWWAuthenticateChallenge[]> {
    const error: unknown = await response.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(oauth.WWWAuthenticateChallengeError)
    return error instanceof oauth.WWWAuthenticateChallengeError ? error.cause : []
  }

  test('RFC 9449 §9: it sees that a nonce is due, retries with it, and is let in', async () => {
    const api = await open()
    const { call } = await createClient(api)
    const refusal: unknown = await call().catch((error: unknown) => error)
    expect(oauth.isDPoPNonceError(refusal)).toBe(true)
    const response = await call()
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ context: { principal: { subject: 'alice' } } })
    expect((await call()).status).toBe(200)
    expect(api.statuses).toEqual([401, 200, 200])
  })

  test('RFC 9110 §11.6.1: it reads every challenge of a refusal', async () => {
    const api = await open({ dpop: { algorithms: ['ES256', 'PS256'] } })
    const { call } = await createClient(api)
    const metadata = `${resource}/.well-known/oauth-protected-resource`
    const needed = { scope: 'admin tools:read', resource_metadata: metadata }
    const described = { error: 'insufficient_scope', error_description: expect.any(String) as string }
    expect(await challengesOf(call(new URL(`${resource}/admin`)))).toEqual([
      { scheme: 'dpop', parameters: { ...described, ...needed, algs: 'ES256 PS256' } },
    ])
    const anonymous = oauth.protectedResourceRequest(
      'none',
      'GET',
      new URL(`${resource}/admin`),
      undefined,
      undefined,
      {
        [oauth.customFetch]: (target, { method }) => api.fetch(target, { method }),
      },
    )
    expect(await challengesOf(anonymous)).toEqual([
      { scheme: 'bearer', parameters: { resource_metadata: metadata } },
      { scheme: 'dpop', parameters: { resource_metadata: metadata, algs: 'ES256 PS256' } },
    ])
  })

  test('RFC 9470 §3: it reads what a step-up asks for', async () => {
    const api = await open({ dpop: {}, mtls: false })
    const { call } = await createClient(api)
    const [challenge, ...more] = await challengesOf(call(new URL(`${resource}/gold`)))
    expect(more).toEqual([])
    expect(challenge?.parameters).toMatchObject({
      error: 'insufficient_user_authentication',
      acr_values: 'gold',
      max_age: '60',
    })
  })

  test('RFC 9728 §3.3: it discovers the resource, and takes the document for that resource alone', async () => {
    const api = await open()
    const discover = () => oauth.resourceDiscoveryRequest(new URL(resource), { [oauth.customFetch]: via(api) })
    const found = await oauth.processResourceDiscoveryResponse(new URL(resource), await discover())
    expect(found).toMatchObject({ resource, authorization_servers: ['https://as.example.test'] })
    const other = new URL('https://other.example.test')
    await expect(oauth.processResourceDiscoveryResponse(other, await discover())).rejects.toThrow()
  })

  test('RFC 9728 §5.1: the challenge leads to the document', async () => {
    const api = await open()
    const bare = oauth.protectedResourceRequest('none', 'GET', url, undefined, undefined, {
      [oauth.customFetch]: (target, { method }) => api.fetch(target, { method }),
    })
    const [challenge] = await challengesOf(bare)
    const response = await api.fetch(challenge?.parameters.resource_metadata ?? '')
    const found = await oauth.processResourceDiscoveryResponse(new URL(resource), response)
    expect(found.dpop_signing_alg_values_supported).toContain('ES256')
  })
})

/** None of these requests has a body. */
function via(
  api: Api,
): (url: string, request: { method: string; headers: Record<string, string> }) => Promise<Response> {
  return (target, { method, headers }) => api.fetch(target, { method, headers })
}
