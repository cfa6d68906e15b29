import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { type AccessRequirement, createVerifier } from 'onbehalf'
import { verifyAuditLog } from 'onbehalf/audit-log'
import { dpopFetch } from 'onbehalf/client'
import { createGate } from 'onbehalf/fetch'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { requestDeviceCode } from '../../examples/agents/device-code.ts'
import { createDpopAgent } from '../../examples/agents/dpop-agent.ts'
import { createProof } from '../../examples/agents/dpop-proof.ts'
import { createSigningKey, type SigningKey } from '../../examples/agents/signing-key.ts'
import { createHardwareAgent } from '../../examples/hardware-agent/hardware-agent.ts'
import { openHardwareKey } from '../../examples/hardware-agent/open-hardware-key.ts'
import { readDocument } from '../package/documents.ts'
import { filesIn, linesOf, logKey, openLog, writeLines } from '../support/audit-log.ts'
import { until } from '../support/services.ts'
import { Browser } from './issuer-browser.ts'
import {
  actorTokenOf,
  ask,
  clientCredentialsForm,
  exchangeForm,
  outcome,
  type Sender,
  sender,
  tokenIn,
} from './issuer-requests.ts'
import { apis, keyMetadata, registered, setUp } from './issuer-setup.ts'
import { codeAt, type ResourceServer, startApi } from './resource-servers.ts'
import { describeWithToken } from './soft-token.ts'

/** What docs/agents.md says that a step does not protect against: what happens then, and what helps. */

afterEach(() => void vi.useRealTimers())

const trips = { resource: apis.trips, scope: 'trip:read' }

/** The refusal code of an API, or `admitted`, for one who has these keys and this token. */
async function codeFor({ url }: ResourceServer, key: SigningKey, token: string): Promise<string> {
  const response = await dpopFetch({ key, token: () => token })(url)
  return response.ok ? 'admitted' : String(((await response.json()) as { code?: string }).code)
}

/** The same at a route of an API that needs this. */
async function codeAtRoute(
  issuer: string,
  { resource, key, token }: { readonly resource: string; readonly key: SigningKey; readonly token: string },
  requirement: AccessRequirement<Request>,
): Promise<string> {
  const verifier = createVerifier({ issuer, resource })
  onTestFinished(() => verifier.close())
  const url = `${resource}/route`
  const dpop = await createProof(key, { method: 'POST', url, accessToken: token })
  const request = new Request(url, { method: 'POST', headers: { authorization: `DPoP ${token}`, dpop } })
  const passed = await createGate(verifier)(request, requirement)
  return passed.ok ? 'admitted' : String(((await passed.response.json()) as { code?: string }).code)
}

