import type { AuditEvent } from 'onbehalf'
import { auditLog, verifyAuditLog } from 'onbehalf/audit-log'
import type { ReportSnapshot } from 'onbehalf/report'
import { describe, expect, test } from 'vitest'
import { discover } from '../../examples/agents/authorization-server.ts'
import { addClientAssertion } from '../../examples/agents/client-assertion.ts'
import { requestDeviceCode } from '../../examples/agents/device-code.ts'
import { createSigningKey } from '../../examples/agents/signing-key.ts'
import { createLogFolder, logKey } from '../support/audit-log.ts'
import { runCli } from '../unit/cli/run.ts'
import { apis, callback, errorOf, keyMetadata, passwords, registered, type Setup, setUp } from './issuer-setup.ts'
import { codeAt, startApi } from './resource-servers.ts'

const day = 24 * 3_600_000

/** What the events say since `from`, without the word that all operations begin with. */
function told(events: readonly AuditEvent[], from = 0): string[] {
  return events.slice(from).map(({ request, decision }) => `${request.operation?.replace('issuer ', '')} ${decision}`)
}

/** The invitation of a new agent, and its description. */
async function registerNewcomer({ running, issuer }: Setup, owner = 'Travel team') {
  const token = await running.invite({ ...rights, owner: 'Travel team' })
  const { registration_endpoint: endpoint = '' } = await discover(issuer)
  const key = await createSigningKey()
  const { grant_types } = registered.auditor
  const body = JSON.stringify({ owner, grant_types, redirect_uris: [], response_types: [], ...keyMetadata(key) })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const response = await fetch(endpoint, { method: 'POST', headers, body })
  return { status: response.status, answer: (await response.json()) as Record<string, string>, token }
}

const { may_reach, client_profile, scope } = registered.auditor
const rights = { may_reach, client_profile, scope }

