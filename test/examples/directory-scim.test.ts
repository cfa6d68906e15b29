import type { IncomingMessage, ServerResponse } from 'node:http'
import type { EntityClaims, Party } from 'onbehalf'
import { beforeEach, describe, expect, test } from 'vitest'
import { createOwnersApp } from '../../examples/directory-scim/app.ts'
import { type ScimOptions, scimDirectory } from '../../examples/directory-scim/directory.ts'
import { createKit, type Kit } from '../support/kit.ts'
import { listen, type Send, serve } from '../support/servers.ts'

const schema = 'urn:ietf:params:scim:schemas:core:2.0:Agent'
const listSchema = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'
const travel = {
  schemas: [schema],
  id: 'a-7',
  name: 'Travel',
  agentType: 'Assistant',
  subject: 'travel-7',
  active: true,
}
const owners = [{ value: 'u-1', display: 'Ann' }, { value: 'g-2' }]

/** A SCIM service with one filter, and whatever answer a test wants. */
interface Scim {
  agents: readonly Readonly<Record<string, unknown>>[]
  answer: (found: readonly object[], response: ServerResponse) => void
  readonly requests: IncomingMessage[]
  readonly base: string
}

async function startScim(): Promise<Scim> {
  const requests: IncomingMessage[] = []
  const port = await listen((request, response) => {
    requests.push(request)
    const [, text = '""'] = /^subject eq (".*")$/.exec(filterOf(request)) ?? []
    const subject = JSON.parse(text).toLowerCase()
    scim.answer(
      scim.agents.filter((agent) => String(agent['subject']).toLowerCase() === subject),
      response,
    )
  })
  const scim: Scim = { agents: [{ ...travel, owners }], answer: list, requests, base: `http://127.0.0.1:${port}/v2/` }
  return scim
}

function filterOf({ url = '' }: IncomingMessage): string {
  return new URL(url, 'http://scim').searchParams.get('filter') ?? ''
}

function list(found: readonly object[], response: ServerResponse): void {
  send(response, { schemas: [listSchema], totalResults: found.length, Resources: found })
}

function send(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/scim+json' }).end(JSON.stringify(body))
}

let scim: Scim
let kit: Kit
beforeEach(async () => {
  scim = await startScim()
  kit = await createKit({ token: { human: 'alice' } })
})

function directoryOf(more: Partial<ScimOptions> = {}) {
  return scimDirectory({ base: scim.base, token: 'scim-token', issuer: kit.issuer.issuer, ...more })
}

describe('an API that asks SCIM', () => {
  let api: Send
  beforeEach(async () => {
    api = await serve(
      createOwnersApp(kit.verifierWith({ delegation: { directory: directoryOf(), requireOwner: true } })),
    )
  })

  async function get(token?: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const headers = await kit.credentials('GET', '/orders', { token })
    const { status, text } = await api('/orders', { headers })
    return { status, body: JSON.parse(text) }
  }

  test('Example: the handler sees the owners of the agent', async () => {
    expect(await get()).toEqual({ status: 200, body: { for: 'alice', by: 'travel-7', owner: ['u-1', 'g-2'] } })
  })

  test('Example: an agent that is set inactive is refused, with a token that was good before', async () => {
    const token = await kit.token()
    expect((await get(token)).status).toBe(200)
    scim.agents = [{ ...travel, owners, active: false }]
    kit.clock.advance(30)
    expect(await get(token)).toMatchObject({ status: 401, body: { code: 'token_revoked' } })
  })

  test('Example: an agent without an owner, or unknown to the service, is refused', async () => {
    scim.agents = [travel]
    expect(await get()).toMatchObject({ status: 401, body: { code: 'owner_missing' } })
    kit.clock.advance(30)
    scim.agents = []
    expect(await get()).toMatchObject({ status: 401, body: { code: 'owner_missing' } })
  })

  test('Example: while SCIM is down the answer is 503', async () => {
    scim.answer = (_, response) => response.destroy()
    expect(await get()).toMatchObject({ status: 503, body: { code: 'directory_unavailable' } })
    scim.answer = list
    expect((await get()).status).toBe(200)
  })
})

