import type { AgentContext, createVerifier, IssuerOptions, RevocationQuery } from 'onbehalf'
import { createTestIssuer, type TestIssuer } from 'onbehalf/testing'
import { describe, expect, test } from 'vitest'
import { createForge, type Forge } from '../support/forge.ts'
import { type Members, makeRawKey, type RawKey, rawJws } from '../support/jws.ts'
import { createHome, forgedToken, type Home, held, judge, judgeNow, keysUri, metadataUri } from '../support/key-home.ts'
import { type Call, type Outcome, resource } from '../support/kit.ts'

const forge: Forge = await createForge({ certificate: true })
const partnerKey: RawKey = await makeRawKey('ES256')
const first = forge.trust.issuer
const partner = 'https://partner.example.test'
const agents = 'https://agents.example.test'
/** Its key has the kid of the first issuer's. */
const partnerTrust: IssuerOptions = {
  issuer: partner,
  jwks: { keys: [{ ...partnerKey.publicJwk, kid: 'k1', alg: 'ES256' }] },
}

function partnerToken(claims: Members = {}): string {
  return rawJws(partnerKey, forge.header(), forge.claims({ iss: partner, ...claims }))
}

interface Row {
  readonly name: string
  /** What the partner is allowed, and the first issuer is not. */
  readonly setting: Partial<IssuerOptions>
  readonly claims: () => Members
  readonly call?: Call<Members>
  readonly code: Outcome
  /** Below the issuer among the options, or the verifier's own option. */
  readonly hint: string
}

const seconds = () => Math.floor(forge.clock.now() / 1_000)
const certificate = forge.agent.certificate?.der
const x5t = forge.agent.certificate?.thumbprint

const rows: readonly Row[] = [
  {
    name: 'audience',
    setting: { audience: 'urn:partner:api' },
    claims: () => ({ aud: 'urn:partner:api' }),
    code: 'token_audience',
    hint: 'audience',
  },
  {
    name: 'maxTokenSeconds',
    setting: { maxTokenSeconds: 3_600 },
    claims: () => ({ exp: seconds() + 3_600 }),
    code: 'token_lifetime',
    hint: '.maxTokenSeconds',
  },
  {
    name: 'actorIssuers, a third issuer',
    setting: { actorIssuers: [agents] },
    claims: () => ({ act: { sub: 'travel-7', iss: agents } }),
    code: 'delegation_not_allowed',
    hint: '.actorIssuers',
  },
  {
    name: 'actorIssuers, any',
    setting: { actorIssuers: 'any' },
    claims: () => ({ act: { sub: 'travel-7', iss: agents } }),
    code: 'delegation_not_allowed',
    hint: '.actorIssuers',
  },
  {
    name: 'actorClaims',
    setting: { actorClaims: 'sub-or-client_id' },
    claims: () => ({ act: { client_id: 'travel-app' } }),
    code: 'delegation_malformed',
    hint: '.actorClaims',
  },
  {
    name: 'optionalClaims',
    setting: { optionalClaims: ['jti'] },
    claims: () => ({ jti: undefined }),
    code: 'token_claim',
    hint: '.optionalClaims',
  },
  {
    name: 'dpopSchemeForMtls',
    setting: { dpopSchemeForMtls: true },
    claims: () => ({ cnf: { 'x5t#S256': x5t } }),
    call: { certificate, proof: null },
    code: 'binding_scheme',
    hint: '.dpopSchemeForMtls',
  },
  {
    name: 'dangerously.allowUnbound',
    setting: { dangerously: { allowUnbound: true } },
    claims: () => ({ cnf: undefined }),
    call: { scheme: 'Bearer', proof: null },
    code: 'binding_missing',
    hint: '.dangerously.allowUnbound',
  },
  {
    name: 'dangerously.allowMissingAudience',
    setting: { dangerously: { allowMissingAudience: { clients: ['travel-app'] } } },
    claims: () => ({ aud: undefined }),
    code: 'token_audience',
    hint: '.dangerously.allowMissingAudience',
  },
]

describe.each(rows)('$name', ({ setting, claims, call, code, hint }) => {
  test.each([
    ['first', 0],
    ['last', 1],
  ])('Options: one issuer may, and the other, named %s, may not', async (_, index) => {
    const lax = { ...partnerTrust, ...setting }
    const verifier = forge.verifierWith({ issuer: index === 0 ? [forge.trust, lax] : [lax, forge.trust] })
    for (const round of ['cold', 'warm']) {
      expect(await forge.code({ ...call, verifier, token: partnerToken(claims()) }), round).toBe('admitted')
      const refusal = await forge.refusal({ ...call, verifier, token: forge.token(claims()) })
      const option = hint.startsWith('.') ? `issuer[${index}]${hint}` : hint
      expect([refusal.code, refusal.facts?.hint], round).toEqual([code, option])
    }
  })
})

