import { request as httpRequest } from 'node:http'

import { expect, onTestFinished, test } from 'vitest'
import { createProof } from '../../examples/agents/dpop-proof.ts'
import { startIssuer } from '../../examples/issuer/server.ts'
import { listen } from '../support/servers.ts'
import { authorization } from './issuer-code-flow.ts'
import { assertion, clientCredentialsForm, type Form, outcome, post, sender, withAssertion } from './issuer-requests.ts'
import { type Setup, setUp } from './issuer-setup.ts'

const issuer = 'https://as.example.test'
const behind = {
  issuer,
  addressOf: ({ headers }: { headers: NodeJS.Dict<string | string[]> }) => String(headers['x-client']),
}

/** Through what a proxy would do after it has terminated TLS: it names the client, and the host of its own upstream. */
async function throughProxy({ running }: Setup): Promise<string> {
  const { port } = new URL(running.address)
  const front = await listen((request, response) => {
    const headers = { ...request.headers, host: 'upstream', 'x-client': '203.0.113.9' }
    const options = { host: '127.0.0.1', port, method: request.method, path: request.url, headers }
    const passed = httpRequest(options, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    request.pipe(passed)
  })
  return `http://127.0.0.1:${front}`
}

test('RFC 6265 §4.1.2.5: behind a proxy that terminates TLS, cookies are Secure', async () => {
  const setup = await setUp(behind)
  const front = await throughProxy(setup)
  const start = await fetch(authorization(front).url, { redirect: 'manual' })
  const cookies = start.headers.getSetCookie()
  expect(cookies.length).toBeGreaterThan(0)
  for (const cookie of cookies) expect(cookie).toMatch(/; secure/i)
  const body = new URLSearchParams({ login: 'alice', password: 'correct horse' })
  const signedIn = await fetch(`${front}/grants`, {
    ...{ method: 'POST', body, headers: { origin: issuer }, redirect: 'manual' },
  })
  expect(signedIn.status).toBe(303)
  for (const cookie of signedIn.headers.getSetCookie()) expect(cookie).toMatch(/; secure/i)
  // The good twin: on loopback they could not be sent back.
  const plain = await setUp()
  const { headers } = await fetch(authorization(plain.issuer).url, { redirect: 'manual' })
  for (const cookie of headers.getSetCookie()) expect(cookie).not.toMatch(/; secure/i)
})

test('RFC 8414 §2, §3.3: behind a proxy every URL of the metadata is the public one', async () => {
  const setup = await setUp({ ...behind, secureOrigin: 'https://mtls.as.example.test' })
  const metadata = (await (
    await fetch(`${await throughProxy(setup)}/.well-known/oauth-authorization-server`)
  ).json()) as Record<string, unknown>
  expect(metadata['issuer']).toBe(issuer)
  const urls = Object.entries(metadata).filter(([name]) => name.endsWith('_endpoint') || name === 'jwks_uri')
  expect(urls.length).toBeGreaterThan(6)
  for (const [, url] of urls) expect(String(url)).toMatch(/^https:\/\/as\.example\.test\//)
  const aliases = metadata['mtls_endpoint_aliases'] as Record<string, string>
  // RFC 8705 §5: each endpoint at which a client authenticates.
  expect(Object.keys(aliases).sort()).toEqual([
    'device_authorization_endpoint',
    'introspection_endpoint',
    'pushed_authorization_request_endpoint',
    'revocation_endpoint',
    'token_endpoint',
  ])
  for (const [name, url] of Object.entries(aliases)) {
    expect(url).toBe(String(metadata[name]).replace(issuer, 'https://mtls.as.example.test'))
  }
})

test('RFC 9449 §4.3: behind a proxy a proof is for the public URL, and an event has the address of the client', async () => {
  const setup = await setUp(behind)
  const front = await throughProxy(setup)
  const from = await sender(setup, 'agent-a')
  const askFor = async (url: string, nonce?: string) => {
    const form: Form = await withAssertion(issuer, from, clientCredentialsForm(), await assertion(issuer, from))
    const proof = await createProof(from.proofKey, { method: 'POST', url, ...(nonce !== undefined && { nonce }) })
    return post(front, '/token', form, { dpop: proof })
  }
  const nonce = String((await askFor(`${issuer}/token`)).headers.get('dpop-nonce'))
  expect(outcome(await askFor(`${front}/token`, nonce))).toBe('400 invalid_dpop_proof')
  expect(outcome(await askFor(`${issuer}/token`, nonce))).toBe('200')
  expect(setup.events.at(-1)?.request.address).toBe('203.0.113.9')
})

test('RFC 8414 §2: a name of the issuer with a path, a query or no host is refused', async () => {
  for (const name of [`${issuer}/tenant`, `${issuer}?x`, `${issuer}/`, 'urn:as']) {
    const started = startIssuer({ issuer: name, resources: [], people: [] })
    onTestFinished(async () => void (await started.catch(() => undefined))?.close())
    await expect(started).rejects.toThrow()
  }
})
