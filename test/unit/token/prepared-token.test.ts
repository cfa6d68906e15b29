import type { EntityClaims, IssuerOptions, Party, RevocationQuery, VerifierOptions } from 'onbehalf'
import { describe, expect, test } from 'vitest'
import { readOptions } from '../../../src/options/policy.ts'
import { Denial } from '../../../src/refusal/denial.ts'
import { prepareToken, type TokenReaders } from '../../../src/token/prepared-token.ts'
import { createTrust } from '../../../src/token/trust.ts'
import { createTokenVerifier } from '../../../src/token/verify.ts'
import { memorySink } from '../../support/audit.ts'
import { sha256 } from '../../support/bytes.ts'
import { createForge } from '../../support/forge.ts'
import type { Members } from '../../support/jws.ts'

/** What follows from a token alone: what a revocation source is told, and the relaxed settings that it needs. */

const forge = await createForge()
const home = forge.trust.issuer
const now = forge.clock.now() / 1_000

describe('what a revocation source is told', () => {
  async function queryFor(claims: Members, trust: Partial<IssuerOptions> = {}) {
    const asked: RevocationQuery[] = []
    const revocation = { isRevoked: (query: RevocationQuery) => asked.push(query) > 1 }
    const verifier = forge.verifierTrusting(trust, { revocation })
    await forge.code({ verifier, token: forge.token(claims) })
    expect(asked).toHaveLength(1)
    return asked[0] as RevocationQuery
  }

  test('Revocation: of a plain token, its names and times and the key of its sender, and no other member', async () => {
    const query = await queryFor({ jti: 'token-1', iat: now - 1, exp: now + 60 })
    expect({ ...query, sender: { ...query.sender } }).toStrictEqual({
      issuer: home,
      tokenId: 'token-1',
      issuedAt: now - 1,
      expiresAt: now + 60,
      parties: query.parties,
      clientId: 'travel-app',
      sender: { jkt: forge.agent.jkt },
    })
    expect(query.parties).toMatchObject([{ subject: 'alice', kind: 'human' }])
  })

  test('Revocation: of a token without client id, no client is told', async () => {
    const query = await queryFor({ client_id: undefined }, { optionalClaims: ['client_id'] })
    expect(query).not.toHaveProperty('clientId')
    expect(query).toMatchObject({ issuer: home })
  })

  test('Revocation: the session is told where the token names it with a text', async () => {
    expect(await queryFor({ sid: 'session-1' })).toMatchObject({ sessionId: 'session-1' })
    expect(await queryFor({ sid: 7 })).not.toHaveProperty('sessionId')
  })

  test('Revocation: the owner is that of the current actor, else of the principal, where it is a text', async () => {
    const dialect: IssuerOptions['dialect'] = {
      name: 'own',
      entity: ({ about }, which) => (about as Readonly<Record<string, EntityClaims>>)[which],
    }
    const act = { sub: 'a', iss: home }
    const about = { principal: { owner: 'office' }, actor: { owner: 'platform' } }
    expect(await queryFor({ about, act }, { dialect })).toMatchObject({ owner: 'platform' })
    expect(await queryFor({ about }, { dialect })).toMatchObject({ owner: 'office' })
    expect(await queryFor({ about: {} }, { dialect })).not.toHaveProperty('owner')
    expect(await queryFor({ about: { principal: { owner: ['a', 'b'] } } }, { dialect })).not.toHaveProperty('owner')
  })

  test('Revocation: a place on a status list is told where it has a text and a number', async () => {
    const list = { uri: 'https://as.example.test/list/1', idx: 0 }
    expect(await queryFor({ status: { status_list: list } })).toMatchObject({ status: { uri: list.uri, index: 0 } })
    const faulty = [{ uri: 7 }, { uri: undefined }, { idx: '0' }, { idx: undefined }]
    const others = faulty.map((fault) => ({ status_list: { ...list, ...fault } }))
    for (const status of [...others, { status_list: 'x' }, { status_list: null }, list, 'x', null]) {
      expect(await queryFor({ status }), JSON.stringify(status)).not.toHaveProperty('status')
    }
  })

  test('Revocation: the sender is told by key and by certificate, as the token names them', async () => {
    const x5t = sha256('a certificate in DER')
    const { sender } = await queryFor({ cnf: { jkt: forge.agent.jkt, 'x5t#S256': x5t } })
    expect({ ...sender }).toStrictEqual({ jkt: forge.agent.jkt, x5t })
    const { sender: other } = await queryFor({ cnf: { 'x5t#S256': x5t } })
    expect({ ...other }).toStrictEqual({ x5t })
  })

  test('Revocation: of a token with a malformed chain the principal alone is told', async () => {
    const { parties } = await queryFor({ act: 'x' })
    expect(parties).toMatchObject([{ subject: 'alice', kind: 'human', issuer: home }])
    expect(parties).toHaveLength(1)
  })
})

