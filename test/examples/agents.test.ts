import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { discover } from '../../examples/agents/authorization-server.ts'
import { createDpopAgent, type DpopAgent } from '../../examples/agents/dpop-agent.ts'
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

  test('RFC 9449 §8: an authorization server that asks for a nonce gets the form anew, and is asked once more only', async () => {
    const agent = await agentOf('planner')
    let forms = 0
    const asking = { status: 400, headers: { 'dpop-nonce': 'n1' }, body: { error: 'use_dpop_nonce' } }
    answers = [asking, { status: 200, body: {} }]
    const createForm = () => new URLSearchParams({ attempt: String(++forms) })
    await agent.requestToken(createForm)
    expect(forms).toBe(2)
    expect(proofsSent().map(({ nonce }) => nonce)).toEqual([undefined, 'n1'])
    answers = [asking, asking]
    await expect(agent.requestToken(createForm)).rejects.toMatchObject({ error: 'use_dpop_nonce' })
    expect(forms).toBe(4)
  })
})

async function agentOf(id: string): Promise<DpopAgent> {
  answers = [{ status: 200, body: { issuer: origin, token_endpoint: `${origin}/token` } }]
  const agent = await createDpopAgent({ id, issuer: origin, clientKey: await createSigningKey() })
  requests = []
  return agent
}

test('RFC 8414 §3.3: metadata that names another issuer is not used', async () => {
  answers = [
    { status: 200, body: { issuer: 'https://as.example.com', token_endpoint: 'https://as.example.com/token' } },
  ]
  await expect(discover(origin)).rejects.toThrow()
})