const limits: readonly [limit: string, show: () => Promise<void>][] = [
  [
    'a program that runs in the process of the agent',
    async () => {
      const { keyOf, issuer } = await setUp()
      const { privateKey } = keyOf('agent-a')
      await expect(crypto.subtle.exportKey('jwk', privateKey)).rejects.toThrow()
      // It cannot take the key away, and has no need to.
      const program = await createDpopAgent({ id: 'agent-a', issuer, clientKey: keyOf('agent-a') })
      expect(decodeJwt((await program.ownToken(trips)).accessToken)).toMatchObject({ sub: 'agent-a' })
    },
  ],
  [
    'a person who enters a device code that somebody else has sent',
    async () => {
      const { issuer, alice, agent } = await setUp()
      const stranger = await agent('agent-a')
      const code = await requestDeviceCode(stranger, trips)
      const browser = new Browser()
      const page = await (await browser.get(`${issuer}/device`)).text()
      const [, xsrf = ''] = /name="xsrf" value="([^"]*)"/.exec(page) ?? []
      expect(await (await browser.post({ xsrf, user_code: code.userCode })).text()).toContain('role="alert"')
      await alice.allowDevice(code.verificationUri, code.userCode)
      const token = await code.token()
      expect(decodeJwt(token.accessToken)).toMatchObject({ sub: 'alice', act: { sub: 'agent-a' } })
    },
  ],
  [
    'a person who consents to too much',
    async () => {
      const { tokenOfAlice } = await setUp()
      expect(decodeJwt(await tokenOfAlice('trip:read pay'))).toMatchObject({ scope: 'trip:read pay' })
    },
  ],
  [
    'a thief who has the keys as well',
    async () => {
      const setup = await setUp()
      const api = await startApi(setup.running, trips)
      await api.revocations.ready()
      const agent = await sender(setup, 'agent-a')
      const token = tokenIn(await ask(setup, agent, clientCredentialsForm()))
      expect(await codeFor(api, await createSigningKey(), token)).toBe('binding_mismatch')
      const thief: Sender = { ...agent }
      const own = tokenIn(await ask(setup, thief, clientCredentialsForm()))
      for (const held of [token, own]) expect(await codeFor(api, thief.proofKey, held)).toBe('admitted')
      await setup.running.revokeAgent('agent-a')
      for (const held of [token, own]) {
        await until(async () => (await codeFor(api, thief.proofKey, held)) === 'token_revoked', 1_000)
      }
      expect(outcome(await ask(setup, thief, clientCredentialsForm()))).toBe('401 invalid_client')
    },
  ],
  [
    'an agent that does something foolish with rights that it has',
    async () => {
      const setup = await setUp()
      const agent = await sender(setup, 'agent-a')
      const token = tokenIn(await ask(setup, agent, { ...clientCredentialsForm(), scope: 'trip:read trip:book' }))
      const call = { resource: apis.trips, key: agent.proofKey, token }
      expect(await codeAtRoute(setup.issuer, call, { scopes: ['trip:book'] })).toBe('admitted')
      expect(await codeAtRoute(setup.issuer, call, { scopes: ['trip:book'], denyIfAgentInvolved: true })).toBe(
        'access_denied',
      )
      // Scopes that are narrow help as well.
      expect(await codeAtRoute(setup.issuer, call, { scopes: ['pay'] })).toBe('scope_missing')
    },
  ],
  [
    'an agent in the chain that asks for something else than the person meant, within the scopes',
    async () => {
      const setup = await setUp()
      const [agent, booker] = [await sender(setup, 'agent-a'), await sender(setup, 'booker')]
      const first = exchangeForm(
        await setup.tokenOfAlice('trip:book pay'),
        await actorTokenOf(setup, agent),
        apis.booking,
      )
      const second = exchangeForm(
        tokenIn(await ask(setup, agent, first)),
        await actorTokenOf(setup, booker),
        apis.tool,
        'pay',
      )
      const call = {
        resource: apis.tool,
        key: booker.proofKey,
        token: tokenIn(await ask(setup, booker, second)),
      }
      const seen: string[] = []
      const where = ({ delegation }: { delegation: { chain: readonly { subject: string }[] } | null }) => {
        seen.push(...(delegation?.chain ?? []).map(({ subject }) => subject))
        return true
      }
      expect(await codeAtRoute(setup.issuer, call, { scopes: ['pay'], where })).toBe('admitted')
      expect(seen.sort()).toEqual(['agent-a', 'booker'])
      expect(await codeAtRoute(setup.issuer, call, { scopes: ['pay'], maxDepth: 1 })).toBe('access_denied')
    },
  ],
  [
    'an API without such a source',
    async () => {
      vi.useFakeTimers({ toFake: ['Date'] })
      const { running, issuer, agent, alice, tokenOfAlice } = await setUp()
      const api = await startApi(running, trips)
      const without = await startApi(running, { ...trips, verifier: { revocation: undefined } })
      await api.revocations.ready()
      const traveller = await agent('agent-a')
      const token = await tokenOfAlice('trip:read', apis.trips, traveller)
      await alice.takeBack(`${issuer}/grants`, 'Travel agent')
      await until(async () => (await codeAt(api, traveller, token)) === 'token_revoked', 1_000)
      expect(await codeAt(without, traveller, token)).toBe('admitted')
      vi.setSystemTime(Date.now() + 400_000)
      expect(await codeAt(without, traveller, token)).toBe('token_expired')
    },
  ],
  [
    'an operator who loses the log',
    async () => {
      const { directory, log, notes } = await openLog()
      const { tokenOfAlice } = await setUp({ audit: log })
      await tokenOfAlice()
      await log.close()
      const verify = () => verifyAuditLog(directory, [logKey.publicJwk], { latest: notes.slice(-1) })
      const whole = await verify()
      expect(whole).toMatchObject({ faults: [], tail: 'witnessed' })
      const [file = ''] = filesIn(directory)
      const lines = linesOf(directory, file)
      writeLines(directory, file, lines.slice(0, -4))
      const cut = await verify()
      expect(cut.faults).not.toEqual([])
      expect(cut.events).toBeLessThan(whole.events)
      writeLines(directory, file, [
        ...lines.slice(0, 1),
        String(lines[1]).replace('admitted', 'refused'),
        ...lines.slice(2),
      ])
      expect((await verify()).faults).not.toEqual([])
      rmSync(join(directory, file))
      const lost = await verify()
      expect(lost.faults).not.toEqual([])
      expect(lost.events).toBe(0)
    },
  ],
]

test.each(limits)('DOCS: docs/agents.md does not protect against %s', (_, show) => show())

const inHardware = "a program on the agent's machine that can reach the token and knows the PIN"

describeWithToken(`DOCS: docs/agents.md does not protect against ${inHardware}`, (token) => {
  test('DOCS: it gets tokens with the key of the agent while both run; without the PIN it does not', async () => {
    // Asked first: who is in the process of the agent finds the token open.
    await expect(openHardwareKey(token.settings({ keyId: '0a', pin: '999999' }))).rejects.toMatchObject({
      code: 'pin_wrong',
    })
    const [agent, program] = [await token.open('0a'), await token.open('0a')]
    expect(program.isNew).toBe(false)
    const { running, issuer } = await setUp()
    const metadata = { ...registered.booker, ...keyMetadata(agent as unknown as SigningKey) }
    await running.addClient({ client_id: 'hardware', ...metadata })
    const { accessToken } = await (await createHardwareAgent({ id: 'hardware', issuer, key: program })).ownToken({
      resource: apis.tool,
      scope: 'pay',
    })
    expect(decodeJwt(accessToken)).toMatchObject({ sub: 'hardware' })
  })
})

test('DOCS: each limit of docs/agents.md has a test, and each step says its limit', () => {
  const page = readDocument('docs/agents.md')
  const told = [...page.matchAll(/(?:Does not protect against:\*\*|Nor against) ([^.]+)\./g)].map(([, limit]) => limit)
  expect([...limits.map(([limit]) => limit), inHardware].sort()).toEqual(told.sort())
  expect(page.match(/\*\*Protects against:\*\*/g)).toHaveLength(
    page.match(/\*\*Does not protect against:\*\*/g)?.length ?? 0,
  )
})