describe('issuer: what is written down', () => {
  test('Examples: each step of the issuer is one event', async () => {
    const set = await setUp()
    const { running, issuer, events, alice, agent, keyOf } = set
    expect(told(events)).toEqual([
      'key_generation admitted',
      ...Object.keys(registered).map(() => 'registration admitted'),
    ])
    let seen = events.length
    const next = () => {
      const fresh = told(events, seen)
      seen = events.length
      return fresh
    }
    const traveller = await agent('agent-a')
    const code = await requestDeviceCode(traveller, { resource: apis.trips, scope: 'trip:read trip:book' })
    await alice.visit(code.verificationUri, { user_code: code.userCode, do: 'allow' })
    expect(next()).toEqual(['consent admitted'])
    const { accessToken } = await code.token()
    expect(next()).toEqual(['issuance admitted'])
    const actor = (await traveller.ownToken({ resource: issuer, scope: 'agent:act' })).accessToken
    expect(next()).toEqual(['issuance admitted'])
    await traveller.tokenOnBehalf(accessToken, { resource: apis.booking }, actor)
    expect(next()).toEqual(['token_exchange admitted'])
    expect(await errorOf(traveller.tokenOnBehalf(accessToken, { resource: apis.payments }, actor))).toBe(
      'invalid_target',
    )
    expect(next()).toEqual(['token_exchange refused'])
    expect(await errorOf(traveller.ownToken({ resource: apis.payments, scope: 'pay' }))).toBe('invalid_target')
    expect(next()).toEqual(['issuance refused'])
    await errorOf(requestDeviceCode(traveller, { resource: 'https://unknown.example.test', scope: 'pay' }))
    expect(next()).toEqual(['issuance refused'])
    await traveller.post('pushed_authorization_request_endpoint', () => new URLSearchParams({ response_type: 'code' }))
    expect(next()).toEqual(['authorization refused'])
    const denied = await requestDeviceCode(traveller, { resource: apis.trips, scope: 'pay' })
    await alice.visit(denied.verificationUri, { user_code: denied.userCode, do: 'deny' })
    expect(next()).toEqual(['denial admitted'])

    const revoked = await addClientAssertion(new URLSearchParams({ token: actor }), keyOf('agent-a'), {
      id: 'agent-a',
      audience: issuer,
    })
    await fetch(`${issuer}/token/revocation`, { method: 'POST', body: revoked })
    expect(next()).toEqual(['revocation admitted'])
    await fetch(`${issuer}/token/revocation`, { method: 'POST', body: revoked })
    expect(next()).toEqual(['revocation refused'])
    await alice.takeBack(`${issuer}/grants`, 'Travel agent')
    expect(next()).toEqual(['grant_revocation admitted'])
    await running.rotateKeys()
    expect(next()).toEqual(['key_rotation admitted'])
    await running.attest('booker', 'Booking team')
    await expect(running.attest('booker', 'Another team')).rejects.toThrow()
    expect(next()).toEqual(['attestation admitted'])
    await running.revokeAgent('booker')
    expect(next()).toEqual(['agent_revocation admitted'])

    expect((await registerNewcomer(set, 'Another team')).status).toBe(400)
    expect(next()).toEqual(['registration refused'])
    const { status, answer } = await registerNewcomer(set)
    expect(status).toBe(201)
    expect(next()).toEqual(['registration admitted'])
    const management = { authorization: `Bearer ${answer['registration_access_token']}` }
    await fetch(String(answer['registration_client_uri']), { method: 'DELETE', headers: management })
    expect(next()).toEqual(['registration_end admitted'])
    // Without PKCE.
    const query = new URLSearchParams({
      ...{ client_id: 'portal', response_type: 'code', redirect_uri: callback },
      ...{ scope: 'trip:read', resource: apis.trips },
    })
    await fetch(`${issuer}/auth?${query}`, { redirect: 'manual' })
    expect(next()).toEqual(['authorization refused'])
  })

  test('RFC 7592 §2.3: the tokens of a client that ends its registration are revoked', async () => {
    const set = await setUp()
    const { answer } = await registerNewcomer(set)
    const management = { authorization: `Bearer ${answer['registration_access_token']}` }
    const { status } = await fetch(String(answer['registration_client_uri']), { method: 'DELETE', headers: management })
    expect(status).toBe(204)
    expect(set.revocations).toContainEqual(expect.objectContaining({ client: answer['client_id'] }))
  })

  test('Examples: no event holds a token, code, password, assertion or key', async () => {
    const set = await setUp()
    const { issuer, events, alice, agent, keyOf } = set
    const traveller = await agent('agent-a')
    const secrets: string[] = Object.values(passwords)
    const code = await requestDeviceCode(traveller, { resource: apis.trips, scope: 'trip:read pay' })
    secrets.push(code.userCode, code.userCode.replace('-', ''))
    await alice.allowDevice(code.verificationUri, code.userCode)
    const { accessToken } = await code.token()
    // It was used: she tries until the issuer looks at no more codes.
    await alice.visit(`${issuer}/device`, { user_code: code.userCode, do: 'deny' })
    await errorOf(traveller.tokenOnBehalf(accessToken, { resource: apis.payments }))
    await errorOf(traveller.tokenOnBehalf(`${accessToken}x`, { resource: apis.booking }))
    const forms: Record<string, string>[] = [
      {
        grant_type: 'authorization_code',
        code: 'secret-of-a-code',
        code_verifier: 'secret-of-a-verifier',
        redirect_uri: callback,
      },
      { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'secret-of-a-device' },
      { grant_type: 'refresh_token', refresh_token: 'secret-to-refresh' },
      { grant_type: 'client_credentials', client_secret: 'secret-of-a-client', resource: apis.trips },
    ]
    for (const form of forms) await traveller.post('token_endpoint', () => new URLSearchParams(form))
    await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('agent-a:secret-of-a-client')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    const { answer, token } = await registerNewcomer(set)
    secrets.push(token, String(answer['registration_access_token']))
    const text = JSON.stringify(events)
    for (const secret of [...secrets, 'secret-']) expect(text).not.toContain(secret)
    // Whatever is signed, and the coordinates of keys.
    expect(text).not.toMatch(/eyJ[\w-]{8}/)
    expect(text).not.toContain(String(keyOf('agent-a').publicJwk.x))
    expect(events.filter(({ decision }) => decision === 'refused').length).toBeGreaterThan(5)
  })
})

