import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import type { AuditEvent } from 'onbehalf'
import { agentAuth, requireAccess } from 'onbehalf/express'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDpopAgent, type DpopAgent } from '../../examples/agents/dpop-agent.ts'
import { createApp } from '../../examples/express-api/app.ts'
import { type Setup, setUp, tokenForAlice } from './issuer-setup.ts'

let setup: Setup
let agent: DpopAgent
const servers: Server[] = []

beforeAll(async () => {
  setup = await setUp()
  await setup.register('portal', { profile: 'web_app', vouchesFor: ['alice'] })
  await setup.register('planner', { mayActFor: ['alice'] })
  agent = await createDpopAgent({ id: 'planner', issuer: setup.running.issuer, clientKey: setup.keyOf('planner') })
})
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  await setup.running.close()
})

async function serve(createListener: (resource: string) => RequestListener): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const resource = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  server.on('request', createListener(resource))
  setup.registry.resources.add(resource)
  return resource
}

describe('the example API', () => {
  test('Example: the handler reads who acts for whom, and the audit event names the same parties', async () => {
    const events: AuditEvent[] = []
    const { issuer } = setup.running
    const resource = await serve((url) => createApp({ issuer, resource: url, audit: (event) => events.push(event) }))
    const subjectToken = await tokenForAlice(setup, 'portal', { resource })
    const { accessToken } = await agent.tokenOnBehalf(subjectToken, { resource, scope: 'tools:read' })
    const answer = await agent.call('GET', `${resource}/tools?page=1`, accessToken)
    expect(answer).toMatchObject({ status: 200, body: { by: 'planner', for: 'alice', authority: 'delegated' } })
    await expect.poll(() => events).toHaveLength(2)
    expect(events.map(({ phase, decision }) => `${phase} ${decision}`)).toEqual([
      'authentication admitted',
      'access admitted',
    ])
  })

  test('RFC 9449 §9: the example agent gets through to an API that requires nonces', async () => {
    const { issuer } = setup.running
    const nonce = { secret: randomBytes(32) }
    const resource = await serve((url) => {
      const app = express()
      app.use(agentAuth({ issuer, resource: url, dpop: { nonce } }))
      return app.get('/tools', requireAccess({ scopes: ['tools:read'] }), (req, res) => {
        res.json({ by: req.agentContext.actor.subject })
      })
    })
    const { accessToken } = await agent.ownToken({ resource })
    const answer = await agent.call('GET', `${resource}/tools`, accessToken)
    expect(answer).toMatchObject({ status: 200, body: { by: 'planner' } })
  })
})
