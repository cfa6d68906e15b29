import { AuthError, OptionsError, type VerifierOptions } from 'onbehalf'
import { agentContextOf, createGate } from 'onbehalf/fetch'
import { createTestCertificate } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Call, createKit, type Kit, resource } from '../support/kit.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

async function requestFor(path: string, more: Pick<Call, 'token' | 'proof'> & RequestInit = {}): Promise<Request> {
  const { method = 'GET', headers, body = null, token, proof } = more
  const own = await kit.credentials(method, path.replace(/\?.*$/, ''), { token, proof })
  return new Request(resource + path, { method, body, headers: { ...own, ...(headers as Record<string, string>) } })
}

async function outcomeOf(response: Response): Promise<readonly [number, unknown]> {
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') ?? false
  return [response.status, isProblem ? ((await response.json()) as { code?: unknown }).code : undefined]
}

describe('the gate', () => {
  test('fetch: a request that holds comes in with its context', async () => {
    const gate = createGate(kit.options)
    const request = await requestFor('/tools?page=1', { token: { scopes: ['tools:read'] } })
    const entry = await gate(request, { scopes: ['tools:read'] })
    expect(entry.ok && entry.context.actor.subject).toBe('travel-7')
    expect(agentContextOf(request)?.principal.subject).toBe('alice')
  })

  test('fetch: any other is a response, first the authentication, then the requirement', async () => {
    const gate = createGate(kit.options)
    const responseTo = async (request: Request) => {
      const entry = await gate(request, { scopes: ['tools:read'] })
      return entry.ok ? [200] : outcomeOf(entry.response)
    }
    const anonymous = new Request(`${resource}/tools`)
    expect(await responseTo(anonymous)).toEqual([401, 'credentials_missing'])
    expect(agentContextOf(anonymous)).toBeUndefined()
    const used = await requestFor('/tools')
    expect(await responseTo(used)).toEqual([403, 'scope_missing'])
    expect(await responseTo(used.clone())).toEqual([401, 'proof_replayed'])
  })

  test('fetch: one request may be asked twice, and its proof is spent once', async () => {
    const gate = createGate(kit.options)
    const request = await requestFor('/tools', { token: { scopes: ['a'] } })
    expect((await gate(request)).ok).toBe(true)
    expect((await gate(request, { scopes: ['a'] })).ok).toBe(true)
    expect((await gate(request, { scopes: ['b'] })).ok).toBe(false)
  })

  test('fetch: rules get the request, and may await its body from a clone', async () => {
    const gate = createGate(kit.options)
    const isSmall = {
      where: async (_context: unknown, request: Request) => {
        const { amount } = (await request.clone().json()) as { amount: number }
        return amount <= 100
      },
    }
    const pay = async (amount: number) => {
      const request = await requestFor('/payments', { method: 'POST', body: JSON.stringify({ amount }) })
      const entry = await gate(request, isSmall)
      return entry.ok ? ((await request.json()) as { amount: number }).amount : outcomeOf(entry.response)
    }
    expect(await pay(80)).toBe(80)
    expect(await pay(120)).toEqual([403, 'access_denied'])
  })

  test('fetch: a wrong option, setting or requirement is an OptionsError', async () => {
    expect(() => createGate({ ...kit.options, audiences: 'x' } as VerifierOptions)).toThrow(OptionsError)
    expect(() => createGate(kit.options, { optional: true } as object)).toThrow(OptionsError)
    expect(() => createGate(kit.options).handle({ scope: ['a'] } as object, () => new Response())).toThrow(OptionsError)
    await expect(createGate(kit.options)(await requestFor('/tools'), { scope: ['a'] } as object)).rejects.toThrow(
      OptionsError,
    )
  })

  test('RFC 9449 §4.3(1): what Headers has joined counts as several lines, and is refused', async () => {
    const gate = createGate(kit.options)
    const refused = async (name: string, value: string) => {
      const request = await requestFor('/tools')
      request.headers.append(name, value)
      const entry = await gate(request)
      return entry.ok ? [200] : outcomeOf(entry.response)
    }
    expect(await refused('authorization', 'DPoP x')).toEqual([400, 'request_malformed'])
    expect(await refused('dpop', 'x.y.z')).toEqual([401, 'proof_malformed'])
    expect(await refused('accept', 'text/plain')).toEqual([200])
  })
})

