import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createVerifier } from 'onbehalf'
import { createTestIssuer, type TestIssuer, type TokenInput } from 'onbehalf/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { story } from '../../examples/mcp-demo/story.ts'
import { createSessionApp } from '../../examples/mcp-server/sessions.ts'
import { type Reply, type Send, serve } from '../support/servers.ts'

const launcher = fileURLToPath(new URL('../../examples/demo/run.mjs', import.meta.url))

describe('the demo of the MCP server', { timeout: 300_000 }, () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onbehalf-mcp-demo-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  function runDemo(...args: string[]): Promise<{ exitCode: number | string; stdout: string }> {
    return new Promise((resolve) => {
      execFile(process.execPath, [launcher, 'mcp-demo', ...args], { timeout: 240_000 }, (error, stdout) => {
        resolve({ exitCode: error === null ? 0 : (error.code ?? 'killed'), stdout })
      })
    })
  }

  test('npm run demo:mcp: every line happens as told, over real sockets', async () => {
    const { exitCode, stdout } = await runDemo()
    const lines = stdout.split('\n').slice(1, story.length + 1)
    expect(lines.map((line) => line.trim().split(/ {2,}/))).toEqual(
      story.map(({ scene, who, forWhom, bound, decision, status, code }) => [
        scene,
        who,
        forWhom,
        bound,
        decision,
        String(status),
        code,
      ]),
    )
    expect(exitCode).toBe(0)
  })

  test('npm run demo:mcp: it fails when one line is another', async () => {
    const path = join(folder, 'changed.json')
    await writeFile(path, JSON.stringify(story.map((row, at) => (at === 4 ? { ...row, code: 'scope_missing' } : row))))
    const { exitCode, stdout } = await runDemo('--story', path)
    expect(exitCode).toBe(1)
    expect(stdout.split('\n').filter((line) => line.startsWith('! '))).toHaveLength(1)
  })
})

describe('the sessions of revision 2025-11-25', () => {
  const resource = 'https://api.example.test/mcp'
  const alice = { human: 'alice', scopes: ['calendar:read'] }
  const initialize = {
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
  }
  const read = { method: 'tools/call', params: { name: 'read_calendar', arguments: {} } }

  let issuer: TestIssuer
  let send: Send

  async function post(
    agent: [subject: string, clientId: string],
    token: Partial<TokenInput>,
    message: object,
    session?: string,
  ): Promise<Reply> {
    const caller = await issuer.agent(agent[0], { clientId: agent[1] })
    const accessToken = await issuer.token({ agent: caller, ...token })
    return send('/mcp', {
      method: 'POST',
      headers: {
        ...(await caller.headers('POST', resource, accessToken)),
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(session !== undefined && { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
    })
  }

  async function open(): Promise<string> {
    issuer = await createTestIssuer({ resource })
    const verifier = createVerifier({ issuer: issuer.options, resource, clock: issuer.clock, dpop: { preset: 'mcp' } })
    send = await serve(createSessionApp(verifier))
    const opened = await post(['planner', 'app-1'], alice, initialize)
    expect(opened.status).toBe(200)
    return String(opened.headers['mcp-session-id'])
  }

  test('MCP: a session is there for its caller, under each token of that caller', async () => {
    const session = await open()
    const reply = await post(['planner', 'app-1'], { ...alice, scopes: ['calendar:read', 'more'] }, read, session)
    expect(reply.status).toBe(200)
    expect(reply.text).toContain('nothing')
  })

  test.each<[string, [string, string], Partial<TokenInput>]>([
    ['another user', ['planner', 'app-1'], { ...alice, human: 'bob' }],
    ['another agent of the same user', ['clerk', 'app-1'], alice],
    ['another client of the same user', ['planner', 'app-2'], alice],
    ['the agent itself', ['planner', 'app-1'], { scopes: alice.scopes }],
  ])('MCP: to %s a session does not exist', async (_name, agent, token) => {
    const session = await open()
    const refused = await post(agent, token, read, session)
    expect(refused.status).toBe(404)
    expect(refused.text).not.toContain('nothing')
    expect((await post(['planner', 'app-1'], alice, read, session)).status).toBe(200)
  })

  test.each(['GET', 'DELETE'])('MCP: nobody else can %s a session', async (method) => {
    const session = await open()
    const sentBy = async (human: string) => {
      const agent = await issuer.agent('planner', { clientId: 'app-1' })
      const token = await issuer.token({ agent, ...alice, human })
      const headers = { ...(await agent.headers(method, resource, token)), accept: 'text/event-stream' }
      return send('/mcp', { method, headers: { ...headers, 'mcp-session-id': session } })
    }
    expect((await sentBy('bob')).status).toBe(404)
    expect((await post(['planner', 'app-1'], alice, read, session)).status).toBe(200)
    if (method === 'DELETE') expect((await sentBy('alice')).status).toBe(200)
  })

  test('MCP: the rules hold in a session', async () => {
    const session = await open()
    expect((await post(['planner', 'app-1'], { human: 'alice' }, read, session)).status).toBe(403)
  })

  test('MCP: without a session nothing but initialize is served', async () => {
    await open()
    expect((await post(['planner', 'app-1'], alice, read)).status).toBe(400)
  })
})
