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

/** What a polluted prototype gives to messages. */
const inherited: readonly [string, object, number][] = [
  ['a name', { ...call('other'), params: Object.create({ name: 'search' }) }, 403],
  ['a message', Object.create(message('ping')), 400],
]

function leaves(change: (body: unknown) => unknown): express.RequestHandler {
  return (request, _response, next) => {
    request.body = change(request.body)
    next()
  }
}

describe('the body', () => {
  test.each([
    ['an empty batch', []],
    ['33 messages', Array.from({ length: 33 }, () => call('search'))],
    ['a number', 7],
    ['null', null],
    ['no version', { id: 1, method: 'tools/list' }],
    ['another version', { jsonrpc: '1.0', id: 1, method: 'tools/list' }],
    ['a method that is no text', { jsonrpc: '2.0', id: 1, method: ['tools/list'] }],
    ['an id that is null', { jsonrpc: '2.0', id: null, method: 'tools/list' }],
    ['a request with a result', { jsonrpc: '2.0', id: 1, method: 'tools/list', result: {} }],
    ['params that are text', message('tools/call', 'search')],
    ['neither request nor response', { jsonrpc: '2.0', id: 1 }],
    ['a batch in a batch', [[call('search')]]],
    ['a batch with something else', [call('search'), 'x']],
  ])('MCP-03: %s is refused', async (_name, body) => {
    const server = await guard({ '*': {} })
    const reply = await server.post(body, reader)
    expect([reply.status, JSON.parse(reply.text).error.code]).toEqual([400, -32_600])
    expect(reply.headers).not.toHaveProperty('www-authenticate')
    expect(server.handled).toEqual([])
    expect(server.events.at(-1)).toMatchObject({
      phase: 'access',
      code: 'request_malformed',
      rule: 'table',
      status: 400,
    })
  })

  test('MCP-04: every message of a batch must be allowed', async () => {
    const server = await guard(table)
    expect((await server.post([call('search'), call('search', { id: 2 })], reader)).status).toBe(200)
    expect((await server.post([call('search'), call('other')], reader)).status).toBe(403)
    expect((await server.post([call('other'), call('search')], reader)).status).toBe(403)
    expect(server.handled).toHaveLength(1)
  })

  test('MCP: responses are free', async () => {
    const server = await guard({ '*': 'deny' })
    expect((await server.post({ jsonrpc: '2.0', id: 1, result: {} })).status).toBe(200)
    expect((await server.post({ jsonrpc: '2.0', id: 'a', error: { code: 1, message: 'x' } })).status).toBe(200)
  })

  test('MCP: of two members of one name the judged one is the one that the server gets', async () => {
    const server = await guard(table)
    const body =
      '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"search","name":"other"}}'
    expect((await server.post(body, reader)).status).toBe(403)
  })

  test.each(inherited)('MCP-02: %s that is inherited counts for nothing', async (_name, body, status) => {
    const server = await guard(table, { parser: leaves(() => body) })
    expect((await server.post(call('search'), reader)).status).toBe(status)
    expect(server.handled).toEqual([])
  })

  test.each(['GET', 'DELETE', 'HEAD'])('MCP: %s has no message', async (method) => {
    const server = await guard({ '*': 'deny' })
    expect((await server.post(undefined, { method })).status).toBe(200)
  })

  test.each(['DELETE', 'OPTIONS'])('MCP: %s with a message is judged like a POST', async (method) => {
    const server = await guard({ '*': 'deny' })
    expect((await server.post(call('search'), { method })).status).toBe(403)
  })

  test.each(['PUT', 'PATCH'])('MCP: %s with a body is judged like a POST', async (method) => {
    const server = await guard({ '*': 'deny' })
    expect((await server.post(call('search'), { method })).status).toBe(403)
  })

  test.each<[string, false | express.RequestHandler]>([
    ['none', false],
    ['text', leaves(JSON.stringify)],
    ['octets', leaves((body) => Buffer.from(JSON.stringify(body)))],
  ])('MCP-06: where the parser leaves %s of a POST, it is an error of the configuration', async (_name, parser) => {
    const server = await guard(table, { parser })
    expect((await server.post(call('search'), reader)).status).toBe(500)
    expect(server.handled).toEqual([])
  })

  test('MCP: a notification is judged like a request', async () => {
    const server = await guard(table)
    const notified = (name: string) => ({ jsonrpc: '2.0', method: 'tools/call', params: { name } })
    expect((await server.post(notified('other'), reader)).status).toBe(403)
    expect((await server.post([{ jsonrpc: '2.0', id: 1, result: {} }, notified('other')], reader)).status).toBe(403)
    expect((await server.post(notified('search'), reader)).status).toBe(200)
  })

  test.each([
    ['a message', '{"jsonrpc":"2.0","id":1,"__proto__":{"method":"ping"}}', 400],
    ['its version', '{"__proto__":{"jsonrpc":"2.0"},"id":1,"method":"ping"}', 400],
    ['a name', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"__proto__":{"name":"search"}}}', 403],
    ['arguments in a list', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["search"]}', 403],
    ['a method that is null beside a result', '{"jsonrpc":"2.0","id":1,"method":null,"result":{}}', 400],
  ])('MCP-02: %s that is no own member counts for nothing', async (_name, body, status) => {
    const server = await guard(table)
    expect((await server.post(body, reader)).status).toBe(status)
    expect(server.handled).toEqual([])
  })
})

