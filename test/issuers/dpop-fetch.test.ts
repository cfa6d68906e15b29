import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import { type DpopFetchOptions, dpopFetch } from 'onbehalf/client'
import { agentAuth } from 'onbehalf/express'
import { createTestCertificate } from 'onbehalf/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Api, client, type RunningProvider, startApi, startProvider } from './oidc-setup.ts'

let provider: RunningProvider
let api: Api

beforeAll(async () => {
  for (const name of ['info', 'warn'] as const) vi.spyOn(console, name).mockImplementation(() => {})
  const certificate = await createTestCertificate({ commonName: 'localhost', hosts: ['127.0.0.1'] })
  const settings = { requireNonce: true, resourceServer: { accessTokenTTL: 300 } }
  ;[provider, api] = await Promise.all([startProvider(certificate, settings), startApi()])
})
afterAll(() => {
  provider.close()
  api.close()
  vi.restoreAllMocks()
})

/** A client credentials token of oidc-provider, got with proofs alone. */
async function getToken(key: DpopFetchOptions['key'], resource: string, seen: number[] = []): Promise<string> {
  const counting: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    seen.push(response.status)
    return response
  }
  const response = await dpopFetch({ key, fetch: counting })(`${provider.issuer}/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret)}`)}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'tools:read', resource }),
  })
  const { access_token: token } = (await response.json()) as { access_token: string }
  return token
}

test('RFC 9449 §8: a token of an issuer that asks for a nonce of its own, used at an API that asks for none', async () => {
  const key = await generateKeyPair('ES256')
  const statuses: number[] = []
  const token = await getToken(key, api.resource, statuses)
  expect(statuses).toEqual([400, 200])
  api.trust({ issuer: provider.issuer })
  const response = await dpopFetch({ key, token: () => token })(`${api.resource}/tools`)
  expect(await response.json()).toMatchObject({ subject: client.id, method: 'dpop' })
})

test('RFC 9449 §9: an API that asks for nonces of its own', async () => {
  const key = await generateKeyPair('ES256')
  const { publicKey } = key
  const jkt = await calculateJwkThumbprint(await exportJWK(publicKey))
  const app = express()
  const server = createServer((request, response) => void app(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const resource = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  app.use(
    agentAuth({
      issuer: provider.issuer,
      resource,
      dpop: { nonce: { secret: 'a secret of the tests, thirty-two bytes' } },
    }),
  )
  app.use((request, response) => void response.json({ jkt: request.agentContext.sender.jkt }))
  const token = await getToken(key, resource)
  const statuses: number[] = []
  const counting: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    statuses.push(response.status)
    return response
  }
  const send = dpopFetch({ key, token: () => token, fetch: counting })
  for (let turn = 0; turn < 3; turn++) expect(await (await send(`${resource}/tools`)).json()).toEqual({ jkt })
  expect(statuses).toEqual([401, 200, 200, 200])
  server.closeAllConnections()
  server.close()
})
