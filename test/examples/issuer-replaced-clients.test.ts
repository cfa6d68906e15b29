import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { createSigningKey } from '../../examples/agents/signing-key.ts'
import { codeOf, redeem } from './issuer-code-flow.ts'
import { post, sender } from './issuer-requests.ts'
import { apis, errorOf, keyMetadata, registered, setUp } from './issuer-setup.ts'

const invitation = { owner: 'Team', client_profile: 'ai_agent', scope: 'trip:read', may_reach: [apis.trips] } as const

test('RFC 7592 §2.2: an update that was begun before the client was revoked does not bring it back', async () => {
  const { running, issuer, events } = await setUp()
  const metadata = {
    ...{ owner: 'Team', grant_types: ['client_credentials'], ...keyMetadata(await createSigningKey()) },
  }
  const authorization = `Bearer ${await running.invite(invitation)}`
  const { body } = await post(issuer, '/reg', JSON.stringify(metadata), { authorization })
  const id = String(body['client_id'])
  const text = JSON.stringify({ ...metadata, client_id: id })
  const update = request(`${issuer}/reg/${id}`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${body['registration_access_token']}`,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      expect: '100-continue',
    },
  })
  update.flushHeaders()
  // The issuer has the head of the request, and has looked at the registration token.
  await once(update, 'continue')
  await running.revokeAgent(id)
  update.end(text)
  const [answer] = (await once(update, 'response')) as [IncomingMessage]
  answer.resume()
  expect(answer.statusCode).toBe(401)
  expect(events.at(-1)).toMatchObject({ decision: 'refused', request: { operation: 'issuer registration_update' } })
  expect(running.lapsed()).toEqual([])
})

test('RFC 7591 §3.2.2: a replacement that is not acceptable leaves the client as it was', async () => {
  const { running, agent, keyOf } = await setUp()
  const wrong = { client_id: 'agent-a', ...registered['agent-a'], ...keyMetadata(keyOf('agent-a')), owner: '' }
  await expect(running.addClient(wrong)).rejects.toThrow()
  expect(await errorOf((await agent('agent-a')).ownToken({ resource: apis.trips, scope: 'trip:read' }))).toBe('none')
})

test('RFC 7591 §3.2.2: an application gets tokens of people at their browsers alone', async () => {
  const { running, keyOf } = await setUp()
  for (const type of ['client_credentials', 'urn:ietf:params:oauth:grant-type:device_code']) {
    const grant_types = ['authorization_code', type]
    const wrong = { client_id: 'other', ...registered.portal, ...keyMetadata(keyOf('portal')), grant_types }
    await expect(running.addClient(wrong)).rejects.toThrow()
  }
})

test('RFC 6749 §3.3: a scope that the operator has taken from a client is in no token of a code from before', async () => {
  const setup = await setUp()
  const code = await codeOf(setup)
  const narrowed = { ...registered.portal, scope: 'openid trip:read' }
  await setup.running.addClient({ client_id: 'portal', ...narrowed, ...keyMetadata(setup.keyOf('portal')) })
  const { body } = await redeem(setup, await sender(setup, 'portal'), code)
  expect(body['scope']).toBe('trip:read')
  expect(decodeJwt(String(body['access_token']))['scope']).toBe('trip:read')
})

test('RFC 6749 §5.2: a code whose whole scope the operator has taken from the client brings no token', async () => {
  const setup = await setUp()
  const code = await codeOf(setup)
  const narrowed = { ...registered.portal, scope: 'openid' }
  await setup.running.addClient({ client_id: 'portal', ...narrowed, ...keyMetadata(setup.keyOf('portal')) })
  const { status, body } = await redeem(setup, await sender(setup, 'portal'), code)
  expect([status, body['error']]).toEqual([400, 'invalid_scope'])
})
