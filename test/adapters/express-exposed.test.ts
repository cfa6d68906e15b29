import { randomBytes } from 'node:crypto'
import type { RequestHandler } from 'express'
import { agentAuth } from 'onbehalf/express'
import { describe, expect, test } from 'vitest'
import { frameworks } from '../support/express.ts'
import { createKit, type Kit } from '../support/kit.ts'
import { codeIn, type Reply, serve } from '../support/servers.ts'

const owed = ['WWW-Authenticate', 'DPoP-Nonce', 'Retry-After']

/** Sets the field at once, as cors() does. */
function exposing(names: string): RequestHandler {
  return (_req, res, next) => {
    res.setHeader('Access-Control-Expose-Headers', names)
    next()
  }
}

function exposedBy(reply: Reply): string[] {
  return String(reply.headers['access-control-expose-headers'] ?? '').split(', ')
}

describe.each(frameworks)('%s', (_name, express) => {
  /** Behind it every answer to `request` has to carry a nonce. */
  async function apiWithNonce(before: readonly RequestHandler[], ...handlers: RequestHandler[]) {
    const kit = await createKit({ token: { human: 'alice' } })
    const nonce = { secret: randomBytes(32), seconds: 300 }
    const app = express()
    for (const handler of before) app.use(handler)
    app.use(agentAuth({ ...kit.options, dpop: { nonce } }))
    app.get('/tools', ...handlers)
    const send = await serve(app)
    const ask = async (value: string | undefined) => {
      return send('/tools', { headers: await kit.credentials('GET', '/tools', { proof: { nonce: value } }) })
    }
    return { kit, ask, agingNonce: () => firstNonce(kit, ask) }
  }

  async function firstNonce(kit: Kit, ask: (nonce: undefined) => Promise<Reply>): Promise<string> {
    const nonce = String((await ask(undefined)).headers['dpop-nonce'])
    kit.issuer.clock.advance(160)
    return nonce
  }

  test('PRES-15: a refusal exposes its fields to scripts, without any cors middleware', async () => {
    const kit = await createKit({ token: { human: 'alice' } })
    const app = express()
    app.use(agentAuth(kit.options))
    expect(exposedBy(await (await serve(app))('/tools'))).toEqual(owed)
  })

  test('PRES-15: what a cors middleware exposes stays, and nothing is named twice', async () => {
    const kit = await createKit({ token: { human: 'alice' } })
    const app = express()
    app.use(exposing('X-Total, www-authenticate'))
    app.use(agentAuth(kit.options))
    expect(exposedBy(await (await serve(app))('/tools'))).toEqual([
      'X-Total',
      'www-authenticate',
      'DPoP-Nonce',
      'Retry-After',
    ])
  })

  test('PRES-15: an admitted answer that owes a nonce exposes it, over what a later middleware set', async () => {
    const { ask, agingNonce } = await apiWithNonce([], exposing('X-Total'), (_req, res) => void res.send('reached'))
    const reply = await ask(await agingNonce())
    expect([reply.status, exposedBy(reply)]).toEqual([200, ['X-Total', ...owed]])
  })

  test('PRES-15: an admitted answer that owes nothing is left as it is', async () => {
    const kit = await createKit({ token: { human: 'alice' } })
    const app = express()
    app.use(agentAuth(kit.options))
    app.get('/tools', (_req, res) => void res.send('reached'))
    const reply = await (await serve(app))('/tools', { headers: await kit.credentials('GET', '/tools') })
    expect(reply.status).toBe(200)
    for (const name of ['access-control-expose-headers', 'dpop-nonce', 'cache-control']) {
      expect(reply.headers).not.toHaveProperty(name)
    }
  })

  test('DPOP-30: the next nonce is owed from half-life on, and such an answer is not to be stored', async () => {
    const { kit, ask } = await apiWithNonce([], (_req, res) => void res.send('reached'))
    const challenged = await ask(undefined)
    expect(codeIn(challenged)).toBe('nonce_required')
    const nonce = String(challenged.headers['dpop-nonce'])
    kit.issuer.clock.advance(100)
    const young = await ask(nonce)
    expect([young.status, young.headers['dpop-nonce']]).toEqual([200, undefined])
    kit.issuer.clock.advance(60)
    const aging = await ask(nonce)
    expect([aging.status, aging.headers['cache-control']]).toEqual([200, 'no-store'])
    expect(aging.headers['dpop-nonce']).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
    expect(aging.headers['dpop-nonce']).not.toBe(nonce)
    expect((await ask(aging.headers['dpop-nonce'] as string)).status).toBe(200)
  })

  test.each<[string, RequestHandler]>([
    ['setHeader', (_req, res) => void res.set('Cache-Control', 'public, max-age=60').send('reached')],
    ['writeHead', (_req, res) => void res.writeHead(200, { 'Cache-Control': 'public, max-age=60' }).end('reached')],
    [
      'writeHead with a status text',
      (_req, res) => void res.writeHead(200, 'OK', { 'cache-control': 'public' }).end('reached'),
    ],
    ['writeHead with a list', (_req, res) => void res.writeHead(200, ['Cache-Control', 'public']).end('reached')],
    [
      'a stream',
      (_req, res) => {
        res.set('Cache-Control', 'public')
        res.write('reach')
        res.end('ed')
      },
    ],
  ])('DPOP-30: no-store wins over the handler’s own Cache-Control set by %s', async (_how, handler) => {
    const { ask, agingNonce } = await apiWithNonce([], handler)
    const reply = await ask(await agingNonce())
    expect([reply.status, reply.text]).toEqual([200, 'reached'])
    expect(reply.headers['cache-control']).toBe('no-store')
    expect(reply.rawHeaders.filter((name) => name.toLowerCase() === 'dpop-nonce')).toHaveLength(1)
  })

  test('PRES-15: a handler that exposes its own fields in writeHead does not take ours away', async () => {
    const { ask, agingNonce } = await apiWithNonce([], (_req, res) => {
      res.writeHead(200, { 'Access-Control-Expose-Headers': 'X-Total' }).end('reached')
    })
    expect(exposedBy(await ask(await agingNonce()))).toEqual(['X-Total', ...owed])
  })

  test('DPOP-30: mounted twice, the answer carries one nonce', async () => {
    const kit = await createKit({ token: { human: 'alice' } })
    const verifier = kit.verifierWith({ dpop: { nonce: { secret: randomBytes(32) } } })
    const app = express()
    app.use(agentAuth(verifier), agentAuth(verifier))
    app.get('/tools', (_req, res) => void res.send('reached'))
    const send = await serve(app)
    const challenged = await send('/tools', { headers: await kit.credentials('GET', '/tools') })
    const nonce = String(challenged.headers['dpop-nonce'])
    kit.issuer.clock.advance(160)
    const reply = await send('/tools', { headers: await kit.credentials('GET', '/tools', { proof: { nonce } }) })
    expect(reply.status).toBe(200)
    expect(reply.rawHeaders.filter((name) => name.toLowerCase() === 'dpop-nonce')).toHaveLength(1)
  })
})