describe('the right to name actors', () => {
  const verifier = forge.verifierWith({
    issuer: [forge.trust, { ...partnerTrust, actorIssuers: [agents] }, { issuer: agents, jwksUri: `${agents}/jwks` }],
  })
  const actor = (iss: string | undefined) => ({ act: { sub: 'travel-7', sub_profile: 'ai_agent', iss } })

  test('Options: an issuer may not name the actors of another because both are trusted', async () => {
    expect(await forge.code({ verifier, token: forge.token(actor(partner)) })).toBe('delegation_not_allowed')
    expect(await forge.code({ verifier, token: forge.token(actor(agents)) })).toBe('delegation_not_allowed')
    expect(await forge.code({ verifier, token: partnerToken(actor(first)) })).toBe('delegation_not_allowed')
  })

  test('Options: an issuer with a list of others still names its own actors', async () => {
    for (const iss of [partner, agents]) {
      const context = await forge.context({ verifier, token: partnerToken(actor(iss)) })
      expect(context.actor).toMatchObject({ subject: 'travel-7', issuer: iss, assertedBy: partner })
    }
  })

  test('Options: where one issuer may name no actor, another still may', async () => {
    const mixed = forge.verifierWith({ issuer: [{ ...forge.trust, actorIssuers: false }, partnerTrust] })
    expect(await forge.code({ verifier: mixed, token: forge.token(actor(first)) })).toBe('delegation_not_allowed')
    expect(await forge.code({ verifier: mixed, token: forge.token() })).toBe('admitted')
    expect(await forge.code({ verifier: mixed, token: partnerToken(actor(partner)) })).toBe('admitted')
  })
})

test('Options: agentClients of one issuer says nothing of a client of another with the same id', async () => {
  const verifier = forge.verifierWith({ issuer: [forge.trust, { ...partnerTrust, agentClients: ['travel-app'] }] })
  const authority = ({ authority, involvesAgent }: AgentContext) => ({ authority, involvesAgent })
  const ofPartner = await forge.context({ verifier, token: partnerToken() })
  expect(authority(ofPartner)).toEqual({ authority: 'delegated', involvesAgent: true })
  const ofFirst = await forge.context({ verifier, token: forge.token() })
  expect(authority(ofFirst)).toEqual({ authority: 'independent', involvesAgent: false })
})

test('RFC 7519 §4.1.7: one jti of two issuers is two tokens to the revocation source', async () => {
  const asked: RevocationQuery[] = []
  const isRevoked = (query: RevocationQuery) => asked.push(query) > 0 && query.issuer === partner
  const verifier = forge.verifierWith({ issuer: [forge.trust, partnerTrust], revocation: { isRevoked } })
  expect(await forge.code({ verifier, token: forge.token({ jti: 'one' }) })).toBe('admitted')
  expect(await forge.code({ verifier, token: partnerToken({ jti: 'one' }) })).toBe('token_revoked')
  expect(asked.map(({ issuer, tokenId }) => [issuer, tokenId])).toEqual([
    [first, 'one'],
    [partner, 'one'],
  ])
})

test('Options: describe() tells the issuers apart, and which of them has a relaxation', () => {
  const lax = { ...partnerTrust, audience: 'urn:partner:api', maxTokenSeconds: 3_600, actorIssuers: false as const }
  const verifier = forge.verifierWith({
    issuer: [forge.trust, { ...lax, algorithms: ['ES256'], dangerously: { allowUnbound: true } }],
  })
  const { issuers, relaxations } = verifier.describe()
  expect(issuers).toMatchObject([
    { issuer: first, maxTokenSeconds: 300, actorIssuers: 'own' },
    {
      issuer: partner,
      maxTokenSeconds: 3_600,
      actorIssuers: false,
      audience: ['urn:partner:api'],
      algorithms: ['ES256'],
    },
  ])
  expect(relaxations.filter((path) => path.startsWith('issuer'))).toEqual(
    expect.arrayContaining(['issuer[1].maxTokenSeconds', 'issuer[1].dangerously.allowUnbound']) as string[],
  )
  expect(relaxations.filter((path) => path.startsWith('issuer[0]'))).toEqual([])
})

