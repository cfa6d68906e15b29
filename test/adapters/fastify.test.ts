import fastify, { type FastifyRequest } from 'fastify'
import { AuthError, type createVerifier, OptionsError } from 'onbehalf'
import { agentAuth, agentContextOf, requireAccess } from 'onbehalf/fastify'
import { beforeAll, describe, expect, test } from 'vitest'
import { createGuardedApp, injectAs, statusAndCode } from '../support/fastify.ts'
import { createKit, type Kit } from '../support/kit.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

const whoAsked = async (request: FastifyRequest) => ({ by: request.agentContext.actor.subject })

describe('registering', () => {
  test('Fastify: the one line guards every route, and the handler reads the context', async () => {
    const app = await createGuardedApp(kit.options)
    app.get('/tools', whoAsked)
    expect((await injectAs(kit, app, '/tools?page=1')).json()).toEqual({ by: 'travel-7' })
    expect(statusAndCode(await app.inject('/tools'))).toEqual([401, 'credentials_missing'])
  })

  test('Fastify: a prefix is an OptionsError that names the right form', async () => {
    const app = fastify()
    const registering = app.register(agentAuth, { ...kit.options, prefix: '/api' }).ready()
    await expect(registering).rejects.toThrow(OptionsError)
    await expect(registering).rejects.toMatchObject({
      problems: [{ path: 'prefix', message: expect.stringContaining('app.register(async (scope)') }],
    })
  })

  test('Fastify: the form it names guards that scope, and nothing beside it', async () => {
    const app = fastify()
    app.get('/health', async () => 'ok')
    await app.register(
      async (scope) => {
        await scope.register(agentAuth, kit.options)
        scope.get('/tools', whoAsked)
        await scope.register(async (inner) => void inner.get('/deep', whoAsked), { prefix: '/v1' })
      },
      { prefix: '/api' },
    )
    expect((await app.inject('/health')).body).toBe('ok')
    for (const path of ['/api/tools', '/api/v1/deep']) {
      expect(statusAndCode(await app.inject(path))).toEqual([401, 'credentials_missing'])
      expect((await injectAs(kit, app, path)).json()).toEqual({ by: 'travel-7' })
    }
  })

  test('Fastify: two scopes with a verifier each do not know of the other', async () => {
    const app = fastify()
    await app.register(async (scope) => {
      await scope.register(agentAuth, { verifier: kit.verifierWith() })
      scope.get('/one', whoAsked)
    })
    await app.register(async (scope) => {
      await scope.register(agentAuth, { verifier: kit.verifierWith({ access: { scopes: ['two'] } }) })
      scope.get('/two', whoAsked)
    })
    expect(statusAndCode(await injectAs(kit, app, '/one'))).toEqual([200, undefined])
    expect(statusAndCode(await injectAs(kit, app, '/two'))).toEqual([403, 'scope_missing'])
    expect(statusAndCode(await injectAs(kit, app, '/two', { token: { scopes: ['two'] } }))).toEqual([200, undefined])
  })

  test('Fastify: one verifier registered in a scope and again below is asked once', async () => {
    const app = fastify()
    const verifier = kit.verifierWith()
    await app.register(agentAuth, { verifier })
    await app.register(async (scope) => {
      await scope.register(agentAuth, { verifier })
      scope.get('/tools', whoAsked)
    })
    expect(statusAndCode(await injectAs(kit, app, '/tools'))).toEqual([200, undefined])
  })

  test.each<[string, object, readonly string[]]>([
    ['a wrong option', { audiences: 'x' }, ['audiences']],
    ['a wrong setting', { optional: 'yes' }, ['optional']],
    ['a floor in optional mode', { optional: true, access: { scopes: ['a'] } }, ['optional']],
  ])('Fastify: %s stops the start', async (_title, more, paths) => {
    const starting = fastify()
      .register(agentAuth, { ...kit.options, ...more })
      .ready()
    await expect(starting).rejects.toMatchObject({ problems: paths.map((path) => ({ path })) })
  })

  test('Fastify: an option beside a verifier stops the start, for it would change nothing', async () => {
    const options = { verifier: kit.verifierWith(), access: { scopes: ['admin'] } } as {
      verifier: ReturnType<typeof createVerifier>
    }
    await expect(fastify().register(agentAuth, options).ready()).rejects.toMatchObject({
      problems: [{ path: 'access' }],
    })
  })

  test('Fastify: a wrong requirement stops the start', () => {
    expect(() => requireAccess({ scope: ['tools:read'] } as object)).toThrow(OptionsError)
  })

  test('Fastify: requireAccess where no agentAuth stands is a 500, and the handler is not reached', async () => {
    const app = fastify()
    let isReached = false
    app.get('/tools', { onRequest: requireAccess({ scopes: ['a'] }) }, async () => {
      isReached = true
    })
    expect([(await injectAs(kit, app, '/tools')).statusCode, isReached]).toEqual([500, false])
  })
})

