import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import type { RemoteKey, SigningKeyPair } from 'onbehalf/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addClientAssertion } from '../../examples/agents/client-assertion.ts'
import { readBlocks, readDocument, tableAfter } from '../package/documents.ts'
import { apis, setUp } from './issuer-setup.ts'

/** The snippets of docs/agents.md, as printed, against the reference issuer. */

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onbehalf-snippets-'))
  for (const { file, text } of readBlocks(readDocument('docs/agents.md'))) await writeFile(join(folder, file), text)
})
afterAll(() => rm(folder, { recursive: true }))

type MakeForm = () => URLSearchParams | Promise<URLSearchParams>
type Answer = Readonly<Record<string, unknown>>

const load = (file: string) => import(/* @vite-ignore */ join(folder, file))

test('DOCS: the snippets of docs/agents.md get a token and exchange it, with one key for assertions and proofs', async () => {
  const { keyOf, issuer, tokenOfAlice } = await setUp()
  const { tokenRequests } = (await load('agent-token.ts')) as {
    tokenRequests(keys: SigningKeyPair, endpoint: string): (makeForm: MakeForm) => Promise<Answer>
  }
  const { exchangeForm } = (await load('agent-exchange.ts')) as {
    exchangeForm(subject: string, actor: string, target: { resource: string; scope: string }): URLSearchParams
  }
  const key = keyOf('agent-a')
  const requestToken = tokenRequests(key, `${issuer}/token`)
  const send = (form: URLSearchParams) =>
    requestToken(() => addClientAssertion(form, key, { id: 'agent-a', audience: issuer }))

  const own = new URLSearchParams({ grant_type: 'client_credentials', resource: issuer, scope: 'agent:act' })
  const actor = String((await send(own))['access_token'])
  expect(decodeJwt(actor)).toMatchObject({ sub: 'agent-a', aud: issuer, cnf: { jkt: key.thumbprint } })

  const target = { resource: apis.booking, scope: 'trip:book pay' }
  const exchanged = await send(exchangeForm(await tokenOfAlice(), actor, target))
  expect(decodeJwt(String(exchanged['access_token']))).toMatchObject({
    ...{ sub: 'alice', aud: apis.booking, scope: 'trip:book pay', act: { sub: 'agent-a' } },
    cnf: { jkt: key.thumbprint },
  })
})

test('DOCS: the snippet of docs/agents.md for calls sends the token to its API alone, with either kind of key', async () => {
  const { fetchFor } = (await load('agent-call.ts')) as {
    fetchFor(api: string, keys: SigningKeyPair, token: () => Promise<string>): typeof fetch
  }
  const { fetchWithHardware } = (await load('agent-hardware.ts')) as {
    fetchWithHardware(key: RemoteKey, token: () => Promise<string>): typeof fetch
  }
  const { keys } = (await load('agent-key.ts')) as { keys: SigningKeyPair }
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', keys.publicKey)
  const sign = async (data: Uint8Array) =>
    new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, keys.privateKey, new Uint8Array(data)))
  const sent: Headers[] = []
  const { fetch: original } = globalThis
  globalThis.fetch = async (_url, init) => {
    sent.push(new Headers(init?.headers))
    return new Response()
  }
  try {
    const fetchWithProof = fetchFor('https://api.example.com', keys, async () => 'token')
    await fetchWithProof('https://api.example.com/tools')
    await fetchWithProof('https://other.example.com/tools')
    const remote = { publicJwk: { kty, crv, x, y }, sign } as RemoteKey
    await fetchWithHardware(remote, async () => 'token')('https://api.example.com/tools')
  } finally {
    globalThis.fetch = original
  }
  expect(sent.map((headers) => headers.get('authorization'))).toEqual(['DPoP token', null, 'DPoP token'])
  expect(sent.map((headers) => headers.has('dpop'))).toEqual([true, false, true])
})

test('DOCS: the endpoints of docs/reference-issuer.md are in the metadata, or answer', async () => {
  const { issuer } = await setUp()
  const metadata = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()
  const known = Object.values(metadata as object).map((value) => String(value).slice(issuer.length))
  const named = tableAfter('docs/reference-issuer.md', '## Endpoints').flatMap(([paths = '']) => paths.split(', '))
  const unknown = await Promise.all(
    named.map(async (path) => known.includes(path) || (await fetch(`${issuer}${path}`)).status !== 404 || path),
  )
  expect(unknown.filter((path) => path !== true)).toEqual([])
})