describe('fetched keys', () => {
  const partnerKeys = `${partner}/keys`

  interface Pair extends Home {
    readonly second: TestIssuer
    readonly kid: string
    /** A verifier of both, in the order given. */
    both(isSwapped?: boolean): ReturnType<typeof createVerifier>
    /** A token that names one issuer and is signed by another, under the kid that both have. */
    signed(iss: string, by: TestIssuer): Promise<string>
  }

  async function createPair(): Promise<Pair> {
    const home = await createHome()
    const kid = home.issuer.jwks.keys[0]?.kid ?? ''
    const second = await createTestIssuer({ resource, issuer: partner, clock: home.clock, keyId: kid })
    home.network.serve(`${partner}/.well-known/oauth-authorization-server`, () => ({
      issuer: partner,
      jwks_uri: partnerKeys,
    }))
    home.network.serve(partnerKeys, () => second.jwks)
    return {
      ...home,
      second,
      kid,
      both: (isSwapped = false) => home.open({}, { issuer: isSwapped ? [partner, first] : [first, partner] }),
      signed: (iss, by) => by.token({ agent: home.agent, claims: { iss }, header: { kid } }),
    }
  }

  test.each([
    ['good tokens first', false],
    ['forged tokens first', true],
  ])('AT-03: keys that share a kid never mix, cold and cached, %s', async (_, isReversed) => {
    const pair = await createPair()
    const { issuer, second, signed } = pair
    const tokens: [token: string, outcome: Outcome][] = [
      [await signed(first, issuer), held],
      [await signed(partner, second), held],
      [await signed(first, second), 'token_signature'],
      [await signed(partner, issuer), 'token_signature'],
    ]
    if (isReversed) tokens.reverse()
    for (const isSwapped of [false, true]) {
      const verifier = pair.both(isSwapped)
      for (const round of ['cold', 'warm', 'warm again']) {
        for (const [token, outcome] of tokens) expect(await judge(verifier, token), round).toBe(outcome)
      }
      expect(verifier.health()).toMatchObject({ caches: { tokens: 2 } })
    }
  })

  test('AT-03: where one issuer changes its key, tokens of another stay cached', async () => {
    const pair = await createPair()
    const { issuer, second, clock, network, signed } = pair
    const verifier = pair.both()
    const [old, other] = [await signed(first, issuer), await signed(partner, second)]
    expect(await judge(verifier, old)).toBe(held)
    expect(await judge(verifier, other)).toBe(held)
    await issuer.rotateKey()
    clock.advance(31)
    expect(await judge(verifier, await pair.token())).toBe(held)
    expect(await judge(verifier, old)).toBe('token_key_unknown')
    expect(judgeNow(verifier, other)).toBe(held)
    expect(await judge(verifier, await signed(partner, second))).toBe(held)
    expect(network.count(partnerKeys)).toBe(1)
  })

  test('AT-03: an outage of one issuer leaves the other at work', async () => {
    const pair = await createPair()
    const { issuer, second, network, signed } = pair
    network.serve(partnerKeys, () => new Response('down', { status: 503 }))
    const verifier = pair.both()
    expect(await judge(verifier, await signed(partner, second))).toBe('keys_unavailable')
    expect(await judge(verifier, await signed(first, issuer))).toBe(held)
    expect(await judge(verifier, await signed(partner, issuer))).toBe('keys_unavailable')
    expect(verifier.health().issuers).toMatchObject([
      { issuer: first, keys: 1 },
      { issuer: partner, keys: 0 },
    ])
    await expect(verifier.ready()).rejects.toThrow(Error)
  })

  test('AT-02: a token of an unknown issuer makes the verifier fetch nothing', async () => {
    const pair = await createPair()
    const verifier = pair.both()
    const stranger = await createTestIssuer({ resource, issuer: agents, clock: pair.clock, keyId: pair.kid })
    for (const round of ['cold', 'warm']) {
      expect(await judge(verifier, await stranger.token({ agent: pair.agent })), round).toBe('token_issuer')
      expect(await judge(verifier, await pair.signed(agents, pair.issuer)), round).toBe('token_issuer')
    }
    expect(pair.network.asked).toEqual([])
  })

  test('AT-03: a kid that is unknown to one issuer is not looked for at another', async () => {
    const pair = await createPair()
    const verifier = pair.both()
    expect(await judge(verifier, forgedToken(pair, 'unknown'))).toBe('token_key_unknown')
    expect(pair.network.asked).toEqual([metadataUri, keysUri])
  })
})
