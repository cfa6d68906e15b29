import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { maxTokenSeconds } from '../../examples/issuer/tokens.ts'
import { resource } from '../support/kit.ts'
import { exchangeForm, type Setup, setUp, tokenForAlice } from './issuer-setup.ts'

let now = Date.now()
let setup: Setup

beforeAll(async () => {
  setup = await setUp({ maxDepth: 2, clock: () => now })
  setup.registry.users.set('alice', { id: 'alice' })
  await setup.register('portal', { profile: 'web_app', vouchesFor: ['alice'], scopes: ['tools:read', 'tools:write'] })
  await setup.register('planner', { mayActFor: ['alice'], mayFollow: ['worker'] })
  await setup.register('worker', { mayActFor: ['alice'], mayFollow: ['planner'], scopes: ['tools:read'] })
  await setup.register('outsider', {})
})
afterAll(() => setup.running.close())

describe('token exchange', () => {
  test('RFC 8693 §4.1: the client becomes the actor, the user stays the subject', async () => {
    const { status, claims, body } = await setup.send('planner', exchangeForm(await tokenForAlice(setup, 'portal')))
    const { issuer } = setup.running
    expect(status).toBe(200)
    expect(claims).toMatchObject({
      iss: issuer,
      sub: 'alice',
      sub_profile: 'user',
      client_id: 'planner',
      aud: resource,
    })
    expect(claims['act']).toEqual({ iss: issuer, sub: 'planner', sub_profile: 'ai_agent' })
    expect(body['issued_token_type']).toBe('urn:ietf:params:oauth:token-type:access_token')
    expect(claims['cnf']).toEqual({ jkt: expect.any(String) })
  })

  test('RFC 8693 §4.1: the actor before nests inside, and a chain longer than the limit is refused', async () => {
    const first = await setup.send('planner', exchangeForm(await tokenForAlice(setup, 'portal')))
    const second = await setup.send('worker', exchangeForm(String(first.body['access_token'])))
    expect(second.claims['act']).toMatchObject({ sub: 'worker', act: { sub: 'planner' } })
    const third = await setup.send('planner', exchangeForm(String(second.body['access_token'])))
    expect(third).toMatchObject({ status: 400, error: 'invalid_request' })
  })

  test('RFC 8693 §2.2.2: a client that may not act for the subject is refused', async () => {
    const form = exchangeForm(await tokenForAlice(setup, 'portal'))
    expect(await setup.send('outsider', form)).toMatchObject({ status: 400, error: 'invalid_request' })
  })

  test('RFC 8693 §2.2.2: delegated work is taken over only from the agents on record', async () => {
    await setup.register('loner', { mayActFor: ['alice'] })
    const first = await setup.send('planner', exchangeForm(await tokenForAlice(setup, 'portal')))
    const second = await setup.send('loner', exchangeForm(String(first.body['access_token'])))
    expect(second).toMatchObject({ status: 400, error: 'invalid_request' })
  })

  test('RFC 8693 §4.4: where the token says who may act, nobody else may', async () => {
    setup.registry.users.set('alice', { id: 'alice', mayAct: 'outsider' })
    const form = exchangeForm(await tokenForAlice(setup, 'portal'))
    setup.registry.users.set('alice', { id: 'alice' })
    expect(await setup.send('planner', form)).toMatchObject({ status: 400, error: 'invalid_request' })
    expect(await setup.send('outsider', form)).toMatchObject({ status: 200, claims: { act: { sub: 'outsider' } } })
  })

  test('RFC 8693 §2.2.2: a token for one resource is not exchanged for one for another', async () => {
    const other = 'https://other.example.com'
    setup.registry.resources.add(other)
    const form = exchangeForm(await tokenForAlice(setup, 'portal'))
    const answer = await setup.send('planner', { ...form, resource: other })
    expect(answer).toMatchObject({ status: 400, error: 'invalid_target' })
    setup.registry.resources.delete(other)
  })

  test('RFC 6749 §3.3: an exchange cannot widen the scope', async () => {
    const narrow = await tokenForAlice(setup, 'portal', { scope: 'tools:read' })
    const form = { ...exchangeForm(narrow), scope: 'tools:read tools:write' }
    expect(await setup.send('planner', form)).toMatchObject({ status: 400, error: 'invalid_scope' })
    expect(await setup.send('planner', exchangeForm(narrow))).toMatchObject({ claims: { scope: 'tools:read' } })
  })

  test('RFC 6749 §3.3: an exchange gives a client no more than it is registered for', async () => {
    const wide = await tokenForAlice(setup, 'portal', { scope: 'tools:read tools:write' })
    expect(await setup.send('worker', exchangeForm(wide))).toMatchObject({ claims: { scope: 'tools:read' } })
  })

  test('RFC 8693 §2.1: the new token ends no later than the subject token', async () => {
    const subject = await tokenForAlice(setup, 'portal')
    now += 20_000
    const { claims, body } = await setup.send('planner', exchangeForm(subject))
    now -= 20_000
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(maxTokenSeconds - 20)
    expect(body['expires_in']).toBe(maxTokenSeconds - 20)
  })

  test('RFC 8693 §2.2.2: an expired subject token is refused', async () => {
    await setup.register('past', { vouchesFor: ['alice'], dangerouslyBackdatedSeconds: 1_000 })
    const form = exchangeForm(await tokenForAlice(setup, 'past'))
    expect(await setup.send('planner', form)).toMatchObject({ status: 400, error: 'invalid_request' })
  })

  test('RFC 8693 §2.2.2: a token of another issuer is refused', async () => {
    const other = await setUp()
    await other.register('portal', { vouchesFor: ['alice'] })
    const form = exchangeForm(await tokenForAlice(other, 'portal'))
    await other.running.close()
    expect(await setup.send('planner', form)).toMatchObject({ status: 400, error: 'invalid_request' })
  })
})

describe('other grants', () => {
  test('RFC 6749 §3.3: a client cannot ask for more than it is registered for', async () => {
    const form = { grant_type: 'client_credentials', scope: 'tools:read admin' }
    expect(await setup.send('planner', form)).toMatchObject({ status: 400, error: 'invalid_scope' })
  })

  test('RFC 8707 §2: a resource that is not registered is refused', async () => {
    const form = { grant_type: 'client_credentials', resource: 'https://other.example.com' }
    expect(await setup.send('planner', form)).toMatchObject({ status: 400, error: 'invalid_target' })
  })

  test('RFC 6749 §5.2: a grant the client is not registered for is refused', async () => {
    await setup.register('narrow', { grants: [] })
    const form = { grant_type: 'client_credentials' }
    expect(await setup.send('narrow', form)).toMatchObject({ status: 400, error: 'unauthorized_client' })
  })

  test('RFC 7523 §3.1: an application cannot vouch for a user it is not registered for', async () => {
    await expect(tokenForAlice(setup, 'planner')).rejects.toThrow()
  })
})
