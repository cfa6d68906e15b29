import { once } from 'node:events'
import fastify from 'fastify'
import { OptionsError } from 'onbehalf'
import * as express from 'onbehalf/express'
import * as doorOfFastify from 'onbehalf/fastify'
import { createGate } from 'onbehalf/fetch'
import * as node from 'onbehalf/node'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { frameworks } from '../support/express.ts'
import { createKit, type Kit, resource } from '../support/kit.ts'
import { type Reply, type Send, serve } from '../support/servers.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

const path = '/.well-known/oauth-protected-resource'
const preflight = { origin: 'https://app.example', 'access-control-request-method': 'GET' }

/** Whether challenges name the document, and what a GET of it answers. */
async function servedBy(send: Send, at = '/tools'): Promise<readonly [isNamed: boolean, status: number]> {
  const challenge = String((await send(at)).headers['www-authenticate'])
  return [challenge.includes(`resource_metadata="${resource}${path}"`), (await send(path)).status]
}

function scopesIn({ text }: Reply): unknown {
  return (JSON.parse(text) as { scopes_supported?: unknown }).scopes_supported
}

describe.each(frameworks)('%s', (_name, framework) => {
  const { agentAuth, requireAccess, resourceMetadata } = express

  test('RFC 9728 §5.1: the guard of the whole app serves the document and names it', async () => {
    const app = framework()
    app.use(agentAuth(kit.options))
    expect(await servedBy(await serve(app))).toEqual([true, 200])
  })

  test('RFC 9728 §5.1: mounted at a path or on a route, the guard names no document that is a 404', async () => {
    const mounted = framework()
    mounted.use('/api', agentAuth(kit.options))
    expect(await servedBy(await serve(mounted), '/api/tools')).toEqual([false, 404])
    const onRoute = framework()
    onRoute.get('/tools', agentAuth(kit.options))
    expect(await servedBy(await serve(onRoute))).toEqual([false, 404])
    const inRouter = framework()
    const router = framework.Router()
    router.use(agentAuth(kit.options))
    inRouter.use('/api', router)
    expect(await servedBy(await serve(inRouter), '/api/tools')).toEqual([false, 404])
  })

  test('RFC 9728 §5.1: with a path in publicUrl the root may belong to another service, so the guard names no document', async () => {
    const app = framework()
    app.use(agentAuth({ ...kit.options, publicUrl: `${resource}/v1` }))
    expect((await servedBy(await serve(app)))[0]).toBe(false)
    const declared = framework()
    declared.use(agentAuth({ ...kit.options, publicUrl: `${resource}/v1`, metadata: true }))
    expect((await servedBy(await serve(declared)))[0]).toBe(true)
  })

  test.each([true, { resource_name: 'Tools' }])(
    'RFC 9728 §5.1: metadata %j names the document anywhere',
    async (metadata) => {
      const app = framework()
      app.use('/api', agentAuth({ ...kit.options, metadata }))
      expect(await servedBy(await serve(app), '/api/tools')).toEqual([true, 404])
    },
  )

  test.each(['before', 'after'])(
    'RFC 9728 §3: resourceMetadata %s the guard serves the document of a mounted one, with the scopes of the app',
    async (order) => {
      const app = framework()
      const verifier = kit.verifierWith()
      if (order === 'before') app.use(resourceMetadata(verifier))
      app.use('/api', agentAuth(verifier), requireAccess({ scopes: ['api'] }))
      app.get('/other', agentAuth(verifier), requireAccess({ scopes: ['other'] }))
      if (order === 'after') app.use(resourceMetadata(verifier))
      const send = await serve(app)
      expect(await servedBy(send, '/api/tools')).toEqual([true, 200])
      expect(scopesIn(await send(path))).toEqual(['api', 'other'])
      expect((await send(path, { method: 'POST' })).status).toBe(404)
      expect((await send(`${path}/x`)).status).toBe(404)
    },
  )

  test('RFC 9728 §3.1: HEAD is answered like GET, without the body', async () => {
    const app = framework()
    app.use(agentAuth(kit.options))
    const send = await serve(app)
    const head = await send(path, { method: 'HEAD' })
    expect([head.status, head.text]).toEqual([200, ''])
    expect(head.headers['content-type']).toBe('application/json')
  })

  test('Fetch §3.3: any script may read the document, and its preflight is answered before credentials', async () => {
    const app = framework()
    app.use(agentAuth(kit.options))
    const send = await serve(app)
    expect((await send(path)).headers['access-control-allow-origin']).toBe('*')
    const asked = await send(path, { method: 'OPTIONS', headers: preflight })
    expect([asked.status, asked.text]).toEqual([204, ''])
    expect(asked.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': '*',
    })
    expect((await send('/tools', { method: 'OPTIONS', headers: preflight })).status).toBe(401)
    expect((await send(path, { method: 'OPTIONS' })).status).toBe(401)
  })

  test('RFC 9728 §2: the document is built once, and anew when a route is added', async () => {
    const app = framework()
    const verifier = kit.verifierWith()
    const counted = {
      ...verifier,
      metadata: { ...verifier.metadata, document: countCalls(verifier) },
    } as typeof verifier
    app.use(agentAuth(counted))
    app.get('/one', requireAccess({ scopes: ['one'] }))
    const send = await serve(app)
    expect([scopesIn(await send(path)), scopesIn(await send(path))]).toEqual([['one'], ['one']])
    expect(calls.get(verifier)).toBe(1)
    const router = framework.Router()
    app.use(router)
    expect(scopesIn(await send(path))).toEqual(['one'])
    router.get('/two', requireAccess({ scopes: ['two'] }))
    expect(scopesIn(await send(path))).toEqual(['one', 'two'])
  })
})

