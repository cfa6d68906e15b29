import { createHmac } from 'node:crypto'
import type { AuditEvent, Party } from 'onbehalf'
import { expect, test } from 'vitest'
import { logEvent, openLog, recordsIn } from '../../support/audit-log.ts'

const pseudonymKey = 'a secret of at least thirty-two bytes'
const pseudonym = (name: string) => `p:${createHmac('sha256', pseudonymKey).update(name).digest('base64url')}`

function party(subject: string, kind: Party['kind'], more: Partial<Party> = {}): Party {
  const issuer = 'https://as.example.com'
  return Object.freeze({ subject, issuer, assertedBy: issuer, kind, kindSource: 'profile', profiles: [], ...more })
}

async function written(members: Partial<AuditEvent>): Promise<Record<string, never>> {
  const event = { principal: null, actor: null, chain: [], client: null, request: request(null), ...members }
  const { directory, log } = await openLog({ personal: { pseudonymKey } })
  log.write(logEvent(1, event as Partial<AuditEvent>))
  await log.close()
  return recordsIn(directory)[1] as Record<string, never>
}

const request = (address: string | null): AuditEvent['request'] => ({
  method: 'GET',
  path: '/tools',
  route: '/tools',
  operation: null,
  address,
})

test.each(['human', 'app', 'device', 'unknown'] as const)(
  'Audit: the subject of a party of kind %s is replaced wherever it stands',
  async (kind) => {
    const person = party('alice', kind, { clientId: 'alice' })
    const event = await written({ principal: person, actor: person, chain: [person] })
    expect(JSON.stringify(event)).not.toContain('alice')
    const expected = { ...person, subject: pseudonym('alice'), clientId: pseudonym('alice') }
    expect([event['principal'], event['actor'], event['chain']]).toEqual([expected, expected, [expected]])
  },
)

test.each(['agent', 'service'] as const)('Audit: the subject of a party of kind %s is kept', async (kind) => {
  const machine = party('travel-7', kind, { clientId: 'travel-7' })
  const event = await written({ principal: machine, actor: machine, chain: [machine], client: 'travel-7' })
  expect(event).toMatchObject({ principal: machine, actor: machine, chain: [machine], client: 'travel-7' })
})

test('Audit: every owner is replaced, one or several', async () => {
  const one = party('travel-7', 'agent', { entity: { owner: 'bob', model: 'm' } })
  const two = party('planner-2', 'agent', { entity: { owner: ['bob', 'carol'] } })
  const { actor, chain } = await written({ actor: one, chain: [one, two] })
  expect(actor).toMatchObject({ subject: 'travel-7', entity: { owner: pseudonym('bob'), model: 'm' } })
  expect(chain?.[1]).toMatchObject({ entity: { owner: [pseudonym('bob'), pseudonym('carol')] } })
})

test('Audit: the client is replaced unless it is an agent or a service', async () => {
  const alice = party('alice', 'human')
  const agent = party('travel-7', 'agent', { clientId: 'client-7' })
  const clientOf = async (client: string, ...chain: readonly Party[]) =>
    (await written({ client, principal: alice, chain }))['client']
  expect(await clientOf('web-app')).toBe(pseudonym('web-app'))
  expect(await clientOf('client-7', agent)).toBe('client-7')
  expect(await clientOf('alice', agent)).toBe(pseudonym('alice'))
  expect(await clientOf('client-7', agent, party('x', 'human', { clientId: 'client-7' }))).toBe(pseudonym('client-7'))
})

test('Audit: the address is replaced, and facts keep nothing that was received', async () => {
  const facts = {
    hint: 'mtls',
    expectedMethod: 'GET',
    receivedAudience: 'alice',
    keyId: 'alice',
    cause: 'alice',
    wanted: ['a'],
    granted: ['b'],
    reason: 'limit',
  }
  const event = await written({ request: request('203.0.113.9'), facts: facts as AuditEvent['facts'] & object })
  expect(event['request']).toEqual(request(pseudonym('203.0.113.9')))
  expect(event['facts']).toEqual({ hint: 'mtls', expectedMethod: 'GET', wanted: ['a'], reason: 'limit' })
})

test('Audit: without the setting, names are kept', async () => {
  const { directory, log } = await openLog({ personal: 'keep' })
  log.write(logEvent(1, { principal: party('alice', 'human'), request: request('203.0.113.9') }))
  await log.close()
  expect(recordsIn(directory)[1]).toMatchObject({ principal: { subject: 'alice' }, request: request('203.0.113.9') })
})
