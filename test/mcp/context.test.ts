import { inspect } from 'node:util'
import { partyKey } from 'onbehalf'
import { createGate } from 'onbehalf/fetch'
import { type AuthInfo, agentContextOf, stateOwner } from 'onbehalf/mcp'
import type { TokenInput } from 'onbehalf/testing'
import { describe, expect, test } from 'vitest'
import { createKit, type Kit, url } from '../support/kit.ts'

async function authInfoFor(kit: Kit, token: Partial<TokenInput> = {}): Promise<AuthInfo> {
  const headers = await kit.credentials('GET', '/tools', { token, ...(token.agent && { prover: token.agent }) })
  const entry = await createGate(kit.verifier)(new Request(url, { headers }))
  if (!entry.ok) throw new Error('The request was refused.')
  return entry.authInfo
}

describe('AuthInfo', () => {
  test('MCP: it has the id of the token, the client, the scopes, the end, the resource and its metadata, never the token', async () => {
    const kit = await createKit()
    const info = await authInfoFor(kit, { scopes: ['docs:read'], claims: { jti: 'j-1' } })
    expect({ ...info }).toEqual({
      token: 'j-1',
      clientId: 'travel-7',
      scopes: ['docs:read'],
      expiresAt: Math.floor(kit.clock.now() / 1_000) + 300,
      resource: new URL('https://api.example.test'),
      resourceMetadataUrl: 'https://api.example.test/.well-known/oauth-protected-resource',
      extra: {},
    })
  })

  test('MCP: without a client it names the actor', async () => {
    const kit = await createKit({ trust: { optionalClaims: ['client_id'] } })
    const info = await authInfoFor(kit, { claims: { client_id: undefined } })
    expect(info.clientId).toBe(partyKey(agentContextOf(info).actor))
  })

  test('MCP: nobody can change it for the next request of the token', async () => {
    const kit = await createKit()
    const token = await kit.token({ scopes: ['docs:read'] })
    const gate = createGate(kit.verifier)
    const enter = async () => {
      const entry = await gate(new Request(url, { headers: await kit.credentials('GET', '/tools', { token }) }))
      return entry.ok ? entry.authInfo : undefined
    }
    const info = await enter()
    expect(await enter()).toBe(info)
    if (info === undefined) throw new Error('The request was refused.')
    info.resource.href = 'https://other.example/'
    expect(info.resource.href).toBe('https://api.example.test/')
    expect(() => info.scopes.push('admin')).toThrow(TypeError)
    expect(() => Object.assign(info, { clientId: 'x' })).toThrow(TypeError)
    expect(() => Object.assign(info.extra, { x: 1 })).toThrow(TypeError)
  })

  test('MCP: neither it nor the context in it has the token or the proof', async () => {
    const kit = await createKit()
    const headers = await kit.credentials('GET', '/tools', { token: { human: 'alice', via: [] } })
    const entry = await createGate(kit.verifier)(new Request(url, { headers }))
    if (!entry.ok) throw new Error('The request was refused.')
    const printed = inspect(entry.authInfo, { showHidden: true, depth: null, getters: true })
    const parts = Object.values(headers).join('.').split(/[. ]/).slice(1)
    expect(parts).toHaveLength(6)
    for (const part of parts) expect(printed).not.toContain(part)
  })

  test('MCP: what prints it does not print the context', async () => {
    const info = await authInfoFor(await createKit(), { human: 'alice' })
    expect(JSON.stringify(info)).not.toContain('alice')
    expect(Object.keys(info.extra)).toEqual([])
    expect(info.extra['agentContext']).toBe(agentContextOf(info))
  })
})

describe('agentContextOf', () => {
  test('MCP: what the SDKs hand to a tool, to a factory and to a route, and copies of it', async () => {
    const info = await authInfoFor(await createKit(), { human: 'alice' })
    const context = agentContextOf(info)
    expect(context.principal.subject).toBe('alice')
    for (const ctx of [{ authInfo: info }, { http: { authInfo: info } }, { auth: info }, { authInfo: { ...info } }]) {
      expect(agentContextOf(ctx)).toBe(context)
    }
  })

  test.each([
    ['stdio', { http: undefined }],
    ['nothing', undefined],
    ['no guard', { authInfo: undefined }],
    ['an AuthInfo of something else', { authInfo: { token: 't', clientId: 'c', scopes: [], extra: {} } }],
    ['a context that somebody made', { authInfo: { extra: { agentContext: { principal: { subject: 'alice' } } } } }],
    ['text', 'authInfo'],
  ])('MCP-10: %s has none, and throws', (_name, ctx) => {
    expect(() => agentContextOf(ctx)).toThrow()
    expect(() => stateOwner(ctx, 'cart')).toThrow()
  })
})

describe('stateOwner', () => {
  test('MCP-11: another user, another agent, another client and another name are other owners; another token is not', async () => {
    const kit = await createKit()
    const [other, renamed] = await Promise.all([
      kit.issuer.agent('planner-2', { clientId: 'travel-7' }),
      kit.issuer.agent('travel-7', { clientId: 'other-client' }),
    ])
    const owner = async (token: Partial<TokenInput>, name = 'cart') => stateOwner(await authInfoFor(kit, token), name)
    const alice = await owner({ human: 'alice', scopes: ['a'] })
    expect(await owner({ human: 'alice', scopes: ['b'] })).toBe(alice)
    const others = await Promise.all([
      owner({ human: 'bob' }),
      owner({ human: 'alice', agent: other }),
      owner({ human: 'alice', agent: renamed }),
      owner({ service: 'alice', claims: { sub: 'x' } }),
      owner({}),
      owner({ human: 'alice' }, 'session'),
    ])
    expect(new Set([alice, ...others]).size).toBe(others.length + 1)
    expect(alice).toMatch(/^[\w-]{43}$/)
  })

  test('MCP-11: parts cannot be shifted into one another', async () => {
    const kit = await createKit()
    const owner = async (human: string, name: string) => stateOwner(await authInfoFor(kit, { human }), name)
    expect(await owner('a","b', 'c')).not.toBe(await owner('a', 'b","c'))
  })

  test('MCP: a name is needed', async () => {
    const info = await authInfoFor(await createKit())
    for (const name of ['', undefined, 7]) expect(() => stateOwner(info, name as string)).toThrow()
  })
})