describe('the relaxed settings that a token needs', () => {
  async function relaxationsOf(claims: Members, trust: Partial<IssuerOptions>, options: Partial<VerifierOptions> = {}) {
    const sink = memorySink()
    const verifier = forge.verifierTrusting(trust, { audit: sink, ...options })
    const bearer = 'cnf' in claims ? { scheme: 'Bearer', proof: null } : {}
    const { ok } = await forge.call({ verifier, token: forge.token(claims), ...bearer })
    expect(ok).toBe(true)
    return sink.events[0]?.relaxations
  }

  const everything: Partial<IssuerOptions> = {
    maxTokenSeconds: 3_600,
    actorClaims: 'sub-or-client_id',
    optionalClaims: ['jti'],
    dangerously: { allowUnbound: true, allowMissingAudience: { clients: ['travel-app'] } },
  }

  test('Audit: a token that needs none of those that are set names none', async () => {
    expect(await relaxationsOf({ act: { sub: 'a', client_id: 'travel-app' } }, everything)).toEqual([])
  })

  test.each<readonly [setting: string, needs: Members]>([
    ['issuer.dangerously.allowUnbound', { cnf: undefined }],
    ['issuer.dangerously.allowMissingAudience', { aud: undefined }],
    ['issuer.optionalClaims', { jti: undefined }],
    ['issuer.actorClaims', { act: { client_id: 'travel-app' } }],
    ['issuer.maxTokenSeconds', { exp: now + 301 }],
  ])('Audit: a token that needs %s names it alone', async (setting, needs) => {
    expect(await relaxationsOf(needs, everything)).toEqual([setting])
  })

  test('Audit: one of several names of a claim is enough', async () => {
    const trust = { optionalClaims: ['jti' as const], dialect: { name: 'own', clientId: ['cid', 'appid'] } }
    expect(await relaxationsOf({ appid: 'travel-app' }, trust)).toEqual([])
    expect(await relaxationsOf({ appid: 'travel-app', jti: undefined }, trust)).toEqual(['issuer.optionalClaims'])
  })

  test('Audit: a fault that is reported does not hide that the audience is missing', async () => {
    const reported = await relaxationsOf({ aud: undefined, exp: now + 3_601 }, everything, {
      reportOnly: ['token_lifetime'],
    })
    expect(reported).toEqual(['issuer.dangerously.allowMissingAudience', 'issuer.maxTokenSeconds', 'reportOnly'])
  })

  test('Audit: the relaxed setting of a fault that is only reported is reportOnly alone', async () => {
    const reporting = { reportOnly: ['token_audience', 'token_lifetime'] as const }
    for (const faults of [{ aud: undefined }, { exp: now + 301 }, { aud: undefined, exp: now + 301 }]) {
      expect(await relaxationsOf(faults, {}, reporting)).toEqual(['reportOnly'])
    }
    const both = await relaxationsOf({ exp: now + 3_601 }, { maxTokenSeconds: 3_600 }, reporting)
    expect(both).toEqual(['issuer.maxTokenSeconds', 'reportOnly'])
  })
})

describe('the share of the replay memory', () => {
  function partitionOf(claims: Members, issuer = home): string {
    const policy = readOptions({ ...forge.options, issuer: { ...forge.trust, issuer } })
    const nobody = new Denial('delegation_malformed')
    const readers: TokenReaders = {
      confirmation: () => nobody,
      parties: () => nobody,
      principal: ({ claims: read }) => ({ subject: read.sub }) as Party,
    }
    const reader = createTokenVerifier(policy, createTrust(policy), (token) => prepareToken(token, readers).partition)
    const token = forge.token({ iss: issuer, ...claims })
    return String(reader.verify({ scheme: 'DPoP', token, tokenHash: sha256(token) }))
  }

  test('REPLAY: the share is that of issuer, client and subject together, whatever the token', () => {
    const partition = partitionOf({})
    expect(partitionOf({ exp: now + 60, scope: 'a' })).toBe(partition)
    const others = [
      partitionOf({ client_id: 'other-app' }),
      partitionOf({ sub: 'bob' }),
      partitionOf({}, 'https://other.example.test'),
    ]
    expect(new Set([partition, ...others]).size).toBe(4)
  })
})