describe('issuer: attestations', () => {
  test('Examples: an owner attests again within 90 days, and agents without it are listed, the longest first', async () => {
    let now = Date.now()
    const { running } = await setUp({ clock: () => now })
    now += 50 * day
    await running.attest('booker', 'Booking team')
    await expect(running.attest('booker', 'Travel team')).rejects.toThrow()
    now += 40 * day - 1_000
    expect(running.lapsed()).toEqual([])
    now += 1_000
    const lapsed = running.lapsed().map(({ agent }) => agent)
    expect(lapsed).toHaveLength(4)
    expect(lapsed).not.toContain('booker')
    await running.attest('tool', 'Tools team')
    await running.revokeAgent('portal')
    now += 50 * day
    expect(running.lapsed().map(({ agent, owner }) => `${agent} of ${owner}`)).toEqual([
      'agent-a of Travel team',
      'auditor of Compliance team',
      'booker of Booking team',
    ])
  })
})

describe('issuer: one log and one report with its resource servers', () => {
  async function play() {
    const directory = createLogFolder()
    const open = () => auditLog({ directory, origin: 'travel.example.test', key: logKey.privateKey })
    const [logOfIssuer, logOfApi] = [await open(), await open()]
    const set = await setUp({ audit: logOfIssuer })
    const { running, issuer, alice, agent, tokenOfAlice } = set
    const api = await startApi(running, { resource: apis.trips, scope: 'trip:read', verifier: { audit: logOfApi } })
    await api.revocations.ready()
    const traveller = await agent('agent-a')
    const token = await tokenOfAlice('trip:read', apis.trips, traveller)
    for (let call = 0; call < 3; call++) expect(await codeAt(api, traveller, token)).toBe('admitted')
    await errorOf(traveller.ownToken({ resource: apis.payments, scope: 'pay' }))
    await alice.takeBack(`${issuer}/grants`, 'Travel agent')
    const code = await requestDeviceCode(traveller, { resource: apis.trips, scope: 'trip:read' })
    await alice.visit(code.verificationUri, { user_code: code.userCode, do: 'deny' })
    api.revocations.close()
    await running.close()
    await Promise.all([logOfIssuer.close(), logOfApi.close()])
    return directory
  }

  test('Examples: the log of the issuer verifies, and the report counts each request once, wherever it was made', async () => {
    const directory = await play()
    const verified = await verifyAuditLog(directory, [logKey.publicJwk])
    expect(verified.faults).toEqual([])
    expect(verified.events).toBeGreaterThan(10)

    const { code, out } = await runCli(['report', directory, '--json'])
    expect(code).toBe(0)
    const report = JSON.parse(out) as ReportSnapshot
    expect(report.events.unreadable).toBe(0)
    // At the issuer: the token of alice, that of the reader and its request, a refused token.
    // At the API: three calls.
    expect(report.events).toMatchObject({ requests: 7, admitted: 6, refused: 1, refusedByRule: 0 })
    expect(report.callers.unidentified).toBe(1)
    const ways = report.delegations.flows.top.map(({ principal, actors, requests }) => [
      principal.subject,
      actors.map(({ subject }) => subject),
      requests,
    ])
    expect(ways[0]).toEqual(['alice', ['agent-a'], 4])
    expect(ways).toHaveLength(2)
    expect(report.senders.methods.find(({ method }) => method === 'dpop')?.requests).toBe(6)
    expect(report.sharedIdentities.distinct).toBe(0)
    expect(report.lifetimes.longestSeconds).toBeLessThanOrEqual(300)
  })

  test('Examples: the issuer tells who answers for an agent, so that the report does not miss an owner', async () => {
    const { events, tokenOfAlice } = await setUp()
    await tokenOfAlice('trip:read')
    const { actor, principal, chain } = events.at(-1) as AuditEvent
    expect([actor?.entity, chain[0]?.entity, principal?.entity]).toEqual([
      { owner: 'Travel team' },
      { owner: 'Travel team' },
      undefined,
    ])
  })
})
