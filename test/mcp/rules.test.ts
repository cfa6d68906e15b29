import type express from 'express'
import { OptionsError } from 'onbehalf'
import { createGate } from 'onbehalf/fetch'
import { type McpTable, mcpAccess } from 'onbehalf/mcp'
import { describe, expect, test, vi } from 'vitest'
import { readChallenges } from '../support/challenges.ts'
import { createKit } from '../support/kit.ts'
import { call, guard, message } from './guarded.ts'

const scoped = { scopes: ['docs:read'] }
const table: McpTable = {
  'tools/call': { search: scoped, pay: { scopes: ['pay', 'docs:read'], authority: 'delegated' }, '*': 'deny' },
  'resources/read': (uri) => ({ scopes: [uri.startsWith('file:') ? 'files:read' : 'docs:read'] }),
  'completion/complete': scoped,
  '*': 'deny',
}
const reader = { token: { scopes: ['docs:read'] } }

const freeMethods = [
  'initialize',
  'ping',
  'server/discover',
  'tools/list',
  'resources/list',
  'resources/templates/list',
  'prompts/list',
  'notifications/initialized',
  'notifications/cancelled',
  'notifications/progress',
  'notifications/roots/list_changed',
]

describe('rules', () => {
  test.each(freeMethods)('MCP: %s is free for every admitted request', async (method) => {
    const server = await guard({ '*': 'deny' })
    expect((await server.post(message(method))).status).toBe(200)
    expect(server.events.map(({ phase }) => phase)).toEqual(['authentication'])
  })

  test('MCP: a row for a free method holds', async () => {
    const server = await guard({ 'tools/list': scoped, '*': 'deny' })
    expect((await server.post(message('tools/list'))).status).toBe(403)
    expect((await server.post(message('tools/list'), reader)).status).toBe(200)
  })

  test('MCP-01: a tool with its scope, one without, one that the table does not name', async () => {
    const server = await guard(table)
    expect((await server.post(call('search'), reader)).status).toBe(200)
    expect((await server.post(call('search'))).status).toBe(403)
    expect((await server.post(call('other'), reader)).status).toBe(403)
    expect(server.handled).toEqual([call('search')])
  })

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '*', '', 'Search', 'search '])(
    'MCP-02: the name %j is no own member of the table',
    async (name) => {
      const server = await guard(table)
      const [refused] = [await server.post(call(name), reader)]
      expect(refused.status).toBe(403)
      expect(server.handled).toEqual([])
    },
  )

  test.each([
    '__proto__',
    'constructor',
    'tools/Call',
    'tasks/get',
    'subscriptions/listen',
    'logging/setLevel',
    '*',
    '',
  ])('MCP: the method %j has no row', async (method) => {
    const server = await guard(table)
    expect((await server.post(message(method, { name: 'search' }), reader)).status).toBe(403)
  })

  test('MCP: the rule for all other methods may be a requirement', async () => {
    const server = await guard({ '*': scoped })
    expect((await server.post(message('tasks/get'), reader)).status).toBe(200)
    expect((await server.post(message('tasks/get'))).status).toBe(403)
  })

  test.each([undefined, 1, null, ['search'], { toString: 'search' }])(
    'MCP: in a map the name %j is denied',
    async (name) => {
      const server = await guard({ 'tools/call': { search: {}, '*': {} }, '*': {} })
      expect((await server.post(call(name))).status).toBe(403)
    },
  )

  test('MCP: a function gets the name or URI and the arguments', async () => {
    const asked = vi.fn(() => ({ ...scoped }))
    const server = await guard({ 'prompts/get': asked, 'resources/read': asked, 'tasks/get': asked, '*': 'deny' })
    await server.post(message('prompts/get', { name: 'greet', arguments: { a: 1 } }), reader)
    await server.post(message('resources/read', { uri: 'file:///x', name: 'y' }), reader)
    await server.post(message('tasks/get', { taskId: '7' }), reader)
    expect(asked.mock.calls).toEqual([
      ['greet', { name: 'greet', arguments: { a: 1 } }],
      ['file:///x', { uri: 'file:///x', name: 'y' }],
      ['', { taskId: '7' }],
    ])
    for (const params of [{}, { name: 7 }, { name: 'x', uri: ['file:'] }]) {
      expect((await server.post(message('resources/read', params), reader)).status).toBe(403)
    }
    expect(asked).toHaveBeenCalledTimes(3)
  })

  test('MCP: the function of a rule may be late, and decides by the arguments', async () => {
    const server = await guard({
      'tools/call': {
        pay: async (_name, { arguments: args }) => ((args as { sum: number }).sum > 10 ? 'deny' : {}),
        '*': 'deny',
      },
      '*': 'deny',
    })
    const pay = (sum: number) => server.post(message('tools/call', { name: 'pay', arguments: { sum } }))
    expect((await pay(5)).status).toBe(200)
    expect((await pay(50)).status).toBe(403)
  })

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('policy')
      },
    ],
    ['rejects', () => Promise.reject(new Error('policy'))],
    ['answers nothing', () => undefined],
    ['answers true', () => true],
    ['answers a requirement with an unknown member', () => ({ scope: 'pay' })],
    ['answers another word', () => Promise.resolve('allow')],
  ])('MCP-09: a function that %s is an outage', async (_name, rule) => {
    const server = await guard({ 'tools/call': rule as never, '*': 'deny' })
    const reply = await server.post(call('search'), reader)
    expect([reply.status, JSON.parse(reply.text).code]).toEqual([503, 'policy_unavailable'])
    expect(server.events.at(-1)).toMatchObject({ code: 'policy_unavailable', rule: 'table' })
  })

  test('MCP-09: a function that is late is an outage', async () => {
    const rule = () => new Promise<never>(() => {})
    const server = await guard({ 'tools/call': rule, '*': 'deny' }, { verifier: { hookTimeoutMs: 10 } })
    const reply = await server.post(call('search'), reader)
    expect([reply.status, JSON.parse(reply.text).code]).toEqual([503, 'policy_unavailable'])
    expect(server.handled).toEqual([])
  })

  test('MCP: a function whose party rule does not fit the issuers is an outage', async () => {
    const server = await guard({ 'tools/call': () => ({ actor: { issuer: 'https://other.example' } }), '*': 'deny' })
    const reply = await server.post(call('search'), reader)
    expect([reply.status, JSON.parse(reply.text).code]).toEqual([503, 'policy_unavailable'])
  })

  test('MCP: a rule that is only tried refuses nothing, and its reason is in the event', async () => {
    const server = await guard({ 'tools/call': { scopes: ['pay'], reportOnly: true }, '*': 'deny' })
    expect((await server.post(call('search'))).status).toBe(200)
    expect(server.events.at(-1)).toMatchObject({ decision: 'admitted', wouldRefuse: ['scope_missing'] })
    const context = await server.kit.context({ verifier: server.verifier })
    expect(server.access.allows(context, 'tools/call', 'search')).toBe(true)
  })

  test('MCP-07: a token that ends while the body arrives is refused', async () => {
    const late = async (_request: express.Request, _response: unknown, next: () => void) => {
      server.kit.clock.advance(400)
      next()
    }
    const server = await guard(table, { parser: late as never })
    const reply = await server.post(call('search'), reader)
    expect([reply.status, JSON.parse(reply.text).code]).toEqual([401, 'token_expired'])
    expect(server.handled).toEqual([])
  })

  test('MCP-07: a token that ends while a function is asked is refused', async () => {
    const advance: { run?: () => void } = {}
    const rule = async () => {
      advance.run?.()
      return {}
    }
    const server = await guard({ 'tools/call': rule, '*': 'deny' })
    advance.run = () => server.kit.clock.advance(400)
    const reply = await server.post(call('search'), reader)
    expect([reply.status, JSON.parse(reply.text).code]).toEqual([401, 'token_expired'])
  })
})