describe('the order of a request', () => {
  const schema = { body: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } }

  test('Fastify: agentAuth and requireAccess answer before the body is parsed or validated', async () => {
    const app = await createGuardedApp(kit.options)
    app.post('/tools', { schema, onRequest: requireAccess({ scopes: ['tools:write'] }) }, whoAsked)
    const json = { 'content-type': 'application/json' }
    expect(statusAndCode(await app.inject({ method: 'POST', url: '/tools', headers: json, payload: '{' }))).toEqual([
      401,
      'credentials_missing',
    ])
    const headers = async (scopes: readonly string[]) => ({
      ...json,
      ...(await kit.credentials('POST', '/tools', { token: { scopes } })),
    })
    for (const payload of ['{', '{}', '{"name":1']) {
      const refused = await app.inject({ method: 'POST', url: '/tools', headers: await headers([]), payload })
      expect(statusAndCode(refused)).toEqual([403, 'scope_missing'])
      const admitted = await app.inject({
        method: 'POST',
        url: '/tools',
        headers: await headers(['tools:write']),
        payload,
      })
      expect(admitted.statusCode).toBe(400)
    }
  })

  test('Fastify: as preHandler a rule sees the parsed body', async () => {
    const app = await createGuardedApp(kit.options)
    const isSmall = requireAccess<FastifyRequest<{ Body: { amount: number } }>>({
      where: (_context, { body }) => body.amount <= 100,
    })
    app.post<{ Body: { amount: number } }>('/payments', { preHandler: isSmall }, whoAsked)
    const pay = async (amount: number) =>
      statusAndCode(await injectAs(kit, app, '/payments', { method: 'POST', payload: { amount } }))
    expect(await pay(80)).toEqual([200, undefined])
    expect(await pay(120)).toEqual([403, 'access_denied'])
  })

  test('Fastify: as onRequest a rule that reads the body finds none, and could not be judged', async () => {
    const app = await createGuardedApp(kit.options)
    const isSmall = requireAccess({ where: (_context, { body }) => (body as { amount: number }).amount <= 100 })
    app.post('/payments', { onRequest: isSmall }, whoAsked)
    const refused = await injectAs(kit, app, '/payments', { method: 'POST', payload: { amount: 80 } })
    expect(statusAndCode(refused)).toEqual([503, 'policy_unavailable'])
  })

  test('Fastify: what is not there is refused before it is missed', async () => {
    const app = await createGuardedApp(kit.options)
    app.get('/tools', whoAsked)
    expect(statusAndCode(await app.inject('/nowhere'))).toEqual([401, 'credentials_missing'])
    expect(statusAndCode(await injectAs(kit, app, '/nowhere'))).toEqual([404, undefined])
  })

  test('Fastify: several requireAccess on one route must all hold, as an array and in several places', async () => {
    const app = await createGuardedApp(kit.options)
    const [a, b, c] = ['a', 'b', 'c'].map((scope) => requireAccess({ scopes: [scope] }))
    app.get('/tools', { onRequest: [a, b].flatMap((hook) => hook ?? []), ...(c && { preHandler: c }) }, whoAsked)
    const reach = async (scopes: readonly string[]) =>
      statusAndCode(await injectAs(kit, app, '/tools', { token: { scopes } }))
    expect(await reach(['a', 'b', 'c'])).toEqual([200, undefined])
    for (const scopes of [
      ['b', 'c'],
      ['a', 'c'],
      ['a', 'b'],
    ]) {
      expect(await reach(scopes)).toEqual([403, 'scope_missing'])
    }
  })
})

