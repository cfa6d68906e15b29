import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import * as http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { AuthError, OptionsError } from 'onbehalf'
import { agentContextOf, createNodeGate, type NodeGate } from 'onbehalf/node'
import { createTestCertificate } from 'onbehalf/testing'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createKit, type Kit, resource } from '../support/kit.ts'
import { codeIn, serve } from '../support/servers.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

const requirement = { scopes: ['tools:read'] }
const scopes = ['tools:read']

function listener(gate: NodeGate): (request: IncomingMessage, response: ServerResponse) => void {
  return async (request, response) => {
    const context = await gate(request, response, requirement)
    if (context === undefined) return
    response.end(`${context.actor.subject} ${agentContextOf(request) === context}`)
  }
}

describe('node:http', () => {
  test('node: a request that holds has its context; any other is answered already', async () => {
    const send = await serve(listener(createNodeGate(kit.options)))
    const admitted = await send('/tools?a=1', {
      headers: await kit.credentials('GET', '/tools', { token: { scopes } }),
    })
    expect([admitted.status, admitted.text]).toEqual([200, 'travel-7 true'])
    const anonymous = await send('/tools')
    expect([anonymous.status, codeIn(anonymous)]).toEqual([401, 'credentials_missing'])
    expect(anonymous.headers['www-authenticate']).toMatch(/^Bearer\b.*, DPoP /)
    const refused = await send('/tools', { headers: await kit.credentials('GET', '/tools') })
    expect([refused.status, codeIn(refused)]).toEqual([403, 'scope_missing'])
  })

  test('node: a wrong option or setting stops the start, a wrong requirement its request', async () => {
    expect(() => createNodeGate({ ...kit.options, audiences: 'x' } as object as typeof kit.options)).toThrow(
      OptionsError,
    )
    expect(() => createNodeGate(kit.options, { optional: true } as object)).toThrow(OptionsError)
    const gate = createNodeGate(kit.options)
    const send = await serve((request, response) => {
      gate(request, response, { scope: ['a'] } as object).catch((error: Error) => {
        response.statusCode = 500
        response.end(error.name)
      })
    })
    const reply = await send('/tools', { headers: await kit.credentials('GET', '/tools') })
    expect([reply.status, reply.text]).toEqual([500, 'OptionsError'])
  })

  test('node: handed over, a refusal is thrown to the caller, who answers', async () => {
    const gate = createNodeGate(kit.options, { onRefusal: () => ({ handOver: true }) })
    const send = await serve((request, response) => {
      gate(request, response).catch((error: unknown) => {
        response.statusCode = error instanceof AuthError ? error.status : 500
        response.end()
      })
    })
    expect((await send('/tools')).status).toBe(401)
  })

  test('RFC 9728 §3: the gate answers for its metadata', async () => {
    const send = await serve(listener(createNodeGate({ ...kit.options, metadata: true })))
    const reply = await send('/.well-known/oauth-protected-resource')
    expect([reply.status, JSON.parse(reply.text)]).toMatchObject([200, { resource }])
  })
})

type Reply = readonly [status: number, code: unknown, text: string, headers: http2.IncomingHttpHeaders]

/** One session, so that its requests share a connection. */
async function serveHttp2(gate: NodeGate, identity?: { key: string; cert: string }) {
  const server =
    identity === undefined
      ? http2.createServer()
      : http2.createSecureServer({ ...identity, requestCert: true, rejectUnauthorized: false })
  server.on('request', async (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => {
    const context = await gate(request, response, requirement)
    if (context === undefined) return
    response.end(`${context.actor.subject} ${context.sender.method}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    connect(client: http2.SecureClientSessionOptions = {}) {
      const scheme = identity === undefined ? 'http' : 'https'
      const session = http2.connect(`${scheme}://127.0.0.1:${port}`, {
        rejectUnauthorized: false,
        ...client,
      })
      onTestFinished(() => {
        session.destroy()
        server.close()
      })
      return (headers: http2.OutgoingHttpHeaders) => exchange(session, headers)
    },
  }
}

async function exchange(session: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders): Promise<Reply> {
  const stream = session.request({ ':path': '/tools', ...headers })
  const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders & { ':status': number }]
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) text += chunk
  const isProblem = answer['content-type'] === 'application/problem+json'
  return [answer[':status'], isProblem ? JSON.parse(text).code : undefined, text, answer]
}

describe('node:http2', () => {
  test('node: HTTP/2 gets the same answers', async () => {
    const send = (await serveHttp2(createNodeGate(kit.options))).connect()
    const [status, , text] = await send(await kit.credentials('GET', '/tools', { token: { scopes } }))
    expect([status, text]).toEqual([200, 'travel-7 dpop'])
    expect((await send({})).slice(0, 2)).toEqual([401, 'credentials_missing'])
    expect((await send(await kit.credentials('GET', '/tools'))).slice(0, 2)).toEqual([403, 'scope_missing'])
    const { authorization, dpop = '' } = await kit.credentials('GET', '/tools', { token: { scopes } })
    expect((await send({ authorization, dpop: [dpop, dpop] })).slice(0, 2)).toEqual([401, 'proof_malformed'])
  })

  test('RFC 9449 §8.2: HTTP/2 carries the nonce that is owed', async () => {
    const nonce = { secret: 'a secret of at least thirty-two bytes', seconds: 100 }
    const send = (await serveHttp2(createNodeGate({ ...kit.options, dpop: { nonce } }))).connect()
    const [, code, , asked] = await send(await kit.credentials('GET', '/tools'))
    expect(code).toBe('nonce_required')
    kit.issuer.clock.advance(60)
    const value = String(asked['dpop-nonce'])
    const [status, , , headers] = await send(
      await kit.credentials('GET', '/tools', { token: { scopes }, proof: { nonce: value } }),
    )
    expect([status, headers['access-control-expose-headers']]).toEqual([200, expect.stringContaining('DPoP-Nonce')])
    expect(headers['dpop-nonce']).not.toBe(value)
  })

  test('RFC 8705 §3: the certificate of an HTTP/2 connection holds for each of its requests', async () => {
    const { key, certificate: cert } = await createTestCertificate({ commonName: 'api', hosts: ['127.0.0.1'] })
    const { connect } = await serveHttp2(createNodeGate(kit.options), { key, cert })
    const bound = await kit.issuer.agent('travel-8', { certificate: true })
    const authorization = `Bearer ${await kit.issuer.token({ agent: bound, scopes })}`
    const send = connect({ key: bound.certificate?.key, cert: bound.certificate?.certificate })
    for (let times = 0; times < 3; times++) expect((await send({ authorization }))[2]).toBe('travel-8 mtls')
    expect((await connect()({ authorization }))[1]).toBe('certificate_missing')
  })
})