const calls = new WeakMap<object, number>()

function countCalls(verifier: ReturnType<Kit['verifierWith']>) {
  return (scopes: readonly string[]) => {
    calls.set(verifier, (calls.get(verifier) ?? 0) + 1)
    return verifier.metadata?.document(scopes)
  }
}

describe('Fastify', () => {
  const { agentAuth, requireAccess, resourceMetadata } = doorOfFastify

  async function servedIn(app: ReturnType<typeof fastify>, at = '/tools') {
    const challenge = String((await app.inject(at)).headers['www-authenticate'])
    return [challenge.includes('resource_metadata='), (await app.inject(path)).statusCode]
  }

  test('RFC 9728 §5.1: registered on the app the guard serves the document, in a scope it names none', async () => {
    const root = fastify()
    await root.register(agentAuth, kit.options)
    expect(await servedIn(root)).toEqual([true, 200])
    for (const prefix of ['/api', '']) {
      const app = fastify()
      await app.register(
        async (scope) => {
          await scope.register(agentAuth, kit.options)
          scope.get('/tools', async () => '')
        },
        { prefix },
      )
      expect(await servedIn(app, `${prefix}/tools`)).toEqual([false, 404])
    }
  })

  test.each(['before', 'after'])(
    'RFC 9728 §3: resourceMetadata %s the guard serves the document of a scope, with its scopes',
    async (order) => {
      const app = fastify()
      const verifier = kit.verifierWith()
      if (order === 'before') await app.register(resourceMetadata, { verifier })
      await app.register(
        async (scope) => {
          await scope.register(agentAuth, { verifier })
          scope.get('/tools', { onRequest: requireAccess({ scopes: ['tools:read'] }) }, async () => '')
        },
        { prefix: '/api' },
      )
      if (order === 'after') await app.register(resourceMetadata, { verifier })
      expect(await servedIn(app, '/api/tools')).toEqual([true, 200])
      const document = await app.inject(path)
      expect(document.json()).toMatchObject({ resource, scopes_supported: ['tools:read'] })
      expect(document.headers['access-control-allow-origin']).toBe('*')
      const head = await app.inject({ method: 'HEAD', url: path })
      expect([head.statusCode, head.body]).toEqual([200, ''])
      const asked = await app.inject({ method: 'OPTIONS', url: path, headers: preflight })
      expect([asked.statusCode, asked.body]).toEqual([204, ''])
      expect((await app.inject({ method: 'POST', url: path })).statusCode).toBe(404)
    },
  )

  test('Fastify: resourceMetadata in a scope, where it would see nothing, stops the start', async () => {
    const app = fastify()
    app.register(async (scope) => void (await scope.register(resourceMetadata, { verifier: kit.verifierWith() })))
    await expect(app.ready()).rejects.toThrow(OptionsError)
  })
})

describe('gates', () => {
  test('RFC 9728 §5.1: a gate of fetch serves and names the document only where the options say so', async () => {
    for (const metadata of [undefined, true, { resource_name: 'Tools' }, false]) {
      const gate = createGate({ ...kit.options, ...(metadata !== undefined && { metadata }) })
      const isServed = metadata !== undefined && metadata !== false
      const entries = await Promise.all([path, '/tools'].map((at) => gate(new Request(resource + at))))
      const [document, refused] = entries.map((entry) => (entry.ok ? undefined : entry.response))
      expect(document?.status).toBe(isServed ? 200 : 401)
      expect(refused?.headers.get('www-authenticate')?.includes('resource_metadata')).toBe(isServed)
    }
  })

  test('Fetch §3.3: the gate of fetch answers HEAD and the preflight of the document', async () => {
    const gate = createGate({ ...kit.options, metadata: true })
    for (const [method, status] of [
      ['HEAD', 200],
      ['OPTIONS', 204],
    ] as const) {
      const entry = await gate(new Request(resource + path, { method, headers: preflight }))
      expect(entry.ok ? undefined : entry.response.status).toBe(status)
    }
  })

  test('RFC 9728 §5.1: bare Node serves the document by resourceMetadata, and its gate then names it', async () => {
    const verifier = kit.verifierWith()
    const gate = node.createNodeGate(verifier)
    const without = await serve(async (request, response) => void (await gate(request, response)))
    expect(await servedBy(without)).toEqual([false, 401])
    const serveMetadata = node.resourceMetadata(verifier)
    const send = await serve(async (request, response) => {
      if (!serveMetadata(request, response)) await gate(request, response)
    })
    expect(await servedBy(send)).toEqual([true, 200])
    expect((await send(path, { method: 'OPTIONS', headers: preflight })).status).toBe(204)
  })
})

test('RFC 9728 §3: resourceMetadata of a verifier without a document, or of no verifier, is an OptionsError', () => {
  for (const wrong of [kit.verifierWith({ metadata: false }), kit.options, undefined] as never[]) {
    expect(() => express.resourceMetadata(wrong)).toThrow(OptionsError)
    expect(() => node.resourceMetadata(wrong)).toThrow(OptionsError)
  }
})

test('RFC 9728 §5.1: the process is told once what to add where the document is not named', async () => {
  vi.resetModules()
  const { createVerifier } = await import('onbehalf')
  const warned = once(process, 'warning')
  const view = { method: 'GET', target: '/tools', header: () => [] }
  const verifier = createVerifier(kit.options)
  await verifier.check(view)
  const [warning] = (await warned) as [Error & { code?: string }]
  expect(warning.code).toBe('ONBEHALF_METADATA')
  const emit = vi.spyOn(process, 'emitWarning')
  await verifier.check(view)
  await createVerifier({ ...kit.options, metadata: true }).check(view)
  expect(emit).not.toHaveBeenCalled()
  emit.mockRestore()
})
