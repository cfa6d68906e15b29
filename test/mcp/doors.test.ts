/** What headers, body and batch may not do to each other, at every door and before both SDKs. */
import { describe, expect, test } from 'vitest'
import { hosts, type Started } from './hosts.ts'
import { handshake, stateless } from './messages.ts'

interface Case {
  readonly body: unknown
  readonly headers?: Record<string, string>
}

const call = (name: unknown, more: object = {}) => ({
  ...handshake.message('tools/call', { name, arguments: {} }),
  ...more,
})
const modern = (name: string, said: Record<string, string>): Case => ({
  body: stateless.message('tools/call', { name, arguments: {} }),
  headers: { ...stateless.headers('tools/call', { name }), ...said },
})

/** `whoami` is allowed, `admin` is not. */
const refused: readonly [string, number, Case][] = [
  ['a batch of which one is forbidden', 403, { body: [call('whoami'), call('admin', { id: 2 })] }],
  ['a forbidden notification', 403, { body: { ...call('admin'), id: undefined } }],
  ['a forbidden call behind a response', 403, { body: [{ jsonrpc: '2.0', id: 9, result: {} }, call('admin')] }],
  [
    'two members with one name',
    403,
    { body: JSON.stringify(call('whoami')).replace('"whoami"', '"whoami","name":"admin"') },
  ],
  ['the name of another tool in Mcp-Name', 400, modern('admin', { 'mcp-name': 'whoami' })],
  ['another method in Mcp-Method', 400, modern('admin', { 'mcp-method': 'tools/list' })],
  ['a call that is a result as well', 400, { body: { ...call('whoami'), result: {} } }],
  ['an empty batch', 400, { body: [] }],
  ['null', 400, { body: null }],
]

async function post(started: Started, { body, headers = handshake.headers('tools/call') }: Case): Promise<number> {
  const { issuer, url } = started
  const agent = await issuer.agent('travel-7')
  const token = await issuer.token({ agent, human: 'alice', scopes: ['docs:read'] })
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers, ...(await agent.headers('POST', url.href, token)) },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  await response.body?.cancel()
  return response.status
}

describe.each(hosts)('$name', (host) => {
  test('MCP-05: body, headers and batch cannot disagree', async () => {
    const started = await host.start()
    for (const [name, status, sent] of refused) expect([name, await post(started, sent)]).toEqual([name, status])
    const reached = started.events.filter(({ phase, decision, request }) => {
      return phase === 'access' && decision === 'admitted' && request.operation !== 'tools/call whoami'
    })
    expect(reached).toEqual([])
    expect(await post(started, { body: call('whoami') })).toBe(200)
  })

  test.each(['GET', 'DELETE', 'POST'])('MCP: a stranger is refused before a %s is read', async (method) => {
    const { url } = await host.start()
    const response = await fetch(url, {
      method,
      headers: handshake.headers('tools/call'),
      ...(method === 'POST' && { body: '{"not": json' }),
    })
    await response.body?.cancel()
    expect(response.status).toBe(401)
  })
})
