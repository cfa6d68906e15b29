import { describe, expect, test } from 'vitest'
import { type AuditEvent, type RefusalCode, type RevocationQuery, refusals } from '../../../src/index.ts'
import { sha256 } from '../../support/bytes.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import { type Members, spliceMember } from '../../support/jws.ts'
import { type Outcome, outcomeOf, resource } from '../../support/kit.ts'

const forge: Forge = await createForge()
const { verifier } = forge
const now: number = forge.clock.now() / 1_000

async function outcomeWith(claims: Members): Promise<Outcome> {
  return forge.code({ verifier, token: forge.token(claims) })
}

const ours = resource

test.each([
  ['one string', ours, 'admitted'],
  ['a list of one', [ours], 'admitted'],
  ['a list with ours second', ['https://other.example.test', ours], 'admitted'],
  ['missing', undefined, 'token_audience'],
  ['another', 'https://other.example.test', 'token_audience'],
  ['a list of others', ['https://other.example.test', 'x'], 'token_audience'],
  ['with the slash of an empty path', `${ours}/`, 'admitted'],
  ['with two slashes', `${ours}//`, 'token_audience'],
  ['a prefix', ours.slice(0, -1), 'token_audience'],
  ['longer', `${ours}.evil.test`, 'token_audience'],
  ['a path below', `${ours}/tools`, 'token_audience'],
  ['in upper case', ours.toUpperCase(), 'token_audience'],
  ['with the default port', `${ours}:443`, 'token_audience'],
  ['with a space', ` ${ours}`, 'token_audience'],
  ['two in one string', `${ours} https://other.example.test`, 'token_audience'],
  ['empty', '', 'token_claim'],
  ['an empty list', [], 'token_claim'],
  ['null', null, 'token_claim'],
  ['a number', 1, 'token_claim'],
  ['true', true, 'token_claim'],
  ['an object', { [ours]: true }, 'token_claim'],
  ['a list with a number', [ours, 1], 'token_claim'],
  ['a list with an empty string', [ours, ''], 'token_claim'],
  ['a list in a list', [[ours]], 'token_claim'],
])('AT-04: aud %s', async (_, aud, outcome) => {
  expect(await outcomeWith({ aud })).toBe(outcome)
})

test('AT-04: a missing aud is waived for the named clients alone, a wrong one never', async () => {
  const waived = forge.verifierTrusting({ dangerously: { allowMissingAudience: { clients: ['travel-app'] } } })
  const outcome = async (claims: Members) => await forge.code({ verifier: waived, token: forge.token(claims) })
  expect(await outcome({ aud: undefined })).toBe('admitted')
  expect(await outcome({ aud: undefined, client_id: 'other-app' })).toBe('token_audience')
  expect(await outcome({ aud: 'https://other.example.test' })).toBe('token_audience')
  expect(await outcome({ aud: [] })).toBe('token_claim')
  expect(await outcome({ aud: null })).toBe('token_claim')
})

test.each([
  ['now', now, 'admitted'],
  ['4.999 s ago', now - 4.999, 'admitted'],
  ['5 s ago', now - 5, 'token_expired'],
  ['a minute ago', now - 60, 'token_expired'],
  ['in 1970', 0, 'token_expired'],
  ['before 1970', -now, 'token_expired'],
  ['in milliseconds', now * 1_000, 'token_lifetime'],
  ['a numeric string', String(now + 300), 'token_claim'],
  ['a date', '2099-01-01T00:00:00Z', 'token_claim'],
  ['null', null, 'token_claim'],
  ['true', true, 'token_claim'],
  ['a list', [now + 300], 'token_claim'],
  ['an object', { valueOf: now + 300 }, 'token_claim'],
  ['missing', undefined, 'token_claim'],
])('AT-06: exp %s', async (_, exp, outcome) => {
  expect(await outcomeWith({ iat: now - 100, exp })).toBe(outcome)
})