describe('the answer', () => {
  test('RFC 6750 §3.1: the challenge has the scheme that was used, all scopes and the metadata', async () => {
    const server = await guard(table)
    const reply = await server.post(call('pay'), { token: { human: 'alice' } })
    expect(reply.status).toBe(403)
    expect(readChallenges(String(reply.headers['www-authenticate']))).toEqual({
      DPoP: expect.objectContaining({
        error: 'insufficient_scope',
        scope: 'pay docs:read',
        resource_metadata: 'https://api.example.test/.well-known/oauth-protected-resource',
      }),
    })
  })

  test('RFC 9470 §3: a rule about the sign-in is answered with a step-up', async () => {
    const server = await guard({ 'tools/call': { acr: ['gold'] }, '*': 'deny' })
    const reply = await server.post(call('x'))
    expect(reply.status).toBe(401)
    expect(reply.headers['www-authenticate']).toContain('acr_values="gold"')
  })

  test('MCP: a token that does not hold is 401, whatever the rule says', async () => {
    const server = await guard(table)
    const reply = await server.post(call('other'), { token: { lifetimeSeconds: -60 } })
    expect(reply.status).toBe(401)
  })

  test('MCP: the audit names the operation and the rule; a denial by the table is one access event', async () => {
    const server = await guard(table)
    await server.post(call('search'), reader)
    await server.post(call('other'), reader)
    expect(server.events.filter(({ phase }) => phase === 'access')).toMatchObject([
      {
        decision: 'admitted',
        code: null,
        rule: null,
        request: { operation: 'tools/call search' },
        scopesRequired: ['docs:read'],
      },
      {
        decision: 'refused',
        code: 'access_denied',
        status: 403,
        rule: 'table',
        request: { operation: 'tools/call other' },
      },
    ])
  })

  test('MCP: scopes of the rules are in the metadata, but for hidden ones', async () => {
    const server = await guard({ ...table, 'tasks/get': { scopes: ['secret'], hidden: true } })
    const document = await server.get('/.well-known/oauth-protected-resource')
    expect(JSON.parse(document.text)['scopes_supported']).toEqual(['docs:read', 'pay'])
  })

  test('MCP: a gate, which knows no routes, is given the scopes of the rules', async () => {
    const { scopes } = mcpAccess({ ...table, 'tasks/get': { scopes: ['secret'], hidden: true } })
    expect(scopes).toEqual(['docs:read', 'pay'])
    const kit = await createKit()
    const gate = createGate({ ...kit.options, metadata: { scopes_supported: scopes } })
    const entry = await gate(new Request('https://api.example.test/.well-known/oauth-protected-resource'))
    const document: unknown = entry.ok ? undefined : await entry.response.json()
    expect(document).toMatchObject({ scopes_supported: ['docs:read', 'pay'] })
  })

  test('MCP: the summary has a row for each operation', async () => {
    const server = await guard(table)
    const context = await server.kit.context({ token: { scopes: ['docs:read'] }, verifier: server.verifier })
    const rows = server.summary(context).routes.filter(({ method }) => method === 'POST')
    expect(rows.map(({ operation, reachable }) => [operation, reachable])).toEqual([
      ['tools/call search', 'yes'],
      ['tools/call pay', 'no'],
      ['tools/call *', 'no'],
      ['resources/read', 'depends'],
      ['completion/complete', 'yes'],
      ['*', 'no'],
    ])
  })
})

