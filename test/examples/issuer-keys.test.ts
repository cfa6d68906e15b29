import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { createVerifier, type Verifier } from 'onbehalf'
import { createNodeGate } from 'onbehalf/node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { addClientAssertion } from '../../examples/agents/client-assertion.ts'
import { requestDeviceCode } from '../../examples/agents/device-code.ts'
import type { DpopAgent } from '../../examples/agents/dpop-agent.ts'
import { listen } from '../support/servers.ts'
import { apis, errorOf, setUp } from './issuer-setup.ts'

async function keysOf(issuer: string): Promise<JSONWebKeySet> {
  return (await (await fetch(`${issuer}/jwks`)).json()) as JSONWebKeySet
}

async function idsOf(issuer: string): Promise<readonly (string | undefined)[]> {
  return (await keysOf(issuer)).keys.map(({ kid }) => kid)
}

function ownToken(agent: DpopAgent): Promise<string> {
  return agent.ownToken({ resource: apis.trips, scope: 'trip:read' }).then(({ accessToken }) => accessToken)
}

/** An API that got the keys once, and cannot get them again. */
async function startApiWithKeys(issuer: string): Promise<{ url: string; verifier: Verifier }> {
  const { keys } = await keysOf(issuer)
  let gate = (_request: never, _response: never): Promise<unknown> => Promise.resolve()
  const port = await listen(async (request, response) => {
    if ((await gate(request as never, response as never)) !== undefined) response.end('{}')
  })
  const url = `http://127.0.0.1:${port}`
  const verifier = createVerifier({
    issuer: { issuer, jwks: { keys: keys as never } },
    resource: apis.trips,
    publicUrl: url,
    metadata: false,
  })
  onTestFinished(() => verifier.close())
  gate = createNodeGate(verifier) as never
  return { url, verifier }
}

describe('issuer: rotation of its keys', () => {
  test('Examples: the next key is published before it signs, and the last one after', async () => {
    const { running, issuer } = await setUp()
    const [current, next] = await idsOf(issuer)
    expect(await idsOf(issuer)).toHaveLength(2)
    await running.rotateKeys()
    const second = await idsOf(issuer)
    expect(second).toHaveLength(3)
    expect([second[0], second[2]]).toEqual([next, current])
    await running.rotateKeys()
    const third = await idsOf(issuer)
    expect([third[0], third[2], third.includes(current)]).toEqual([second[1], next, false])
    for (const key of (await keysOf(issuer)).keys) expect(Object.keys(key)).not.toContain('d')
  })

  test('Examples: an API that got its keys before a rotation reads the tokens of before and of after it', async () => {
    const { running, issuer, agent } = await setUp()
    const { url } = await startApiWithKeys(issuer)
    const traveller = await agent('agent-a')
    const before = await ownToken(traveller)
    await running.rotateKeys()
    const after = await ownToken(traveller)
    expect(decodeProtectedHeader(after)['kid']).not.toBe(decodeProtectedHeader(before)['kid'])
    expect((await traveller.call('GET', url, before)).status).toBe(200)
    expect((await traveller.call('GET', url, after)).status).toBe(200)
  })

  test('Examples: an API that gets its keys after a rotation reads the tokens of before it, and after the next one no more', async () => {
    const { running, issuer, agent } = await setUp()
    const traveller = await agent('agent-a')
    const before = await ownToken(traveller)
    await running.rotateKeys()
    const once = await startApiWithKeys(issuer)
    expect((await traveller.call('GET', once.url, before)).status).toBe(200)
    await running.rotateKeys()
    const twice = await startApiWithKeys(issuer)
    expect(await traveller.call('GET', twice.url, before)).toMatchObject({
      status: 401,
      body: { code: 'token_key_unknown' },
    })
    await expect(jwtVerify(before, createLocalJWKSet(await keysOf(issuer)))).rejects.toThrow()
  })

  test('Examples: sessions, grants, device codes in flight and tokens to exchange outlive two rotations', async () => {
    const { running, issuer, agent, alice, tokenOfAlice } = await setUp()
    const traveller = await agent('agent-a')
    const held = await tokenOfAlice(undefined, apis.trips, traveller)
    const waiting = await requestDeviceCode(traveller, { resource: apis.trips, scope: 'trip:read' })
    const allowed = await requestDeviceCode(traveller, { resource: apis.trips, scope: 'trip:read' })
    await alice.allowDevice(allowed.verificationUri, allowed.userCode)
    await running.rotateKeys()
    await running.rotateKeys()
    expect((await allowed.token()).scope).toBe('trip:read')
    // No password is asked for: the session is the one of before.
    await alice.visit(waiting.verificationUri, { user_code: waiting.userCode, password: 'wrong' })
    expect((await waiting.token()).scope).toBe('trip:read')
    const { accessToken } = await traveller.tokenOnBehalf(held, { resource: apis.booking })
    expect(decodeProtectedHeader(accessToken)['kid']).toBe((await idsOf(issuer))[0])
    const { page } = await alice.visit(`${issuer}/grants`)
    expect(page.match(/Take back from Travel agent/g)).toHaveLength(3)
  })

  test('Examples: what was revoked stays revoked over a rotation, and a used assertion used', async () => {
    const { running, issuer, agent, keyOf, alice, tokenOfAlice } = await setUp()
    const traveller = await agent('agent-a')
    const token = await tokenOfAlice(undefined, apis.trips, traveller)
    await alice.takeBack(`${issuer}/grants`, 'Travel agent')
    const form = await addClientAssertion(new URLSearchParams({ token: 'unknown' }), keyOf('agent-a'), {
      id: 'agent-a',
      audience: issuer,
    })
    const revoke = async () => (await fetch(`${issuer}/token/revocation`, { method: 'POST', body: form })).status
    expect(await revoke()).toBe(200)
    await running.rotateKeys()
    expect(await revoke()).toBe(401)
    expect(await errorOf(traveller.tokenOnBehalf(token, { resource: apis.booking }))).toBe('invalid_request')
  })

  test('Examples: a nonce of before a rotation is good after it', async () => {
    const { running, agent } = await setUp()
    const traveller = await agent('agent-a')
    await ownToken(traveller)
    await running.rotateKeys()
    const { status } = await traveller.post(
      'token_endpoint',
      () => new URLSearchParams({ grant_type: 'client_credentials', resource: apis.trips, scope: 'trip:read' }),
    )
    expect(status).toBe(200)
  })
})
