import fastify from 'fastify'
import { type AccessRequirement, createVerifier, type RefusalCode, type VerifierOptions } from 'onbehalf'
import * as express from 'onbehalf/express'
import * as plugin from 'onbehalf/fastify'
import { createGate } from 'onbehalf/fetch'
import * as node from 'onbehalf/node'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { memorySink } from '../support/audit.ts'
import { frameworks } from '../support/express.ts'
import { createKit, type Kit, resource } from '../support/kit.ts'
import { codeIn, type Send, serve } from '../support/servers.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice', scopes: ['a'] } })
})

/** An API whose routes answer what they would have been refused for. */
type Start = (options: VerifierOptions) => Promise<Send>

const routes: Readonly<Record<string, AccessRequirement>> = {
  '/open': {},
  '/tried': { scopes: ['pay'], reportOnly: true },
  '/failing': { where: () => Promise.reject(new Error('down')), reportOnly: true },
  '/enforced': { scopes: ['pay'] },
}

const answer = (wouldRefuse: readonly RefusalCode[]) => JSON.stringify({ wouldRefuse })

const doors: readonly (readonly [string, Start])[] = [
  ...frameworks.map(([name, framework]): readonly [string, Start] => [
    name,
    async (options) => {
      const app = framework()
      app.use(express.agentAuth(options))
      for (const [path, requirement] of Object.entries(routes)) {
        app.get(path, express.requireAccess(requirement), (request, response) => {
          response.send(answer(express.wouldRefuseOf(request)))
        })
      }
      return serve(app)
    },
  ]),
  [
    'Fastify',
    async (options) => {
      const app = fastify()
      await app.register(plugin.agentAuth, options)
      for (const [path, requirement] of Object.entries(routes)) {
        app.get(path, { onRequest: plugin.requireAccess(requirement) }, async (request) =>
          answer(plugin.wouldRefuseOf(request)),
        )
      }
      await app.ready()
      onTestFinished(() => app.close())
      return serve((request, response) => app.routing(request, response))
    },
  ],
  [
    'node',
    async (options) => {
      const gate = node.createNodeGate(options)
      return serve(async (request, response) => {
        const context = await gate(request, response, routes[request.url ?? ''])
        if (context !== undefined) response.end(answer(node.wouldRefuseOf(request)))
      })
    },
  ],
  [
    'fetch',
    async (options) => {
      const gate = createGate(options)
      return serve(async (incoming, response) => {
        const headers = new Headers(incoming.headers as Record<string, string>)
        const request = new Request(resource + incoming.url, { headers })
        const entry = await gate(request, routes[incoming.url ?? ''])
        const result = entry.ok ? entry.finish(new Response(answer(entry.wouldRefuse))) : entry.response
        response.writeHead(result.status, Object.fromEntries(result.headers)).end(await result.text())
      })
    },
  ],
]

describe.each(doors)('%s', (_, start) => {
  test('Options: a handler reads what its request would have been refused for', async () => {
    const send = await start({ ...kit.options, reportOnly: ['token_lifetime', 'proof_expired'] })
    const now = kit.clock.now() / 1_000
    const fetchAs = async (path: string, claims: object = {}, proof: object = {}) => {
      const call = { token: { claims: { ...claims } }, proof: { claims: { ...proof } } }
      const reply = await send(path, { headers: await kit.credentials('GET', path, call) })
      return reply.status === 200 ? (JSON.parse(reply.text) as { wouldRefuse: unknown }).wouldRefuse : codeIn(reply)
    }
    const long = { exp: now + 3_600 }
    expect(await fetchAs('/open')).toEqual([])
    expect(await fetchAs('/open', long)).toEqual(['token_lifetime'])
    expect(await fetchAs('/open', long, { iat: now - 99 })).toEqual(['token_lifetime', 'proof_expired'])
    expect(await fetchAs('/tried', long)).toEqual(['token_lifetime', 'scope_missing'])
    expect(await fetchAs('/failing')).toEqual(['policy_unavailable'])
    expect(await fetchAs('/enforced', long)).toBe('scope_missing')
  })
})

test('Access: with two guards on a route, the one that is tried changes nothing about the other', async () => {
  const sink = memorySink()
  const app = frameworks[0]?.[1]()
  if (app === undefined) throw new Error('no framework')
  app.use(express.agentAuth({ ...kit.options, audit: sink }))
  const tried = express.requireAccess({ scopes: ['tried'], reportOnly: true })
  app.get('/pay', tried, express.requireAccess({ scopes: ['pay'] }), (_request, response) => void response.send('paid'))
  const send = await serve(app)
  const reply = await send('/pay', { headers: await kit.credentials('GET', '/pay') })
  expect([reply.status, codeIn(reply)]).toEqual([403, 'scope_missing'])
  expect(reply.headers['www-authenticate']).toContain('scope="pay"')
  expect(sink.events.map(({ decision, wouldRefuse }) => [decision, wouldRefuse])).toEqual([
    ['admitted', []],
    ['admitted', ['scope_missing']],
    ['refused', []],
  ])
})

test('Access: a request without credentials passes a requirement that is tried, in optional mode', async () => {
  const app = frameworks[0]?.[1]()
  if (app === undefined) throw new Error('no framework')
  app.use(express.agentAuth(createVerifier(kit.options), { optional: true }))
  app.get('/tried', express.requireAccess({ scopes: ['pay'], reportOnly: true }), (request, response) => {
    response.json(express.wouldRefuseOf(request))
  })
  const send = await serve(app)
  const anonymous = await send('/tried')
  expect([anonymous.status, JSON.parse(anonymous.text)]).toEqual([200, ['credentials_missing']])
})

test('Access: a summary counts a requirement that is tried as no obstacle', async () => {
  const app = frameworks[0]?.[1]()
  if (app === undefined) throw new Error('no framework')
  app.use(express.agentAuth(kit.options, { optional: true }))
  app.get('/tried', express.requireAccess({ scopes: ['pay'], reportOnly: true }), () => {})
  app.get('/enforced', express.requireAccess({ scopes: ['pay'] }), () => {})
  expect(express.accessSummary(app, await kit.context()).routes).toMatchObject([
    { path: '/tried', requirements: [{ scopes: ['pay'], reportOnly: true }], open: true, reachable: 'yes' },
    { path: '/enforced', reachable: 'no', code: 'scope_missing' },
  ])
})