describe('the table', () => {
  test.each<[string, unknown, string]>([
    ['is missing', undefined, 'mcpAccess'],
    ['is a list', [], 'mcpAccess'],
    ["has no '*'", { 'tools/call': 'deny' }, 'mcpAccess'],
    ["has a function as '*'", { '*': () => 'deny' }, 'mcpAccess["*"]'],
    ["has a map as '*'", { '*': { '*': 'deny' } }, 'mcpAccess["*"]'],
    ['has another word', { 'tools/call': 'allow', '*': 'deny' }, 'mcpAccess["tools/call"]'],
    ['has a wrong requirement', { 'tools/call': { scopes: 'a' }, '*': 'deny' }, 'mcpAccess["tools/call"].scopes'],
    ["has names without '*'", { 'tools/call': { search: {} }, '*': 'deny' }, 'mcpAccess["tools/call"].search'],
    [
      'has a wrong rule for a name',
      { 'tools/call': { a: true, '*': 'deny' }, '*': 'deny' },
      'mcpAccess["tools/call"]["a"]',
    ],
  ])('MCP: a table that %s is an OptionsError', (_name, wrong, path) => {
    let problems: readonly string[] = []
    try {
      mcpAccess(wrong as McpTable)
    } catch (error) {
      if (error instanceof OptionsError) problems = error.problems.map((problem) => problem.path)
    }
    expect(problems).toContain(path)
  })

  test('MCP: a party rule that does not fit the issuers is an error of the route', async () => {
    const server = await guard({ 'tools/call': { actor: { issuer: 'https://other.example' } }, '*': 'deny' })
    expect((await server.post(call('search'))).status).toBe(500)
    await expect(server.verifier.ready()).rejects.toThrow(OptionsError)
  })
})

describe('allows', () => {
  test('MCP: false only where the table or the caller decides', async () => {
    const server = await guard(table)
    const contextWith = (token: object) => server.kit.context({ token, verifier: server.verifier })
    const context = await contextWith({ scopes: ['docs:read'] })
    const { allows } = mcpAccess({
      ...table,
      'tools/call': {
        search: scoped,
        pay: { authority: 'delegated' },
        strong: { acr: ['gold'], maxAuthAgeSeconds: 1, where: () => false },
        detail: { details: { type: 'x', allows: () => false } },
        asked: () => 'deny',
        bob: { principal: { subject: 'bob' } },
        team: { roles: ['team'] },
        '*': 'deny',
      },
    })
    const names = ['search', 'pay', 'strong', 'detail', 'asked', 'bob', 'team', 'other']
    expect(names.filter((name) => allows(context, 'tools/call', name))).toEqual(['search', 'strong', 'detail', 'asked'])
    expect([allows(context, 'tools/list'), allows(context, 'tools/call'), allows(context, 'tasks/get')]).toEqual([
      true,
      false,
      false,
    ])
    expect(allows(await contextWith({ human: 'alice' }), 'tools/call', 'pay')).toBe(true)
  })
})