describe('headers', () => {
  const base64 = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`

  test.each<[string, Record<string, string | string[]>]>([
    ['both', { 'mcp-method': 'tools/call', 'mcp-name': 'search' }],
    ['the method alone', { 'mcp-method': 'tools/call' }],
    ['none', {}],
    ['an encoded name', { 'mcp-name': base64('search') }],
    ['spaces around', { 'mcp-name': '  search ' }],
  ])('SEP-2243: %s may be there', async (_name, headers) => {
    const server = await guard(table)
    expect((await server.post(call('search'), { ...reader, headers })).status).toBe(200)
  })

  test.each<[string, Record<string, string | string[]>]>([
    ['another name', { 'mcp-name': 'pay' }],
    ['another method', { 'mcp-method': 'tools/list' }],
    ['the name in another case', { 'mcp-name': 'Search' }],
    ['two lines that agree', { 'mcp-name': ['search', 'search'] }],
    ['two lines', { 'mcp-method': ['tools/call', 'tools/list'] }],
    ['an empty line', { 'mcp-name': '' }],
    ['another encoded name', { 'mcp-name': base64('pay') }],
    ['base64 that is not canonical', { 'mcp-name': '=?base64?c2VhcmNo====?=' }],
    ['another spelling of the marks', { 'mcp-name': base64('search').replace('base64', 'BASE64') }],
    ['octets that are no UTF-8', { 'mcp-name': '=?base64?/w==?=' }],
  ])('MCP-05: %s is refused with -32020', async (_name, headers) => {
    const server = await guard({ '*': {} })
    const reply = await server.post(call('search'), { ...reader, headers })
    expect([reply.status, JSON.parse(reply.text)]).toMatchObject([400, { id: 1, error: { code: -32_020 } }])
    expect(server.handled).toEqual([])
  })

  test('SEP-2243: the audit names what the body asked for', async () => {
    const server = await guard({ '*': {} })
    const headers = { 'mcp-name': 'pay' }
    await server.post(call('search'), { headers })
    await server.post([{ jsonrpc: '2.0', id: 1, result: {} }, call('admin')], { headers })
    await server.post({ jsonrpc: '2.0', id: 1, result: {} }, { headers })
    await server.post([], { headers })
    const refused = server.events.filter(({ phase }) => phase === 'access')
    expect(refused.map(({ code, request }) => [code, request.operation])).toEqual([
      ['request_malformed', 'tools/call search'],
      ['request_malformed', 'tools/call admin'],
      ['request_malformed', null],
      ['request_malformed', null],
    ])
  })

  test.each(['=?base64?QQ?=', '=?base64?/w==?='])('SEP-2243: %s beside a message without a name', async (name) => {
    const server = await guard({ '*': {} })
    expect((await server.post(message('tools/list'), { headers: { 'mcp-name': name } })).status).toBe(400)
    expect((await server.post(call(undefined), { headers: { 'mcp-name': name } })).status).toBe(400)
  })

  test('SEP-2243: a name beside a message that has none', async () => {
    const server = await guard({ '*': {} })
    expect((await server.post(message('tools/list'), { headers: { 'mcp-name': 'search' } })).status).toBe(400)
    expect(
      (await server.post({ jsonrpc: '2.0', id: 1, result: {} }, { headers: { 'mcp-method': 'ping' } })).status,
    ).toBe(400)
  })

  test.each<[string, number]>([
    ['\t search', 200],
    ['search\u00a0', 400],
  ])('RFC 9110 §5.6.3: around %j only spaces of HTTP are left out', async (name, status) => {
    const kit = await createKit()
    const headers = { ...(await kit.credentials('POST', '/mcp')), 'mcp-name': name }
    const request = new Request('https://api.example.test/mcp', { method: 'POST', headers })
    const access = mcpAccess({ '*': {} })
    const entry = await access.fetch(await createGate(kit.verifier)(request), request, call('search'))
    expect(entry.ok ? 200 : entry.response.status).toBe(status)
  })

  test.each(['tasks/get', 'tasks/update', 'tasks/cancel'])('SEP-2663: the name of %s is its task', async (method) => {
    const server = await guard({ '*': {} })
    const body = message(method, { taskId: 'task-7', name: 'x' })
    expect((await server.post(body, { headers: { 'mcp-name': 'task-7' } })).status).toBe(200)
    for (const name of ['task-8', 'x', '']) {
      expect((await server.post(body, { headers: { 'mcp-name': name } })).status).toBe(400)
    }
  })

  test('SEP-2243: a name that is not ASCII comes encoded', async () => {
    const server = await guard({ 'tools/call': { suche_ü: {}, '*': 'deny' }, '*': 'deny' })
    expect((await server.post(call('suche_ü'), { headers: { 'mcp-name': base64('suche_ü') } })).status).toBe(200)
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