describe('the connection', () => {
  test('RFC 8705 §3: a certificate-bound token needs the certificate the host hands over', async () => {
    const gate = createGate(kit.options)
    const bound = await kit.issuer.agent('travel-8', { certificate: true })
    const certificate = bound.certificate?.der
    const token = await kit.issuer.token({ agent: bound })
    const ask = async (connection?: Parameters<typeof gate>[2]) => {
      const request = new Request(`${resource}/tools`, { headers: { authorization: `Bearer ${token}` } })
      const entry = await gate(request, undefined, connection)
      return entry.ok ? entry.context.sender.method : outcomeOf(entry.response)
    }
    expect(await ask({ certificate })).toBe('mtls')
    expect(await ask({ address: '192.0.2.1' })).toEqual([401, 'certificate_missing'])
    expect(await ask()).toEqual([401, 'certificate_missing'])
    const other = await createTestCertificate({ commonName: 'other' })
    expect(await ask({ certificate: other.der })).toEqual([401, 'binding_mismatch'])
  })

  test('RFC 8705 §3: handle passes the connection on', async () => {
    const bound = await kit.issuer.agent('travel-9', { certificate: true })
    const token = await kit.issuer.token({ agent: bound })
    const handler = createGate(kit.options).handle({ sender: 'mtls' }, (_request, { sender }) => Response.json(sender))
    const ask = () => new Request(`${resource}/tools`, { headers: { authorization: `Bearer ${token}` } })
    expect(await (await handler(ask(), { certificate: bound.certificate?.der })).json()).toMatchObject({
      method: 'mtls',
    })
    expect(await outcomeOf(await handler(ask()))).toEqual([401, 'certificate_missing'])
  })
})

