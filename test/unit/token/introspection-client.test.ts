import type { IncomingMessage } from 'node:http'
import { generateKeyPair, jwtVerify } from 'jose'
import type { Algorithm, IntrospectionOptions } from 'onbehalf'
import { beforeAll, describe, expect, test } from 'vitest'
import { createDesk, type Desk, endpoint, opaque, secret } from '../../support/introspection.ts'
import { makeRawKey, type RawKey } from '../../support/jws.ts'
import { metadataUri, openidUri } from '../../support/key-home.ts'
import { issuerUrl, resource } from '../../support/kit.ts'
import { listen } from '../../support/servers.ts'

const codeOf = (desk: Desk, token = opaque) => desk.forge.code({ token, verifier: desk.verifier })
const id = 'travel-api'
const privateJwk = (key: RawKey) => key.privateKey.export({ format: 'jwk' })

describe('private_key_jwt', () => {
  test.each<readonly [Algorithm, IntrospectionOptions['client'] extends infer C ? Partial<C> : never]>([
    ['ES256', {}],
    ['ES384', {}],
    ['Ed25519', {}],
    ['RS256', {}],
    ['PS256', { alg: 'PS256' }],
  ])(
    'RFC 7523 §3: an assertion under %s names client and issuer, and lives for a minute at most',
    async (alg, more) => {
      const key = await makeRawKey(alg)
      const client = { id, privateKey: { ...privateJwk(key), kid: 'api-1' }, ...more }
      const desk = await createDesk({ introspection: { client } })
      for (const token of ['one', 'two']) expect(await codeOf(desk, token)).toBe('admitted')
      const [first, second] = desk.questions.map(({ form }) => form.get('client_assertion') ?? '')
      const { payload, protectedHeader } = await jwtVerify(first ?? '', key.publicJwk, {
        currentDate: new Date(desk.forge.clock.now()),
      })
      expect(protectedHeader).toMatchObject({ alg, kid: 'api-1' })
      expect(payload).toMatchObject({ iss: id, sub: id, aud: issuerUrl, iat: desk.forge.clock.now() / 1_000 })
      expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60)
      expect(payload.jti).toMatch(/^[\w-]{36}$/)
      expect(second).not.toBe(first)
      const form = desk.questions[0]?.form
      expect(form?.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
      expect(desk.questions[0]?.headers.has('authorization')).toBe(false)
    },
  )

  test('RFC 7523 §3: a CryptoKey signs as well', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const desk = await createDesk({ introspection: { client: { id, privateKey } } })
    expect(await codeOf(desk)).toBe('admitted')
    const assertion = desk.questions[0]?.form.get('client_assertion') ?? ''
    const { payload } = await jwtVerify(assertion, publicKey, { currentDate: new Date(desk.forge.clock.now()) })
    expect(payload.aud).toBe(issuerUrl)
  })
})

describe('the endpoint', () => {
  const found = (named: unknown) => ({ issuer: issuerUrl, introspection_endpoint: named })

  async function discovering(named: unknown): Promise<Desk> {
    const desk = await createDesk({ introspection: { endpoint: undefined } })
    desk.answer(({ url }) =>
      url === endpoint ? desk.active() : url === metadataUri ? found(named) : new Response('', { status: 404 }),
    )
    return desk
  }

  test('RFC 8414 §2: is the one of the metadata, fetched once', async () => {
    const desk = await discovering(endpoint)
    expect(await codeOf(desk, 'one')).toBe('admitted')
    expect(await codeOf(desk, 'two')).toBe('admitted')
    expect(desk.questions.map(({ url }) => url)).toEqual([metadataUri, endpoint, endpoint])
  })

  test.each([
    ['of another origin', 'https://evil.test/introspect'],
    ['of another port', `${issuerUrl}:8443/introspect`],
    ['under http', endpoint.replace('https', 'http')],
    ['with credentials', endpoint.replace('https://', 'https://user@')],
    ['that is a path', '/introspect'],
    ['that is missing', undefined],
  ])('RFC 8414 §2: one %s is not used', async (_, named) => {
    const desk = await discovering(named)
    expect(await codeOf(desk)).toBe('introspection_unavailable')
    expect(desk.questions.map(({ url }) => url)).toEqual([metadataUri, openidUri])
    await expect(desk.verifier.ready()).rejects.toThrow(Error)
  })

  test('RFC 8414 §3.3: metadata of another issuer names none', async () => {
    const desk = await discovering(endpoint)
    desk.answer(() => ({ issuer: 'https://evil.test', introspection_endpoint: endpoint }))
    expect(await codeOf(desk)).toBe('introspection_unavailable')
  })

  test('Introspection: after a failure the metadata rests, then is asked for again; ready() always asks', async () => {
    const desk = await discovering(undefined)
    expect(await codeOf(desk)).toBe('introspection_unavailable')
    expect(await codeOf(desk)).toBe('introspection_unavailable')
    expect(desk.questions).toHaveLength(2)
    desk.answer(({ url }) => (url === metadataUri ? found(endpoint) : desk.active()))
    await desk.verifier.ready()
    expect(await codeOf(desk)).toBe('admitted')
  })

  test('Introspection: metadata is asked for again when it is as old as keys may be; the known endpoint outlasts an outage', async () => {
    const desk = await discovering(endpoint)
    await codeOf(desk)
    desk.forge.clock.advance(601)
    desk.answer(({ url }) => (url === endpoint ? desk.active() : new Response('', { status: 500 })))
    expect(await codeOf(desk)).toBe('admitted')
    expect(desk.questions.map(({ url }) => url).slice(2)).toEqual([metadataUri, openidUri, endpoint])
  })
})

