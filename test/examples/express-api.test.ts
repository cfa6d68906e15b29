import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { decodeJwt } from 'jose'
import type { AuditEvent } from 'onbehalf'
import { agentAuth, requireAccess } from 'onbehalf/express'
import { memoryRevocations } from 'onbehalf/revocation'
import { describe, expect, onTestFinished, test } from 'vitest'
import { requestDeviceCode } from '../../examples/agents/device-code.ts'
import { createDpopAgent } from '../../examples/agents/dpop-agent.ts'
import { createApp } from '../../examples/express-api/app.ts'
import { keyMetadata, setUp } from './issuer-setup.ts'

/** Beside an issuer that has an agent for it: the API, and the agent with a token of alice. */
async function serve(createListener: (resource: string, issuer: string) => RequestListener) {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  const resource = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { running, issuer, keyOf, alice } = await setUp({
    resources: [{ id: resource, scopes: ['tools:read'] }],
    clients: [],
  })
  await running.addClient({
    ...{ client_id: 'planner', owner: 'Travel team', client_profile: 'ai_agent', scope: 'tools:read' },
    ...{ may_reach: [resource], ...keyMetadata(keyOf('agent-a')) },
    grant_types: ['client_credentials', 'urn:ietf:params:oauth:grant-type:device_code'],
  })
  server.on('request', createListener(resource, issuer))
  const agent = await createDpopAgent({ id: 'planner', issuer, clientKey: keyOf('agent-a') })
  return { resource, agent, alice, issuer }
}

describe('the example API', () => {
  test('Example: the handler reads who acts for whom, and the audit event names the same parties', async () => {
    const events: AuditEvent[] = []
    const { resource, agent, alice } = await serve((url, issuer) =>
      createApp({ issuer, resource: url, audit: (event) => events.push(event) }),
    )
    const code = await requestDeviceCode(agent, { resource, scope: 'tools:read' })
    await alice.allowDevice(code.verificationUri, code.userCode)
    const { accessToken } = await code.token()
    const answer = await agent.call('GET', `${resource}/tools?page=1`, accessToken)
    expect(answer).toMatchObject({ status: 200, body: { by: 'planner', for: 'alice', authority: 'delegated' } })
    await expect.poll(() => events).toHaveLength(2)
    expect(events.map(({ phase, decision }) => `${phase} ${decision}`)).toEqual([
      'authentication admitted',
      'access admitted',
    ])
  })

  test('Example: a stream ends with its token', async () => {
    const revocation = memoryRevocations()
    const { resource, agent, issuer } = await serve((url, issuer) =>
      createApp({ issuer, resource: url, audit: () => {}, revocation }),
    )
    const { accessToken } = await agent.ownToken({ resource, scope: 'tools:read' })
    const { status, body } = await agent.open(`${resource}/events`, accessToken, AbortSignal.timeout(10_000))
    expect(status).toBe(200)
    revocation.revoke({ issuer, token: String(decodeJwt(accessToken).jti) })
    // It ends by itself; a stream that goes on is aborted, which throws.
    for await (const _ of body ?? []);
    expect((await agent.call('GET', `${resource}/tools`, accessToken)).status).toBe(401)
  })

  test('RFC 9449 §9: the example agent gets through to an API that requires nonces', async () => {
    const nonce = { secret: randomBytes(32) }
    const { resource, agent } = await serve((url, issuer) => {
      const app = express()
      app.use(agentAuth({ issuer, resource: url, dpop: { nonce } }))
      return app.get('/tools', requireAccess({ scopes: ['tools:read'] }), (req, res) => {
        res.json({ by: req.agentContext.actor.subject })
      })
    })
    const { accessToken } = await agent.ownToken({ resource, scope: 'tools:read' })
    const answer = await agent.call('GET', `${resource}/tools`, accessToken)
    expect(answer).toMatchObject({ status: 200, body: { by: 'planner' } })
  })
})