describe('the answer', () => {
  const secret = 'a secret of at least thirty-two bytes'

  /** A request whose answer has to carry the next nonce. */
  async function owingRequest(gate: ReturnType<typeof createGate>, scopes: readonly string[] = []): Promise<Request> {
    const asked = await gate(await requestFor('/tools'))
    const nonce = asked.ok ? undefined : (asked.response.headers.get('dpop-nonce') ?? undefined)
    kit.issuer.clock.advance(60)
    return requestFor('/tools', { token: { scopes }, proof: { nonce } })
  }

  test('RFC 9449 §8.2: finish adds the nonce that is owed, to any response, and keeps what is there', async () => {
    const gate = createGate({ ...kit.options, dpop: { nonce: { secret, seconds: 100 } } })
    const responses = [
      new Response('made', { status: 201, headers: { 'x-own': '1', 'access-control-expose-headers': 'X-Own' } }),
      new Response(null, { status: 204, headers: { 'x-own': '1' } }),
      // Its headers are immutable.
      Response.redirect(`${resource}/elsewhere`, 303),
    ]
    for (const response of responses) {
      const entry = await gate(await owingRequest(gate))
      const finished = entry.ok ? entry.finish(response) : Response.error()
      expect([finished.status, finished.statusText]).toEqual([response.status, response.statusText])
      expect(finished.headers.get('dpop-nonce')).toMatch(/./)
      expect(finished.headers.get('access-control-expose-headers')).toContain('DPoP-Nonce')
      for (const name of ['x-own', 'location']) expect(finished.headers.get(name)).toBe(response.headers.get(name))
    }
  })

  test('RFC 9449 §8.2: a 403 carries it as well', async () => {
    const gate = createGate({ ...kit.options, dpop: { nonce: { secret, seconds: 100 } } })
    const entry = await gate(await owingRequest(gate), { scopes: ['admin'] })
    expect(entry.ok ? undefined : entry.response.headers.get('dpop-nonce')).toMatch(/./)
  })

  test('fetch: with nothing owed, finish gives the response itself', async () => {
    const entry = await createGate(kit.options)(await requestFor('/tools'))
    const response = new Response('as it is')
    expect(entry.ok && entry.finish(response)).toBe(response)
  })

  test('fetch: handle is a handler behind the gate, its answer finished', async () => {
    const gate = createGate({ ...kit.options, dpop: { nonce: { secret, seconds: 100 } } })
    const handler = gate.handle({ scopes: ['tools:read'] }, async (request, { actor }) =>
      Response.json({ by: actor.subject, at: new URL(request.url).pathname }),
    )
    const answer = await handler(await owingRequest(gate, ['tools:read']))
    expect([answer.status, await answer.json()]).toEqual([200, { by: 'travel-7', at: '/tools' }])
    expect(answer.headers.get('dpop-nonce')).toMatch(/./)
    const refused = await handler(await owingRequest(gate))
    expect(await outcomeOf(refused)).toEqual([403, 'scope_missing'])
  })

  test('fetch: a handler that throws is the host’s matter', async () => {
    const handler = createGate(kit.options).handle({}, () => {
      throw new RangeError('in the handler')
    })
    await expect(handler(await requestFor('/tools'))).rejects.toThrow(RangeError)
    expect((await handler(new Request(`${resource}/tools`))).status).toBe(401)
  })

  test('fetch: onRefusal may change the body; handed over, a refusal is thrown', async () => {
    const changed = createGate(kit.options, { onRefusal: ({ code }) => ({ body: { said: code } }) })
    const entry = await changed(new Request(`${resource}/tools`))
    expect(entry.ok ? undefined : [entry.response.status, await entry.response.json()]).toEqual([
      401,
      { said: 'credentials_missing' },
    ])
    const thrown = createGate(kit.options, { onRefusal: () => ({ handOver: true }) })
    await expect(thrown(new Request(`${resource}/tools`))).rejects.toThrow(AuthError)
    await expect(thrown(await requestFor('/tools'), { scopes: ['a'] })).rejects.toMatchObject({ code: 'scope_missing' })
  })

  test('RFC 9112 §3.2.2: the origin of an absolute target is judged where Host tells that it was one', async () => {
    const gate = createGate(kit.options)
    const sent = async (url: string, host?: string) => {
      const headers = await kit.credentials('GET', '/tools')
      const entry = await gate(new Request(url, { headers: { ...headers, ...(host !== undefined && { host }) } }))
      return entry.ok || (await outcomeOf(entry.response))[1]
    }
    expect(await sent('https://evil.example/tools', 'api.example.test')).toBe('proof_target')
    expect(await sent(`${resource}/tools`, 'internal:3000')).toBe(true)
    expect(await sent('http://internal:3000/tools', 'INTERNAL:3000')).toBe(true)
    expect(await sent('http://internal/tools', 'internal:80')).toBe(true)
    expect(await sent('http://internal:3000/tools')).toBe(true)
    expect(await sent('http://internal:3000/tools', 'a b')).toBe('proof_target')
  })

  test('fetch: Next makes every URL of its own host name, which is no target', async () => {
    const gate = createGate(kit.options)
    const headers = { ...(await kit.credentials('GET', '/tools')), host: 'api.example.test' }
    const request = Object.assign(new Request('http://pod-7:3000/tools', { headers }), { nextUrl: new URL(resource) })
    expect((await gate(request)).ok).toBe(true)
  })

  test('RFC 9728 §3: the gate answers for its metadata, with the scopes of what it handles', async () => {
    const gate = createGate({ ...kit.options, metadata: true, access: { scopes: ['api'] } })
    const handler = gate.handle({ scopes: ['tools:read'] }, () => new Response())
    gate.handle({ scopes: ['secret'], hidden: true }, () => new Response())
    const answer = await handler(new Request(`${resource}/.well-known/oauth-protected-resource`))
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ resource, scopes_supported: ['api', 'tools:read'] })
  })
})
