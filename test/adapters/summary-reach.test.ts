import fastify from 'fastify'
import { type AccessRequirement, type AccessSummary, type AgentContext, createVerifier, type Verifier } from 'onbehalf'
import * as doorOfExpress from 'onbehalf/express'
import * as doorOfFastify from 'onbehalf/fastify'
import { requestView, type TokenInput } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { frameworks } from '../support/express.ts'
import { createKit, type Kit, resource } from '../support/kit.ts'
import { codeIn, type Send, serve } from '../support/servers.ts'

/** One route of each kind of requirement, all of them GET. */
const requirements: Readonly<Record<string, AccessRequirement>> = {
  '/any-scope': { anyScope: ['tools:read', 'admin'] },
  '/both-scopes': { scopes: ['tools:read', 'tools:write'] },
  '/delegated': { authority: 'delegated' },
  '/independent': { authority: 'independent' },
  '/humans': { principal: { kind: 'human' }, denyIfAgentInvolved: true },
  '/agents': { actor: { kind: 'agent' } },
  '/this-agent': { actor: { subject: 'travel-7' } },
  '/pair': { pair: (principal, actor) => principal.subject === 'alice' && actor.subject === 'travel-7' },
  '/shallow': { maxDepth: 1 },
  '/mtls': { sender: 'mtls' },
  '/step-up': { acr: ['urn:example:mfa'] },
  '/recent': { maxAuthAgeSeconds: 60, scopes: ['tools:read'] },
  '/details': { details: { type: 'payment', allows: ({ limit }) => Number(limit) > 10 } },
  '/open-hours': { where: { name: 'openHours', test: async () => true } },
  '/closed': { where: () => false },
  '/order': { actor: { kind: 'agent' }, authority: 'delegated', scopes: ['admin'], acr: ['urn:example:mfa'] },
}

let kit: Kit
let callers: Readonly<Record<'agent' | 'delegate' | 'human', TokenInput>>

beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
  const now = Math.floor(kit.issuer.clock.now() / 1_000)
  const web = await kit.issuer.agent('web-app')
  callers = {
    agent: { agent: kit.agent, scopes: ['tools:read', 'tools:write'] },
    delegate: {
      agent: kit.agent,
      human: 'alice',
      via: [await kit.issuer.agent('planner-2')],
      scopes: ['admin'],
      claims: { authorization_details: [{ type: 'payment', limit: 5 }], acr: 'urn:example:mfa', auth_time: now - 50 },
    },
    human: {
      agent: web,
      scopes: ['tools:read'],
      claims: { sub: 'alice', sub_profile: 'user', acr: 'urn:example:password', auth_time: now - 100 },
    },
  }
})

interface Api {
  readonly send: Send
  readonly summarize: (context?: AgentContext) => AccessSummary
}

const doors: readonly [string, (verifier: Verifier) => Promise<Api>][] = [
  ...frameworks.map(([name, express]): [string, (verifier: Verifier) => Promise<Api>] => [
    name,
    async (verifier) => {
      const app = express()
      app.use(doorOfExpress.agentAuth(verifier))
      for (const [path, requirement] of Object.entries(requirements)) {
        app.get(path, doorOfExpress.requireAccess(requirement), (_req, res) => void res.end())
      }
      return { send: await serve(app), summarize: (of) => doorOfExpress.accessSummary(app, of, kit.issuer.clock.now) }
    },
  ]),
  [
    'Fastify',
    async (verifier) => {
      const app = fastify({ exposeHeadRoutes: false })
      await app.register(doorOfFastify.agentAuth, { verifier })
      for (const [path, requirement] of Object.entries(requirements)) {
        app.get(path, { onRequest: doorOfFastify.requireAccess(requirement) }, async () => '')
      }
      await app.ready()
      const send = await serve((req, res) => app.routing(req, res))
      return { send, summarize: (of) => doorOfFastify.accessSummary(app, of, kit.issuer.clock.now) }
    },
  ],
]

describe.each(doors)('accessSummary on %s', (_name, open) => {
  test.each(['agent', 'delegate', 'human'] as const)(
    'accessSummary: what it says of the %s is what requests meet',
    async (name) => {
      const input = callers[name]
      const verifier = createVerifier(kit.options)
      const { send, summarize } = await open(verifier)
      const ask = async (path: string) => {
        const token = await kit.issuer.token(input)
        return { headers: await input.agent.headers('GET', resource + path, token) }
      }
      const context = await verifier.verify(requestView({ url: `${resource}/any-scope`, ...(await ask('/any-scope')) }))
      const { routes } = summarize(context)
      expect(routes.map(({ path }) => path)).toEqual(Object.keys(requirements))
      // What a predicate decides by looking at the request is left open.
      const decided = routes.filter(({ reachable }) => reachable !== 'depends')
      const met: unknown[] = []
      for (const { path } of decided) {
        const reply = await send(path, await ask(path))
        met.push([path, reply.status === 200 ? 'yes' : 'no', codeIn(reply)])
      }
      expect(decided.map(({ path, reachable, code }) => [path, reachable, code])).toEqual(met)
      expect(new Set(routes.map(({ reachable }) => reachable)).size).toBe(3)
    },
  )

  test('accessSummary: with a context the table says yes, no with the code, or depends', async () => {
    const verifier = createVerifier(kit.options)
    const { summarize } = await open(verifier)
    const token = await kit.issuer.token({
      agent: kit.agent,
      human: 'alice',
      claims: { authorization_details: [{ type: 'payment' }] },
    })
    const headers = await kit.agent.headers('GET', `${resource}/agents`, token)
    const context = await verifier.verify(requestView({ url: `${resource}/agents`, headers }))
    const lines = summarize(context).toMarkdown().split('\n')
    expect(lines[0]).toBe('| method | path | requires | reachable |')
    const lineOf = (path: string) => lines.find((line) => line.includes(`\`${path}\``))
    expect(lineOf('/agents')).toMatch(/\| yes \|$/)
    expect(lineOf('/humans')).toMatch(/\| no: `access_denied` \|$/)
    expect(lineOf('/any-scope')).toMatch(/\| no: `scope_missing` \|$/)
    expect(lineOf('/details')).toMatch(/\| depends \|$/)
    expect(lineOf('/open-hours')).toMatch(/openHours\(\).*\| depends \|$/)
  })
})