test.each(['1e300', '1e400', '9007199254740993'])('AT-06: exp %s is refused, not endless', async (exp) => {
  const token = forge.raw(forge.header(), spliceMember(forge.claims({ exp: undefined }), `"exp":${exp}`))
  expect(await forge.refusal({ verifier, token })).toMatchObject({ code: 'token_claim', facts: { claim: 'exp' } })
})

test('AT-06: the tolerance is an option; with none a token ends with the second named', async () => {
  const strict = forge.verifierWith({ token: { clockToleranceSeconds: 0 } })
  const token = forge.token({ iat: now - 100, exp: now })
  expect(await forge.code({ verifier: strict, token })).toBe('token_expired')
  expect(await forge.code({ verifier: strict, token: forge.token({ iat: now - 100, exp: now + 0.001 }) })).toBe(
    'admitted',
  )
})

test.each([
  ['iss', 'token_issuer'],
  ['aud', 'token_audience'],
  ['exp', 'token_claim'],
  ['sub', 'token_claim'],
  ['client_id', 'token_claim'],
  ['iat', 'token_claim'],
  ['jti', 'token_claim'],
])('AT-07: a token without %s is %s', async (claim, outcome) => {
  expect(await outcomeWith({ [claim]: undefined })).toBe(outcome)
})

const notText: readonly unknown[] = [null, 1, 0, true, false, [], {}, '', ['alice'], { toString: null }]

test.each(['sub', 'client_id', 'jti'])('AT-07: %s of another type, or empty, is token_claim', async (claim) => {
  for (const value of notText) {
    const verdict = await forge.call({ verifier, token: forge.token({ [claim]: value }) })
    expect(outcomeOf(verdict), JSON.stringify(value)).toBe('token_claim')
    expect(verdict).toMatchObject({ refusal: { facts: { claim } } })
  }
})

test('AT-07: iat of another type is token_claim', async () => {
  for (const iat of [null, String(now), true, [], {}, [now], '']) {
    expect(await outcomeWith({ iat }), JSON.stringify(iat)).toBe('token_claim')
  }
})

test.each(['azp', 'acr', 'nbf', 'auth_time', 'amr', 'authorization_details'])(
  'RFC 7519 §4.1: the optional claim %s is token_claim when it is null, an object or of the wrong type',
  async (claim) => {
    const wrong = claim === 'nbf' || claim === 'auth_time' ? ['1', [1]] : [1, [1]]
    for (const value of [null, {}, true, ...wrong]) {
      expect(await outcomeWith({ [claim]: value }), JSON.stringify(value)).toBe('token_claim')
    }
  },
)

test.each([
  ['a minute ago', now - 60, 'admitted'],
  ['now', now, 'admitted'],
  ['in 5 s', now + 5, 'admitted'],
  ['in 5.001 s', now + 5.001, 'token_not_active'],
  ['in an hour', now + 3_600, 'token_not_active'],
  ['in milliseconds', now * 1_000, 'token_not_active'],
  ['a string', String(now), 'token_claim'],
])('AT-08: nbf %s', async (_, nbf, outcome) => {
  expect(await outcomeWith({ nbf })).toBe(outcome)
})

test('AT-08: a token becomes active as the clock moves', async () => {
  const own = await createForge()
  const patient = own.verifierWith()
  const token = own.token({ nbf: own.clock.now() / 1_000 + 20 })
  expect(await own.code({ verifier: patient, token })).toBe('token_not_active')
  own.clock.advance(14)
  expect(await own.code({ verifier: patient, token })).toBe('token_not_active')
  own.clock.advance(1)
  expect(await own.code({ verifier: patient, token })).toBe('admitted')
})

test('Facts: the operator is told how far iat lies ahead of our clock, without the tolerance', async () => {
  const verdict = await forge.call({ verifier, token: forge.token({ iat: now + 60, exp: now + 120 }) })
  expect(verdict).toMatchObject({ refusal: { code: 'token_not_active', facts: { iatOffset: 60 } } })
})

