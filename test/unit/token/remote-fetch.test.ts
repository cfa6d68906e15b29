import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { JWK } from 'jose'
import { afterAll, describe, expect, test } from 'vitest'
import { createVerifier } from '../../../src/index.ts'
import { createTestIssuer } from '../../../src/testing/index.ts'
import { createHome, held, judge, keysUri, metadataUri } from '../../support/key-home.ts'
import { resource } from '../../support/kit.ts'

describe('how it is asked', () => {
  test('P30: no redirect, no credentials, nothing of the caller', async () => {
    const { network, verifier, token } = await createHome()
    expect(await judge(verifier, await token())).toBe(held)
    expect(network.inits).toHaveLength(2)
    for (const init of network.inits) {
      expect(init).toMatchObject({ redirect: 'error', credentials: 'omit', cache: 'no-store' })
      expect(init.method ?? 'GET').toBe('GET')
      expect(init.body ?? null).toBeNull()
      expect([...new Headers(init.headers).keys()]).toEqual(['accept'])
    }
  })

  test('P4: an issuer that answers nothing is given up after timeoutMs', async () => {
    const { network, verifier, token } = await createHome({ jwksUri: keysUri, keys: { timeoutMs: 20 } })
    network.serve(keysUri, ({ signal }) => {
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))))
    })
    expect(await judge(verifier, await token())).toBe('keys_unavailable')
  })

  test('P41: nor does a fetch that heeds no signal hold anybody up', { timeout: 3_000 }, async () => {
    const { network, verifier, token } = await createHome({ jwksUri: keysUri, keys: { timeoutMs: 20 } })
    network.serve(keysUri, () => new Promise(() => {}))
    expect(await judge(verifier, await token())).toBe('keys_unavailable')
  })

  test('P41: nor does a body that never ends', { timeout: 3_000 }, async () => {
    const { network, verifier, token } = await createHome({ jwksUri: keysUri, keys: { timeoutMs: 20 } })
    network.serve(keysUri, () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) })))
    expect(await judge(verifier, await token())).toBe('keys_unavailable')
  })

  test.each([
    () => undefined,
    () => {
      throw new Error('no network')
    },
    () => null,
    () => ({ status: 200 }),
  ])('P41: a fetch of one’s own that answers nonsense (%#) is an outage', async (answer) => {
    const { token, open } = await createHome()
    const verifier = open({ jwksUri: keysUri }, { fetch: answer as unknown as typeof fetch })
    expect(await judge(verifier, await token())).toBe('keys_unavailable')
  })
})

describe('what is taken', () => {
  test('P30: of an endless body no more is read than 512 KiB and a chunk', async () => {
    const { network, verifier, token } = await createHome({ jwksUri: keysUri })
    const chunk = new Uint8Array(65_536).fill(0x20)
    let pulled = 0
    let isCancelled = false
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += chunk.length
        controller.enqueue(chunk)
      },
      cancel() {
        isCancelled = true
      },
    })
    network.serve(keysUri, () => new Response(body))
    expect(await judge(verifier, await token())).toBe('keys_unavailable')
    expect(isCancelled).toBe(true)
    expect(pulled).toBeLessThanOrEqual(524_288 + 3 * chunk.length)
  })

  test('P21: of a set no more than 100 keys are kept', async () => {
    const { network, open, issuer, token } = await createHome()
    const [good] = issuer.jwks.keys as [JWK]
    const others = (count: number) => Array.from({ length: count }, (_, at) => ({ ...good, kid: `other-${at}` }))
    network.serve(keysUri, () => ({ keys: [...others(99), good] }))
    const full = open({ jwksUri: keysUri })
    expect(await judge(full, await token())).toBe(held)
    expect(full.health().issuers[0]?.keys).toBe(100)
    network.serve(keysUri, () => ({ keys: [...others(1_000)] }))
    const over = open({ jwksUri: keysUri })
    await judge(over, await token())
    expect(over.health().issuers[0]?.keys).toBeLessThanOrEqual(100)
  })

  test.each([{}, { error: 'maintenance' }, { keys: {} }, { keys: null }, { keys: 'none' }])(
    'RFC 7517 §5: %j is no set of keys but an outage, and the known keys go on',
    async (document) => {
      const { clock, network, verifier, open, token } = await createHome({ jwksUri: keysUri })
      expect(await judge(verifier, await token())).toBe(held)
      network.serve(keysUri, () => document)
      expect(await judge(open({ jwksUri: keysUri }), await token())).toBe('keys_unavailable')
      clock.advance(601)
      expect(await judge(verifier, await token())).toBe(held)
      expect(network.count(keysUri)).toBe(3)
      expect(await judge(verifier, await token())).toBe(held)
    },
  )

  test('RFC 7517 §5: a key nobody understands spoils no set', async () => {
    const { network, verifier, issuer, token } = await createHome({ jwksUri: keysUri })
    const odd = [null, 5, 'x', [], {}, { kty: 'AKP', pub: 'x' }, { kty: 'EC', crv: 'P-256' }, { kty: 'RSA', n: 'AQAB' }]
    network.serve(keysUri, () => ({ keys: [...odd, ...issuer.jwks.keys], more: 1 }))
    expect(await judge(verifier, await token())).toBe(held)
    expect(verifier.health().issuers[0]?.keys).toBe(1)
  })
})

