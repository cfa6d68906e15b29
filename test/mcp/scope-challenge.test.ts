import { toNodeHandler } from '@modelcontextprotocol/node'
import { McpServer as FirstMcpServer, ResourceTemplate as FirstTemplate } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createMcpHandler, McpServer, ResourceTemplate } from '@modelcontextprotocol/server'
import { createVerifier } from 'onbehalf'
import { mcpAccess } from 'onbehalf/mcp'
import { createTestIssuer, type TestIssuer } from 'onbehalf/testing'
import { describe, expect, test } from 'vitest'
import { parseChallenges } from '../support/challenges.ts'
import { type Reply, serve } from '../support/servers.ts'
import { overExpress, type Serve } from './hosts.ts'
import { handshake, type Revision, stateless } from './messages.ts'

/**
 * The MCP project's scenario `sep-2350-server-scope-challenge`, as far as it concerns a resource server: each operation
 * that needs more is a 403 whose one challenge names all scopes, and works with a token that has them.
 */
const resource = 'https://api.example.test/mcp'
const metadataUrl = 'https://api.example.test/.well-known/oauth-protected-resource/mcp'
const low = ['mcp:basic']
const full = ['mcp:basic', 'files:read', 'files:write']

const needsAll = { scopes: full }
const access = mcpAccess({
  'tools/call': { test_simple_text: needsAll, '*': 'deny' },
  'resources/read': (uri) => (/^test:\/\/(?:static-text|template\/\w+\/data)$/.test(uri) ? needsAll : 'deny'),
  'prompts/get': { test_simple_prompt: needsAll, '*': 'deny' },
  '*': 'deny',
})

const text = 'This is a simple text.'
const answers = {
  tool: () => ({ content: [{ type: 'text' as const, text }] }),
  resource: (uri: URL) => ({ contents: [{ uri: uri.href, text }] }),
  prompt: () => ({ messages: [{ role: 'user' as const, content: { type: 'text' as const, text } }] }),
}
const template = 'test://template/{id}/data'

const serveFirst: Serve = async (request, response, body) => {
  const server = new FirstMcpServer({ name: 'fixtures', version: '1.0.0' })
  server.registerTool('test_simple_text', {}, answers.tool)
  server.registerResource('static', 'test://static-text', {}, answers.resource)
  server.registerResource('template', new FirstTemplate(template, { list: undefined }), {}, answers.resource)
  server.registerPrompt('test_simple_prompt', {}, answers.prompt)
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
  await server.connect(transport as never)
  await transport.handleRequest(request, response, body)
}

const serveSecond = toNodeHandler(
  createMcpHandler(() => {
    const server = new McpServer({ name: 'fixtures', version: '1.0.0' })
    server.registerTool('test_simple_text', {}, answers.tool)
    server.registerResource('static', 'test://static-text', {}, answers.resource)
    server.registerResource('template', new ResourceTemplate(template, { list: undefined }), {}, answers.resource)
    server.registerPrompt('test_simple_prompt', {}, answers.prompt)
    return server
  }),
) as Serve

const operations: readonly [string, string, Record<string, unknown>][] = [
  ['tools/call', 'tools/call', { name: 'test_simple_text', arguments: {} }],
  ['resources/read', 'resources/read', { uri: 'test://static-text' }],
  ['resources/read of a template', 'resources/read', { uri: 'test://template/123/data' }],
  ['prompts/get', 'prompts/get', { name: 'test_simple_prompt' }],
]

describe.each<[string, Serve, Revision]>([
  ['SDK 1, 2025-11-25', serveFirst, handshake],
  ['SDK 2, 2025-11-25', serveSecond, handshake],
  ['SDK 2, 2026-07-28', serveSecond, stateless],
])('scope challenges: %s', (_name, serveMcp, revision) => {
  async function open(): Promise<
    (method: string, params: Record<string, unknown>, scopes: readonly string[]) => Promise<Reply>
  > {
    const issuer: TestIssuer = await createTestIssuer({ resource })
    const { options, clock } = issuer
    const verifier = createVerifier({ issuer: options, resource, clock, dpop: { preset: 'mcp' } })
    const send = await serve(await overExpress(verifier, access, serveMcp))
    const agent = await issuer.agent('travel-7')
    return async (method, params, scopes) => {
      const token = await issuer.token({ agent, human: 'alice', scopes })
      const headers = { ...revision.headers(method, params), ...(await agent.headers('POST', resource, token)) }
      return send('/mcp', { method: 'POST', headers, body: JSON.stringify(revision.message(method, params)) })
    }
  }

  test.each(operations)(
    'SEP-2350: %s names all scopes in one challenge, and works with them',
    async (_title, method, params) => {
      const ask = await open()
      const refused = await ask(method, params, low)
      expect(refused.status).toBe(403)
      const challenges = parseChallenges(String(refused.headers['www-authenticate']))
      expect(challenges.map(({ scheme, parameters }) => [scheme, parameters.get('error')])).toEqual([
        ['DPoP', 'insufficient_scope'],
      ])
      const [challenge] = challenges
      expect(challenge?.parameters.get('scope')?.split(' ').sort()).toEqual([...full].sort())
      expect(challenge?.parameters.get('resource_metadata')).toBe(metadataUrl)

      const served = await ask(method, params, full)
      expect(served.status).toBe(200)
      expect(served.text).toContain(text)
    },
  )

  test('SEP-2350: a scope beside those of the token is not asked for twice, and the token needs all of them', async () => {
    const ask = await open()
    const [, method, params] = operations[0] as (typeof operations)[number]
    for (const scopes of [[], full.slice(0, 2), full.slice(1)])
      expect((await ask(method, params, scopes)).status).toBe(403)
  })
})
