import type express from 'express'
import { createGate } from 'onbehalf/fetch'
import { type McpTable, mcpAccess } from 'onbehalf/mcp'
import { describe, expect, test } from 'vitest'
import { createKit } from '../support/kit.ts'
import { call, guard, message } from './guarded.ts'

const scoped = { scopes: ['docs:read'] }
const table: McpTable = {
  'tools/call': { search: scoped, '*': 'deny' },
  '*': 'deny',
}
const reader = { token: { scopes: ['docs:read'] } }

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
