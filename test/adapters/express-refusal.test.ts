import type { NextFunction, Request, Response } from 'express'
import { AuthError } from 'onbehalf'
import { agentAuth, requireAccess } from 'onbehalf/express'
import { beforeAll, describe, expect, test } from 'vitest'
import { frameworks } from '../support/express.ts'
import { createKit, type Kit } from '../support/kit.ts'
import { rejectionWithWitness } from '../support/rejection.ts'
import { codeIn, serve } from '../support/servers.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

type Hook = NonNullable<NonNullable<Parameters<typeof agentAuth>[1]>['onRefusal']>

describe.each(frameworks)('%s', (_name, express) => {
  async function apiWith(onRefusal: Hook, onError?: (error: unknown) => unknown) {
    const app = express()
    app.set('env', 'test')
    app.use(agentAuth(kit.options, { onRefusal }))
    app.get('/tools', (_req, res) => void res.send('reached'))
    app.get('/admin', requireAccess({ scopes: ['admin'] }), (_req, res) => void res.send('reached'))
    if (onError !== undefined) {
      app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
        res.status(error instanceof AuthError ? error.status : 500).json(onError(error))
      })
    }
    return serve(app)
  }

  test('Express: onRefusal sees the refusal with its facts and may change the body alone', async () => {
    const seen: unknown[] = []
    const send = await apiWith((refusal, request) => {
      seen.push(refusal.code, request.url)
      return { body: { message: 'no' } }
    })
    const reply = await send('/tools')
    expect(seen).toEqual(['credentials_missing', '/tools'])
    expect(reply.status).toBe(401)
    expect(JSON.parse(reply.text)).toEqual({ message: 'no' })
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer/)
    expect(reply.headers['cache-control']).toBe('no-store')
  })

  test('Express: onRefusal hears of a requireAccess refusal too', async () => {
    const send = await apiWith((refusal) => ({ body: { heard: refusal.code } }))
    const reply = await send('/admin', { headers: await kit.credentials('GET', '/admin') })
    expect([reply.status, JSON.parse(reply.text)]).toEqual([403, { heard: 'scope_missing' }])
  })

  test('Express: handed over, the error handler gets an AuthError and the answer its challenge', async () => {
    const send = await apiWith(
      () => ({ handOver: true }),
      (error) => (error instanceof AuthError ? { code: error.code, error: error.error } : 'other'),
    )
    const reply = await send('/tools', { headers: { authorization: 'DPoP x' } })
    expect(reply.status).toBe(401)
    expect(JSON.parse(reply.text)).toEqual({ code: 'token_malformed', error: 'invalid_token' })
    expect(reply.headers['www-authenticate']).toContain('error="invalid_token"')
    expect(reply.headers['cache-control']).toBe('no-store')
  })

  test('Express: handed over to the framework’s own handler the status holds and no junk field is sent', async () => {
    const send = await apiWith(() => ({ handOver: true }))
    const reply = await send('/tools')
    expect(reply.status).toBe(401)
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer .*DPoP/)
    const names = Object.keys(reply.headers)
    expect(names.filter((name) => /^\d+$/.test(name) || name === 'length')).toEqual([])
  })

  test('Express: no answer of the hook admits', async () => {
    for (const wish of [{ ok: true }, { admit: true }, true, 'admit', { handOver: false }, { handOver: 1 }, [], 0]) {
      const send = await apiWith((() => wish) as unknown as Hook)
      const reply = await send('/tools')
      expect([reply.status, codeIn(reply)]).toEqual([401, 'credentials_missing'])
    }
  })

  test('Express: the hook cannot admit by changing the refusal it is shown', async () => {
    const send = await apiWith((refusal) => {
      Reflect.set(refusal, 'status', 200)
      Reflect.set(refusal, 'code', null)
      Reflect.set(refusal, 'ok', true)
    })
    expect((await send('/tools')).text).not.toBe('reached')
  })

  test('P41: a hook that throws changes nothing', async () => {
    const send = await apiWith(() => {
      throw new Error('in the hook')
    })
    const reply = await send('/tools')
    expect([reply.status, codeIn(reply)]).toEqual([401, 'credentials_missing'])
  })

  test('P41: a body that cannot be written changes nothing', async () => {
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    for (const body of [circular, { amount: 1n }, () => 'no JSON', Symbol('no JSON')]) {
      const reply = await (await apiWith(() => ({ body })))('/tools')
      expect([reply.status, codeIn(reply)]).toEqual([401, 'credentials_missing'])
    }
  })

  test('P41: a hook that returns a promise changes nothing, and its rejection is taken care of', async () => {
    const late = rejectionWithWitness()
    const reply = await (await apiWith((() => late.promise) as unknown as Hook))('/tools')
    expect([reply.status, codeIn(reply)]).toEqual([401, 'credentials_missing'])
    expect(late.isHandled()).toBe(true)
  })
})