test.each([
  ['iat 5 s ahead', { iat: now + 5, exp: now + 60 }, 'admitted'],
  ['iat 5.001 s ahead', { iat: now + 5.001, exp: now + 60 }, 'token_not_active'],
  ['iat an hour ahead', { iat: now + 3_600, exp: now + 3_700 }, 'token_not_active'],
  ['exp equal to iat', { iat: now, exp: now }, 'token_claim'],
  ['exp before iat', { iat: now + 2, exp: now + 1 }, 'token_claim'],
  ['a life of 300 s', { iat: now - 10, exp: now + 290 }, 'admitted'],
  ['a life of 300.5 s', { iat: now - 10, exp: now + 290.5 }, 'token_lifetime'],
  ['a life of 301 s', { iat: now, exp: now + 301 }, 'token_lifetime'],
  ['a life of a day, almost over', { iat: now - 86_390, exp: now + 10 }, 'token_lifetime'],
] as const)('AT-09: %s', async (_, claims, outcome) => {
  expect(await outcomeWith(claims)).toBe(outcome)
})

test('AT-09: the ceiling is raised for one issuer by its option, to the second', async () => {
  const long = forge.verifierTrusting({ maxTokenSeconds: 3_600 })
  const outcome = async (life: number) =>
    await forge.code({ verifier: long, token: forge.token({ iat: now, exp: now + life }) })
  expect(await outcome(3_600)).toBe('admitted')
  expect(await outcome(3_601)).toBe('token_lifetime')
  const verdict = await forge.call({ verifier, token: forge.token({ exp: now + 3_600 }) })
  expect(verdict).toMatchObject({ refusal: { facts: { lifetimeSeconds: 3_600, hint: 'issuer.maxTokenSeconds' } } })
})

test.each([
  ['one', 'tools:read', ['tools:read']],
  ['two', 'tools:read tools:write', ['tools:read', 'tools:write']],
  ['in two cases', 'Read read', ['Read', 'read']],
  ['of odd characters', "a!b#[]^_`{|}~'", ["a!b#[]^_`{|}~'"]],
  ['empty', '', []],
  ['absent', undefined, []],
])('AT-12: scope %s', async (_, scope, scopes) => {
  expect((await forge.context({ verifier, token: forge.token({ scope }) })).scopes).toEqual(scopes)
})

test.each([
  ['a list', ['tools:read']],
  ['an empty list', []],
  ['null', null],
  ['a number', 1],
  ['an object', {}],
  ['with two spaces', 'a  b'],
  ['with a leading space', ' a'],
  ['with a trailing space', 'a '],
  ['a space', ' '],
  ['with a tab', 'a\tb'],
  ['with a line end', 'a\nb'],
  ['with a quote', 'a"b'],
  ['with a backslash', 'a\\b'],
  ['beyond ASCII', 'lesen:ä'],
])('AT-12: scope %s is token_claim', async (_, scope) => {
  expect(await outcomeWith({ scope })).toBe('token_claim')
})

/** One token for every refusal of step 2. */
const failures: Readonly<Record<string, () => string>> = {
  token_malformed: () => `${forge.token()}.x`,
  token_type: () => forge.token({}, { typ: 'JWT' }),
  token_algorithm: () => forge.token({}, { alg: 'none' }),
  token_issuer: () => forge.token({ iss: 'https://other.example.test' }),
  token_expired: () => forge.token({ iat: now - 400, exp: now - 100 }),
  token_key_unknown: () => forge.token({}, { kid: 'k9' }),
  token_signature: () => forge.token().replace(/[^.]+$/, forge.token().split('.')[2] ?? ''),
  token_claim: () => forge.token({ sub: 1 }),
  token_audience: () => forge.token({ aud: 'x' }),
  token_not_active: () => forge.token({ nbf: now + 100 }),
  token_lifetime: () => forge.token({ exp: now + 301 }),
  token_revoked: () => forge.token({ jti: 'revoked' }),
}

