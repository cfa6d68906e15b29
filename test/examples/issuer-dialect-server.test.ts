import { decodeJwt } from 'jose'
import type { AgentContext, DialectName, VerifierOptions } from 'onbehalf'
import { describe, expect, test } from 'vitest'
import type { DpopAgent } from '../../examples/agents/dpop-agent.ts'
import { uuidFor } from '../../examples/issuer/dialects/made-up-ids.ts'
import { until } from '../support/services.ts'
import { apis, errorOf, setUp } from './issuer-setup.ts'
import { codeAt, type ResourceServer, startApi } from './resource-servers.ts'

interface Product {
  readonly dialect: DialectName
  /** How it names an API. */
  audienceOf(resource: string): string
  /** Its tokens name the key of their sender. */
  readonly isBound: boolean
  /** The claim that names the token; absent, its hash does. */
  readonly idClaim?: 'jti' | 'uti'
  /** The kind of the actor, where the product says it. */
  readonly kind: 'agent' | 'unknown'
}

const products: readonly Product[] = [
  { dialect: 'auth0', audienceOf: (resource) => resource, isBound: true, kind: 'agent' },
  { dialect: 'okta', audienceOf: (resource) => resource.replace('https:', 'api:'), isBound: true, kind: 'agent' },
  { dialect: 'entra', audienceOf: uuidFor, isBound: false, idClaim: 'uti', kind: 'agent' },
  { dialect: 'keycloak', audienceOf: (resource) => resource, isBound: true, idClaim: 'jti', kind: 'unknown' },
]

async function setUpFor({ dialect, audienceOf, isBound }: Product) {
  const set = await setUp({ dialect })
  const { running, issuer } = set
  const options = (resource: string): Partial<VerifierOptions> => ({
    // The keys are found by discovery.
    issuer: { issuer, dialect, ...(!isBound && { dangerously: { allowUnbound: true } }) },
    audience: audienceOf(resource),
  })
  const apiFor = async (resource: string, scope: string) => {
    const api = await startApi(running, { resource, scope, verifier: options(resource) })
    await api.revocations.ready()
    return api
  }
  const traveller = await set.agent('agent-a')
  const trips = await apiFor(apis.trips, 'trip:read')
  const booking = await apiFor(apis.booking, 'trip:book')
  const token = await set.tokenOfAlice('trip:read trip:book', apis.trips, traveller)
  return { ...set, traveller, trips, booking, token }
}

/** Tokens that name no key are sent as Bearer. */
async function contextAt(
  product: Product,
  api: ResourceServer,
  agent: DpopAgent,
  token: string,
): Promise<AgentContext> {
  if (product.isBound) return (await agent.call('GET', api.url, token)).body as AgentContext
  const response = await fetch(api.url, { headers: { authorization: `Bearer ${token}` } })
  return (await response.json()) as AgentContext
}

describe.each(products)('issuer: tokens as $dialect writes them', (product) => {
  test(`Examples: an API reads tokens of the issuer in the dialect ${product.dialect}, and an exchange goes on from them`, async () => {
    const { traveller, trips, booking, token } = await setUpFor(product)
    const claims = decodeJwt(token)
    expect(claims['aud']).toBe(product.audienceOf(apis.trips))
    expect(claims['mission']).toBeUndefined()
    const context = await contextAt(product, trips, traveller, token)
    const { accessToken } = await traveller.tokenOnBehalf(token, { resource: apis.booking, scope: 'trip:book' })
    const exchanged = await contextAt(product, booking, traveller, accessToken)
    for (const { principal, actor, client } of [context, exchanged]) {
      expect([principal.subject, actor.subject, actor.kind]).toEqual(['alice', 'agent-a', product.kind])
      if (client !== null) expect(client.id).toBe('agent-a')
    }
    // The ledger keeps what the dialect cannot say: scopes only narrow, and other APIs are out of reach.
    expect(await errorOf(traveller.tokenOnBehalf(token, { resource: apis.booking, scope: 'pay' }))).toBe(
      'invalid_scope',
    )
    expect(await errorOf(traveller.tokenOnBehalf(token, { resource: apis.payments }))).toBe('invalid_target')
  })

  test(`Examples: a withdrawn grant ends tokens in the dialect ${product.dialect} by their ${product.idClaim ?? 'hash'}`, async () => {
    const { traveller, trips, booking, token, alice, issuer, revocations } = await setUpFor(product)
    const { accessToken } = await traveller.tokenOnBehalf(token, { resource: apis.booking, scope: 'trip:book' })
    const ids = [
      (await contextAt(product, trips, traveller, token)).token.id,
      (await contextAt(product, booking, traveller, accessToken)).token.id,
    ]
    await alice.takeBack(`${issuer}/grants`, 'Travel agent')
    const named = revocations.map((revocation) => revocation.token)
    expect(named).toEqual(expect.arrayContaining(ids))
    for (const [api, one] of [
      [trips, token],
      [booking, accessToken],
    ] as const) {
      await until(async () => (await codeOf(product, api, traveller, one)) === 'token_revoked', 1_000)
    }
    if (product.idClaim !== undefined)
      expect(ids).toEqual([token, accessToken].map((one) => decodeJwt(one)[String(product.idClaim)]))
  })
})

test('RFC 6749 §5.2: a token that the product would not issue is an invalid request', async () => {
  const { events, agent } = await setUp({ dialect: 'aap' })
  const traveller = await agent('agent-a')
  expect(await errorOf(traveller.ownToken({ resource: apis.trips, scope: 'trip:read' }))).toBe('none')
  // There, only agents get tokens.
  const tool = await agent('tool')
  expect(await errorOf(tool.ownToken({ resource: apis.payments, scope: 'pay' }))).toBe('invalid_request')
  expect(events.at(-1)).toMatchObject({ decision: 'refused', client: 'tool' })
})

async function codeOf(product: Product, api: ResourceServer, agent: DpopAgent, token: string): Promise<string> {
  if (product.isBound) return codeAt(api, agent, token)
  return ((await contextAt(product, api, agent, token)) as unknown as { code: string }).code
}