describe('over http on loopback', () => {
  interface Site {
    readonly desk: Desk
    readonly seen: {
      method: string | undefined
      headers: IncomingMessage['headers']
      body: string
      url: string | undefined
    }[]
    reply: (desk: Desk) => { status?: number; headers?: Record<string, string>; body: string }
  }

  async function createSite(): Promise<Site> {
    const seen: Site['seen'] = []
    const port = await listen(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      seen.push({ method: request.method, headers: request.headers, body, url: request.url })
      const { status = 200, headers = {}, body: text } = site.reply(site.desk)
      response.writeHead(status, headers).end(text)
    })
    const desk = await createDesk({
      introspection: { endpoint: `http://127.0.0.1:${port}/introspect` },
      verifier: { fetch: undefined },
    })
    const site: Site = { desk, seen, reply: (own) => ({ body: JSON.stringify(own.active()) }) }
    return site
  }

  test('RFC 7662 §2.1: the request as it arrives', async () => {
    const { desk, seen } = await createSite()
    expect(await codeOf(desk, 'a+b/c~d==')).toBe('admitted')
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/introspect' })
    expect(new URLSearchParams(seen[0]?.body).get('token')).toBe('a+b/c~d==')
    expect(seen[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(seen[0]?.headers.authorization).toMatch(/^Basic /)
  })

  test('RFC 7662 §4: a redirect is not followed, so that the token goes nowhere else', async () => {
    const site = await createSite()
    site.reply = () => ({ status: 307, headers: { location: '/elsewhere' }, body: '' })
    expect(await codeOf(site.desk)).toBe('introspection_unavailable')
    expect(site.seen.map(({ url }) => url)).toEqual(['/introspect'])
  })
})

describe('secrets', () => {
  let key: RawKey

  beforeAll(async () => {
    key = await makeRawKey('ES256')
  })

  test('PRES-08: neither secret, key nor token is in a description, in health or in a refusal', async () => {
    const privateKey = privateJwk(key)
    const clients = [
      { id, secret },
      { id, privateKey },
    ]
    const hidden = [secret, encodeURIComponent(secret), String(privateKey['d']), opaque, 'hidden-in-an-error']
    for (const client of clients) {
      const events: string[] = []
      const desk = await createDesk({
        introspection: { client },
        verifier: { audit: (record) => void events.push(JSON.stringify(record)) },
      })
      desk.answer(({ headers, form }) => {
        const sent = `hidden-in-an-error ${headers.get('authorization')} ${form}`
        throw Object.assign(new Error(sent), { code: sent })
      })
      const refusal = await desk.forge.refusal({ token: opaque, verifier: desk.verifier })
      expect(refusal.code).toBe('introspection_unavailable')
      const shown = JSON.stringify([desk.verifier.describe(), desk.verifier.health(), refusal, events])
      for (const text of [
        ...hidden,
        ...desk.questions.map(({ headers }) => headers.get('authorization') ?? 'none at all'),
      ]) {
        expect(shown.includes(text)).toBe(false)
      }
    }
  })

  test('Describe: how an issuer is asked, without saying as whom', async () => {
    const { verifier } = await createDesk({ introspection: { for: 'all', cacheSeconds: 31, signed: true } })
    const { issuers, relaxations } = verifier.describe()
    expect(issuers[0]?.introspection).toEqual({
      for: 'all',
      endpoint: 'configured',
      client: 'client_secret_basic',
      cacheSeconds: 31,
      signed: true,
    })
    expect(relaxations).toEqual(['issuer.introspection.cacheSeconds'])
    const plain = (await createDesk()).forge.verifier.describe()
    expect([plain.issuers[0]?.introspection, plain.resource]).toEqual([false, resource])
  })
})