test.each(Object.entries(failures))('AT-13: %s is a 401 with invalid_token on the scheme used', async (code, make) => {
  const revoking = forge.verifierWith({ revocation: { isRevoked: ({ tokenId }) => tokenId === 'revoked' } })
  for (const scheme of ['DPoP', 'Bearer'] as const) {
    const verdict = await forge.call({ verifier: revoking, token: make(), scheme })
    expect(verdict).toMatchObject({ ok: false, refusal: { code, status: 401, error: 'invalid_token' } })
    const challenge = verdict.ok ? '' : headerOf(verdict.refusal.headers, 'WWW-Authenticate')
    const [used = '', unused = ''] = challenge.split(/, (?=DPoP)/)
    expect(used).toMatch(new RegExp(`^${scheme} error="invalid_token", error_description="`))
    expect(unused).not.toContain('error')
  }
})

test('AT-13: those are all refusals of the token', () => {
  const codes = (Object.keys(refusals) as RefusalCode[]).filter((code) => code.startsWith('token_'))
  expect(Object.keys(failures).sort()).toEqual(codes.sort())
})

test('AT-14: scopes, roles, permissions and authorization details of the token are what a route decides by', async () => {
  const details = [{ type: 'payment', limit: 10 }]
  const granted = { scope: 'tools:read', roles: ['editor'], permissions: ['p:1'], authorization_details: details }
  const context = await forge.context({ verifier, token: forge.token(granted) })
  expect(context).toMatchObject({ roles: ['editor'], permissions: ['p:1'], authorizationDetails: details })
  expect(await verifier.authorize(context, { scopes: ['tools:read'] })).toMatchObject({ ok: true })
  const lacking = await verifier.authorize(context, { scopes: ['tools:read', 'tools:write'] })
  expect(lacking).toMatchObject({ refusal: { code: 'scope_missing', status: 403, error: 'insufficient_scope' } })
  const allows = ({ limit }: { readonly [name: string]: unknown }) => limit === 10
  expect(await verifier.authorize(context, { details: { type: 'payment', allows } })).toMatchObject({ ok: true })
  const unknown = await verifier.authorize(context, { details: { type: 'transfer', allows: () => true } })
  expect(unknown).toMatchObject({ refusal: { code: 'details_missing', status: 403 } })
})

test('AT-14: roles are no scopes', async () => {
  const context = await forge.context({ verifier, token: forge.token({ roles: ['admin'], permissions: ['admin'] }) })
  expect(context.scopes).toEqual([])
  expect(await verifier.authorize(context, { scopes: ['admin'] })).toMatchObject({ refusal: { code: 'scope_missing' } })
})

test.each([
  ['no profile', {}, 'unknown', 'undetermined'],
  ['a service', { sub_profile: 'service' }, 'service', 'independent'],
  ['an agent', { sub_profile: 'ai_agent' }, 'agent', 'independent'],
])('AT-15: a client that is its own subject, with %s, is never a human', async (_, profile, kind, authority) => {
  const claims = { sub: 'travel-app', client_id: 'travel-app', sub_profile: undefined, ...profile }
  const context = await forge.context({ verifier, token: forge.token(claims) })
  expect(context).toMatchObject({ authority, principal: { kind }, delegation: null })
})

test.each([
  'auth0|5f7c8ec7c33c6c004bbafe82',
  'alice@example.com',
  'user:alice',
  'client:x',
  'x@clients',
  'agt_1',
  'spiffe://x/y',
])('AT-15: the kind of %s is not read from its shape', async (sub) => {
  const context = await forge.context({ verifier, token: forge.token({ sub, sub_profile: undefined }) })
  expect(context.principal).toMatchObject({ kind: 'unknown', kindSource: 'none' })
})

