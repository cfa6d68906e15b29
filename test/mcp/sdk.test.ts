import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as FirstTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import { dpopFetch, type StepUpChallenge } from 'onbehalf/client'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hosts, type Started } from './hosts.ts'

interface Caller {
  readonly fetch: typeof fetch
  readonly challenges: StepUpChallenge[]
}

/** An agent of alice with a key of its own, whose step-ups are granted. */
async function caller({ issuer, url }: Started): Promise<Caller> {
  const key = await generateKeyPair('ES256')
  const agent = await issuer.agent('travel-7')
  const jkt = await calculateJwkThumbprint(await exportJWK(key.publicKey))
  const tokenWith = (scopes: readonly string[]) =>
    issuer.token({ agent, human: 'alice', scopes, claims: { cnf: { jkt } } })
  const token = await tokenWith(['docs:read'])
  const challenges: StepUpChallenge[] = []
  const send = dpopFetch({
    key,
    clock: () => issuer.clock.now(),
    // The other URLs that an SDK asks are of authorization servers.
    token: ({ href }) => (href === url.href ? token : undefined),
    onStepUp: (challenge) => {
      challenges.push(challenge)
      return tokenWith(challenge.scopes)
    },
  })
  return { fetch: send, challenges }
}

async function firstClient({ url }: Started, { fetch }: Caller): Promise<FirstClient> {
  const client = new FirstClient({ name: 'agent', version: '1.0.0' })
  onTestFinished(() => client.close())
  await client.connect(new FirstTransport(url, { fetch }) as never)
  return client
}

async function secondClient({ url }: Started, { fetch }: Caller): Promise<Client> {
  const client = new Client({ name: 'agent', version: '1.0.0' })
  onTestFinished(() => client.close())
  await client.connect(new StreamableHTTPClientTransport(url, { fetch }))
  return client
}

const clients = [
  ['client of SDK 1', firstClient],
  ['client of SDK 2', secondClient],
] as const

describe.each(hosts)('$name', (host) => {
  describe.each(clients)('%s', (_name, connect) => {
    test('MCP: it discovers, lists, calls as the caller that the guard saw, and steps up', async () => {
      const started = await host.start()
      const agent = await caller(started)
      const client = await connect(started, agent)
      const { tools } = await client.listTools()
      expect(tools.map(({ name }) => name)).toEqual(['whoami', 'pay', 'admin'])
      expect(await client.callTool({ name: 'whoami' })).toMatchObject({ content: [{ text: 'travel-7 for alice' }] })
      expect(agent.challenges).toEqual([])
      expect(await client.callTool({ name: 'pay' })).toMatchObject({ content: [{ text: 'travel-7 for alice' }] })
      expect(agent.challenges.map(({ error, scopes }) => [error, scopes])).toEqual([
        ['insufficient_scope', ['docs:read', 'pay']],
      ])
      await expect(client.callTool({ name: 'admin' })).rejects.toThrow()
      const access = started.events.filter(({ phase }) => phase === 'access')
      expect(access.map(({ request, code }) => [request.operation, code])).toEqual([
        ['tools/call whoami', null],
        ['tools/call pay', 'scope_missing'],
        ['tools/call pay', null],
        ['tools/call admin', 'access_denied'],
      ])
    })
  })
})
