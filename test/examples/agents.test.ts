import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { discover } from '../../examples/agents/authorization-server.ts'
import { createDpopFetch } from '../../examples/agents/dpop-fetch.ts'
import { createProof } from '../../examples/agents/dpop-proof.ts'
import { createSigningKey } from '../../examples/agents/signing-key.ts'

interface Canned {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

let server: Server
let origin: string
let requests: IncomingMessage[]
let answers: Canned[]

beforeEach(async () => {
  requests = []
  server = createServer((request, response) => {
    requests.push(request)
    const { status, headers, body } = answers.shift() ?? { status: 500 }
    response.writeHead(status, headers).end(JSON.stringify(body ?? {}))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

function proofsSent(): Record<string, unknown>[] {
  return requests.map(({ headers: { dpop } }) => decodeJwt(String(dpop)))
}

describe('the proof of an agent', () => {
  test('RFC 9449 §4.2: typ, public key, method, URL without query, and the hash of the token', async () => {
    const key = await createSigningKey()
    const proof = await createProof(key, {
      method: 'GET',
      url: 'https://api.example.com/a?b=c#d',
      accessToken: 'token',
    })
    expect(decodeProtectedHeader(proof)).toEqual({ typ: 'dpop+jwt', alg: 'ES256', jwk: key.publicJwk })
    expect(key.publicJwk).not.toHaveProperty('d')
    expect(decodeJwt(proof)).toEqual({
      htm: 'GET',
      htu: 'https://api.example.com/a',
      ath: 'PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A',
      iat: expect.any(Number),
      jti: expect.any(String),
    })
  })

  test('RFC 9449 §9: a resource server that asks for a nonce gets a second proof with it, and the next ones too', async () => {
    const send = createDpopFetch(await createSigningKey())
    const asking = { 'dpop-nonce': 'n1', 'www-authenticate': 'DPoP error="use_dpop_nonce"' }
    answers = [{ status: 401, headers: asking }, { status: 200 }, { status: 200 }]
    const { response } = await send({ method: 'GET', url: `${origin}/tools`, accessToken: 'token' })
    await send({ method: 'GET', url: `${origin}/tools`, accessToken: 'token' })
    expect(response.status).toBe(200)
    const proofs = proofsSent()
    expect(proofs.map(({ nonce }) => nonce)).toEqual([undefined, 'n1', 'n1'])
    expect(new Set(proofs.map(({ jti }) => jti)).size).toBe(3)
  })

  test('RFC 9449 §8: an authorization server that asks for a nonce gets the form anew', async () => {
    const send = createDpopFetch(await createSigningKey())
    answers = [
      { status: 400, headers: { 'dpop-nonce': 'n1' }, body: { error: 'use_dpop_nonce' } },
      { status: 200, body: {} },
    ]
    let forms = 0
    const body = async (): Promise<URLSearchParams> => new URLSearchParams({ attempt: String(++forms) })
    const { response } = await send({ method: 'POST', url: `${origin}/token`, body })
    expect(response.status).toBe(200)
    expect(forms).toBe(2)
    expect(proofsSent().map(({ nonce }) => nonce)).toEqual([undefined, 'n1'])
  })

  test('RFC 9449 §8: it is tried once more, not for ever', async () => {
    const send = createDpopFetch(await createSigningKey())
    const asking = { 'dpop-nonce': 'n1', 'www-authenticate': 'DPoP error="use_dpop_nonce"' }
    answers = [
      { status: 401, headers: asking },
      { status: 401, headers: asking },
    ]
    const { response } = await send({ method: 'GET', url: `${origin}/tools`, accessToken: 'token' })
    expect(response.status).toBe(401)
    expect(requests).toHaveLength(2)
  })

  test('RFC 9449 §8: another refusal is not tried again', async () => {
    const send = createDpopFetch(await createSigningKey())
    answers = [{ status: 401, headers: { 'dpop-nonce': 'n1', 'www-authenticate': 'DPoP error="invalid_dpop_proof"' } }]
    await send({ method: 'GET', url: `${origin}/tools`, accessToken: 'token' })
    expect(requests).toHaveLength(1)
  })
})

test('RFC 8414 §3.3: metadata that names another issuer is not used', async () => {
  answers = [
    { status: 200, body: { issuer: 'https://as.example.com', token_endpoint: 'https://as.example.com/token' } },
  ]
  await expect(discover(origin)).rejects.toThrow()
})