describe('on real sockets', () => {
  const servers: Server[] = []
  afterAll(() => {
    for (const server of servers) server.close().closeAllConnections()
  })

  async function listen(answer: RequestListener): Promise<string> {
    const server = createServer(answer)
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  test('P30: discovery, keys elsewhere, rotation and a redirect, over HTTP', async () => {
    const asked: string[] = []
    let keysAnswer: RequestListener = (_, response) => response.end(JSON.stringify(issuer.jwks))
    const keysHome = await listen((request, response) => {
      asked.push(`keys ${request.url}`)
      keysAnswer(request, response)
    })
    const issuerHome: string = await listen((request, response) => {
      asked.push(`issuer ${request.url}`)
      if (request.url !== '/t/.well-known/openid-configuration') return response.writeHead(404).end()
      return response.end(JSON.stringify({ issuer: `${issuerHome}/t`, jwks_uri: `${keysHome}/jwks` }))
    })
    const issuer = await createTestIssuer({ resource, issuer: `${issuerHome}/t` })
    const agent = await issuer.agent('travel-7')
    const verifier = createVerifier({ issuer: issuer.issuer, resource, clock: issuer.clock })
    await verifier.ready()
    expect(asked.splice(0)).toEqual([
      'issuer /.well-known/oauth-authorization-server/t',
      'issuer /t/.well-known/openid-configuration',
      'keys /jwks',
    ])
    expect(await judge(verifier, await issuer.token({ agent }))).toBe(held)

    issuer.clock.advance(31)
    await issuer.rotateKey()
    const fresh = await issuer.token({ agent })
    expect(await Promise.all(Array.from({ length: 20 }, () => judge(verifier, fresh)))).toEqual(Array(20).fill(held))
    expect(asked.splice(0).filter((line) => line.startsWith('keys'))).toEqual(['keys /jwks'])

    keysAnswer = (_, response) => response.writeHead(302, { location: '/elsewhere' }).end()
    issuer.clock.advance(31)
    await issuer.rotateKey()
    expect(await judge(verifier, await issuer.token({ agent }))).toBe('keys_unavailable')
    expect(asked).not.toContain('keys /elsewhere')
    expect(await judge(verifier, fresh)).toBe(held)
  })

  test('P41: close() lets go of a connection that says nothing', async () => {
    let gone = () => {}
    const isGone = new Promise<void>((resolve) => {
      gone = resolve
    })
    let arrived = () => {}
    const hasArrived = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const silent = await listen((request) => {
      request.socket.on('close', gone)
      arrived()
    })
    const { token, open } = await createHome()
    const verifier = open({ jwksUri: `${silent}/jwks` }, { fetch: undefined })
    const waiting = judge(verifier, await token())
    await hasArrived
    void verifier.close()
    expect(await waiting).toBe('keys_unavailable')
    await isGone
  })

  test('P4: metadata that is no JSON, with a status of success, is an outage', async () => {
    const { network, verifier, token } = await createHome()
    network.serve(metadataUri, () => new Response('<html>', { headers: { 'content-type': 'text/html' } }))
    expect(await judge(verifier, await token())).toBe('keys_unavailable')
    expect(network.count(keysUri)).toBe(0)
  })
})