describe('the directory', () => {
  const party = (subject: string, more: Partial<Party> = {}): Party => ({
    subject,
    issuer: null,
    assertedBy: kit.issuer.issuer,
    kind: 'agent',
    kindSource: 'profile',
    profiles: [],
    ...more,
  })

  const ask = async (subject = 'travel-7', more: Partial<ScimOptions> = {}) => directoryOf(more)(party(subject))

  test('RFC 7644 §3.4.2: it asks for the agent with the subject, with its token', async () => {
    const known: EntityClaims = { governance: 'a-7', owner: ['u-1', 'g-2'] }
    expect(await ask()).toEqual(known)
    const [request] = scim.requests
    expect(request?.url).toMatch(/^\/v2\/Agents\?filter=/)
    expect(request?.headers.authorization).toBe('Bearer scim-token')
    expect(await ask('other')).toBeUndefined()
  })

  test.each(['a"', 'a" or subject eq "travel-7', 'a\\', 'a\\" or active eq true', 'a&filter=x#', 'ü\ud800'])(
    'RFC 7644 §3.4.2.2: the subject %j stays one value of the filter',
    async (subject) => {
      expect(await ask(subject)).toBeUndefined()
      const [request] = scim.requests
      expect(request === undefined ? '' : filterOf(request)).toBe(`subject eq ${JSON.stringify(subject)}`)
    },
  )

  test('Example: parties of other issuers are not asked about', async () => {
    const other = 'https://partner.example.test'
    expect(await directoryOf()(party('travel-7', { assertedBy: other }))).toBeUndefined()
    expect(await directoryOf()(party('travel-7', { issuer: other }))).toBeUndefined()
    expect(scim.requests).toEqual([])
    expect(await directoryOf()(party('travel-7', { issuer: kit.issuer.issuer }))).toBeDefined()
  })

  test.each<[string, object]>([
    ['without active', { ...travel, active: undefined }],
    ['with active false', { ...travel, active: false, owners: 'none' }],
  ])('Example: an agent %s is disabled', async (_, agent) => {
    scim.agents = [agent as (typeof scim.agents)[number]]
    expect(await ask()).toEqual({ disabled: true })
  })

  const listOf = (...resources: readonly unknown[]) => ({
    schemas: [listSchema],
    totalResults: resources.length,
    Resources: resources,
  })

  test.each<[string, unknown, number?]>([
    ['another status', listOf(), 404],
    ['credentials refused', { schemas: [], status: '401' }, 401],
    ['no object', [travel]],
    ['another schema', { ...listOf(travel), schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'] }],
    ['no count', { schemas: [listSchema], Resources: [] }],
    ['a count without the agent', { schemas: [listSchema], totalResults: 1 }],
    ['two agents', listOf(travel, travel)],
    ['a user', listOf({ ...travel, schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'] })],
    ['a subject in other letters', listOf({ ...travel, subject: 'Travel-7' })],
    ['an agent without id', listOf({ ...travel, id: undefined })],
    ['active as a text', listOf({ ...travel, active: 'true' })],
    ['owners as a text', listOf({ ...travel, owners: 'u-1' })],
    ['an owner without id', listOf({ ...travel, owners: [{ display: 'Ann' }] })],
    ['an answer that is too long', listOf({ ...travel, name: 'x'.repeat(65_536) })],
  ])('Example: %s is no answer', async (_, body, status) => {
    scim.answer = (_found, response) => send(response, body, status)
    await expect(ask()).rejects.toThrow()
  })

  test('Example: a redirect is not followed, and text that is no JSON is no answer', async () => {
    scim.answer = (_, response) => response.writeHead(302, { location: scim.base }).end()
    await expect(ask()).rejects.toThrow()
    expect(scim.requests).toHaveLength(1)
    scim.answer = (_, response) => response.end('<html>')
    await expect(ask()).rejects.toThrow()
  })

  test('Example: silence is given up', async () => {
    scim.answer = () => {}
    await expect(ask('travel-7', { timeoutMs: 20 })).rejects.toThrow()
  })

  test('Example: of many owners 32 are told', async () => {
    scim.agents = [{ ...travel, owners: Array.from({ length: 40 }, (_, at) => ({ value: `u-${at}` })) }]
    expect(await ask()).toMatchObject({ owner: { length: 32 } })
  })

  test.each(['http://scim.example.test/v2', 'ftp://scim.example.test', 'scim'])(
    'Example: %s is no place for it',
    (base) => {
      expect(() => directoryOf({ base })).toThrow()
    },
  )
})