describe('the request', () => {
  test('Fastify: its shape is constant: the context is no property of its own', async () => {
    const app = fastify()
    const shapes: string[] = []
    app.addHook('onRequest', async (request) => void shapes.push(Object.getOwnPropertyNames(request).join()))
    await app.register(agentAuth, kit.options)
    app.get('/tools', async (request) => {
      shapes.push(Object.getOwnPropertyNames(request).join())
      return whoAsked(request)
    })
    expect((await injectAs(kit, app, '/tools')).statusCode).toBe(200)
    expect(new Set(shapes).size).toBe(1)
    expect(app.hasRequestDecorator('agentContext')).toBe(true)
  })

  test('Fastify: the property cannot be assigned over, and requireAccess does not read it', async () => {
    const app = await createGuardedApp(kit.options)
    const forged = { scopes: ['admin'], actor: { subject: 'forged' } }
    app.addHook('onRequest', async (request) => {
      Reflect.set(request, 'agentContext', forged)
    })
    app.get('/tools', whoAsked)
    const define = async (request: FastifyRequest) =>
      void Object.defineProperty(request, 'agentContext', { value: forged })
    app.get('/admin', { onRequest: [define, requireAccess({ scopes: ['admin'] })] }, whoAsked)
    app.get('/of', { onRequest: define }, async (request) => agentContextOf(request)?.actor.subject)
    expect((await injectAs(kit, app, '/tools')).json()).toEqual({ by: 'travel-7' })
    expect(statusAndCode(await injectAs(kit, app, '/admin'))).toEqual([403, 'scope_missing'])
    expect((await injectAs(kit, app, '/of')).body).toBe('travel-7')
  })

  test('Fastify: let in without credentials, it has no context: reading it is an error, agentContextOf is not', async () => {
    const app = fastify()
    await app.register(agentAuth, { ...kit.options, optional: true })
    app.get('/catalog', async (request) => ({ by: agentContextOf(request)?.actor.subject ?? 'anonymous' }))
    app.get('/account', whoAsked)
    app.get('/orders', { onRequest: requireAccess({ scopes: ['orders'] }) }, whoAsked)
    expect((await app.inject('/catalog')).json()).toEqual({ by: 'anonymous' })
    expect((await injectAs(kit, app, '/catalog')).json()).toEqual({ by: 'travel-7' })
    expect((await app.inject('/account')).statusCode).toBe(500)
    expect(statusAndCode(await app.inject('/orders'))).toEqual([401, 'credentials_missing'])
    const broken = { authorization: 'DPoP x' }
    expect(statusAndCode(await app.inject({ url: '/catalog', headers: broken }))).toEqual([401, 'token_malformed'])
    expect(statusAndCode(await app.inject({ url: '/catalog', headers: { dpop: 'x' } }))).toEqual([
      401,
      'credentials_missing',
    ])
  })

  test('Fastify: inject sends several lines of a field, and they are seen as such', async () => {
    const app = await createGuardedApp(kit.options)
    app.get('/tools', whoAsked)
    const { authorization = '', dpop = '' } = await kit.credentials('GET', '/tools')
    const twice = { authorization: [authorization, authorization] as unknown as string, dpop }
    expect(statusAndCode(await app.inject({ url: '/tools', headers: twice }))[0]).toBe(400)
    const proofs = { authorization, dpop: [dpop, dpop] as unknown as string }
    expect(statusAndCode(await app.inject({ url: '/tools', headers: proofs }))).toEqual([401, 'proof_malformed'])
  })

  test('Fastify: rewriteUrl changes the route, not what the proof was made for', async () => {
    const app = fastify({ rewriteUrl: ({ url = '' }) => url.replace('/public', '') })
    await app.register(agentAuth, kit.options)
    app.get('/tools', whoAsked)
    expect((await injectAs(kit, app, '/public/tools')).json()).toEqual({ by: 'travel-7' })
    const headers = await kit.credentials('GET', '/tools')
    expect(statusAndCode(await app.inject({ url: '/public/tools', headers }))).toEqual([401, 'proof_target'])
  })
})