function headerOf(headers: readonly (readonly [string, string])[], name: string): string {
  return headers.find(([key]) => key === name)?.[1] ?? ''
}

describe('optionalClaims', () => {
  const lenient = forge.verifierTrusting({ optionalClaims: ['client_id', 'jti', 'iat'] })
  const contextWith = (claims: Members, by = lenient) => forge.context({ verifier: by, token: forge.token(claims) })

  test.each(['client_id', 'jti', 'iat'] as const)(
    'RFC 9068 §2.2: a token without %s passes only where the option names it, and the refusal names the option',
    async (claim) => {
      const others = (['client_id', 'jti', 'iat'] as const).filter((name) => name !== claim)
      for (const optionalClaims of [[claim], [claim, ...others]]) {
        const verifier = forge.verifierTrusting({ optionalClaims })
        expect(await forge.code({ verifier, token: forge.token({ [claim]: undefined }) })).toBe('admitted')
      }
      for (const verifier of [forge.verifier, forge.verifierTrusting({ optionalClaims: others })]) {
        expect(await forge.refusal({ verifier, token: forge.token({ [claim]: undefined }) })).toMatchObject({
          code: 'token_claim',
          facts: { claim, hint: 'issuer.optionalClaims' },
        })
      }
    },
  )

  test.each(['client_id', 'jti'])('RFC 9068 §2.2: %s that is there is judged all the same', async (claim) => {
    for (const value of notText) {
      const refusal = await forge.refusal({ verifier: lenient, token: forge.token({ [claim]: value }) })
      expect(refusal).toMatchObject({ code: 'token_claim', facts: { claim } })
      expect(refusal.facts).not.toHaveProperty('hint')
    }
  })

  test('RFC 9068 §2.2: iat that is there is judged all the same', async () => {
    for (const [iat, outcome] of [
      [null, 'token_claim'],
      [String(now), 'token_claim'],
      [now + 6, 'token_not_active'],
      [now + 300, 'token_claim'],
      [now - 1, 'token_lifetime'],
    ] as const) {
      expect(await forge.code({ verifier: lenient, token: forge.token({ iat }) }), String(iat)).toBe(outcome)
    }
  })

  test('RFC 9068 §2.2: the other members of the section stay required', async () => {
    for (const [claim, outcome] of [
      ['sub', 'token_claim'],
      ['exp', 'token_claim'],
      ['aud', 'token_audience'],
      ['iss', 'token_issuer'],
    ] as const) {
      expect(await forge.code({ verifier: lenient, token: forge.token({ [claim]: undefined }) }), claim).toBe(outcome)
    }
  })

  test('RFC 9068 §2.2: without client_id the client is azp, else there is none', async () => {
    expect((await contextWith({ client_id: undefined })).client).toBeNull()
    const azp = await contextWith({ client_id: undefined, azp: 'travel-app' })
    expect(azp).toMatchObject({ client: { id: 'travel-app' }, warnings: [] })
    const both = await contextWith({ azp: 'other-app' })
    expect(both).toMatchObject({ client: { id: 'travel-app' }, warnings: ['client_id_azp_differ'] })
    const agents = forge.verifierTrusting({ optionalClaims: ['client_id'], agentClients: ['travel-app'] })
    const delegated = await contextWith({ client_id: undefined, azp: 'travel-app' }, agents)
    expect(delegated).toMatchObject({ authority: 'delegated', actor: { subject: 'travel-app' } })
    expect(await contextWith({ client_id: undefined }, agents)).toMatchObject({ authority: 'independent' })
  })

  test('RFC 9068 §2.2: a token without a client has no waiver of the audience that is given to clients', async () => {
    const dangerously = { allowMissingAudience: { clients: ['travel-app', 'undefined', 'null'] } }
    const verifier = forge.verifierTrusting({ optionalClaims: ['client_id'], dangerously })
    const token = (claims: Members) => forge.token({ client_id: undefined, aud: undefined, ...claims })
    expect(await forge.code({ verifier, token: token({}) })).toBe('token_audience')
    expect(await forge.code({ verifier, token: token({ azp: 'travel-app' }) })).toBe('admitted')
  })

  test('RFC 9068 §2.2: without jti the id is a hash of header and payload, whatever the signature', async () => {
    const claims = { jti: undefined, exp: now + 200 }
    const [first, second] = [forge.token(claims), forge.token(claims)]
    // ECDSA signs with a random number, so the two differ in their signature alone.
    expect(first).not.toBe(second)
    const input = first.slice(0, first.lastIndexOf('.'))
    const ids = []
    for (const token of [first, second]) ids.push((await forge.context({ verifier: lenient, token })).token.id)
    expect(ids).toEqual([`h:${sha256(input)}`, `h:${sha256(input)}`])
    expect((await contextWith({ jti: undefined, exp: now + 201 })).token.id).not.toBe(ids[0])
  })

  test('RFC 9068 §2.2: without iat the rest of the life is held against the ceiling, and the token dated when first seen', async () => {
    const own = await createForge()
    const verifier = own.verifierTrusting({ optionalClaims: ['iat'] })
    const start = own.clock.now() / 1_000
    const token = own.token({ iat: undefined, exp: start + 310 })
    expect(await own.refusal({ verifier, token })).toMatchObject({
      code: 'token_lifetime',
      facts: { lifetimeSeconds: 310, hint: 'issuer.maxTokenSeconds' },
    })
    own.clock.advance(10)
    const context = await own.context({ verifier, token })
    expect(context).toMatchObject({ token: { issuedAt: start + 10, expiresAt: start + 310 }, warnings: ['no_iat'] })
    own.clock.advance(20)
    expect((await own.context({ verifier, token })).token.issuedAt).toBe(start + 10)
    own.clock.advance(285)
    expect(await own.code({ verifier, token })).toBe('token_expired')
  })

  test('RFC 9068 §2.2: a token without iat that came while the clock failed is dated by the next request', async () => {
    const own = await createForge()
    for (let readings = 1; readings <= 6; readings++) {
      let left = readings
      const clock = () => (--left === 0 ? Number.NaN : own.clock.now())
      const verifier = own.verifierTrusting({ optionalClaims: ['iat'] }, { clock })
      const token = own.token({ iat: undefined })
      await own.code({ verifier, token })
      left = 0
      expect((await own.context({ verifier, token })).token.issuedAt).toBe(own.clock.now() / 1_000)
    }
  })

  test('RFC 9068 §2.2: a revocation source is asked by the same id, and told that there is no iat', async () => {
    const asked: RevocationQuery[] = []
    const revocation = { isRevoked: (query: RevocationQuery) => asked.push(query) === 0 }
    const verifier = forge.verifierTrusting({ optionalClaims: ['jti', 'iat'] }, { revocation })
    const context = await contextWith({ jti: undefined, iat: undefined }, verifier)
    expect(asked[0]).toMatchObject({ tokenId: context.token.id, issuedAt: 0 })
  })

  test('RFC 9068 §2.2: the audit event has the id and says what admitted the token', async () => {
    for (const [claim, has] of [
      ['client_id', true],
      ['jti', true],
      ['iat', true],
      ['nbf', false],
    ] as const) {
      const events: AuditEvent[] = []
      const audit = { write: (event: object) => void events.push(event as AuditEvent) }
      const verifier = forge.verifierTrusting({ optionalClaims: ['client_id', 'jti', 'iat'] }, { audit })
      const context = await contextWith({ [claim]: undefined }, verifier)
      await new Promise(setImmediate)
      expect(events[0]).toMatchObject({ tokenId: context.token.id, client: context.client?.id ?? null })
      expect(events[0]?.relaxations.includes('issuer.optionalClaims'), claim).toBe(has)
    }
  })
})