describe('refusals', () => {
  test('Fastify: handed over, a refusal goes to setErrorHandler, and its headers go out all the same', async () => {
    const app = fastify()
    await app.register(agentAuth, { ...kit.options, onRefusal: () => ({ handOver: true }) })
    app.setErrorHandler((error, _request, reply) => {
      if (!(error instanceof AuthError)) throw error
      return reply.code(error.status).send({ problem: error.code })
    })
    app.get('/tools', { onRequest: requireAccess({ scopes: ['a'] }) }, whoAsked)
    const missing = await app.inject('/tools')
    expect([missing.statusCode, missing.json()]).toEqual([401, { problem: 'credentials_missing' }])
    expect(missing.headers).toMatchObject({
      'www-authenticate': expect.stringContaining('DPoP'),
      'cache-control': 'no-store',
      'access-control-expose-headers': expect.stringContaining('WWW-Authenticate'),
    })
    const refused = await injectAs(kit, app, '/tools')
    expect([refused.statusCode, refused.json()]).toEqual([403, { problem: 'scope_missing' }])
    expect(refused.headers['www-authenticate']).toContain('scope="a"')
  })

  test('Fastify: without an error handler a refusal handed over is still refused, with its status', async () => {
    const app = fastify()
    await app.register(agentAuth, { ...kit.options, onRefusal: () => ({ handOver: true }) })
    app.get('/tools', whoAsked)
    const response = await app.inject('/tools')
    expect([response.statusCode, response.json()]).toMatchObject([401, { statusCode: 401 }])
    expect(response.headers['www-authenticate']).toContain('DPoP')
  })

  test('Fastify: onRefusal sees Fastify’s request, may change the body and cannot admit', async () => {
    const app = fastify()
    const seen: string[] = []
    await app.register(agentAuth, {
      ...kit.options,
      onRefusal(refusal, request) {
        seen.push(`${refusal.code} ${request.routeOptions.url}`)
        return { body: { said: 'no' }, ok: true, admit: true }
      },
    })
    app.get('/tools/:name', whoAsked)
    const response = await app.inject('/tools/mail')
    expect([response.statusCode, response.json(), seen]).toEqual([
      401,
      { said: 'no' },
      ['credentials_missing /tools/:name'],
    ])
  })

  test('Fastify: a refusal passes through the hooks and serialisers of the reply unchanged', async () => {
    const app = await createGuardedApp(kit.options)
    app.setReplySerializer(() => 'serialised')
    app.get('/tools', { schema: { response: { '4xx': { type: 'object', properties: {} } } } }, whoAsked)
    expect(statusAndCode(await app.inject('/tools'))).toEqual([401, 'credentials_missing'])
  })

  test('RFC 9449 §8.2: an admitted answer carries the next nonce, exposed, whatever hooks have set', async () => {
    const secret = 'a secret of at least thirty-two bytes'
    const app = fastify()
    await app.register(agentAuth, { ...kit.options, dpop: { nonce: { secret, seconds: 100 } } })
    app.get('/tools', async (request, reply) => {
      reply.header('access-control-expose-headers', 'X-Total')
      return whoAsked(request)
    })
    const asked = await app.inject('/tools').then(({ headers }) => headers)
    const first = await injectAs(kit, app, '/tools')
    const nonce = String(first.headers['dpop-nonce'] ?? asked['dpop-nonce'])
    expect(statusAndCode(first)).toEqual([401, 'nonce_required'])
    kit.issuer.clock.advance(60)
    const admitted = await injectAs(kit, app, '/tools', { proof: { nonce } })
    expect(admitted.statusCode).toBe(200)
    expect(admitted.headers['dpop-nonce']).not.toBe(nonce)
    expect(admitted.headers['access-control-expose-headers']).toMatch(/^X-Total, .*DPoP-Nonce/)
  })
})
