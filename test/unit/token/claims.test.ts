import { expect, test } from 'vitest'
import { type RefusalCode, refusals } from '../../../src/index.ts'
import { type Members, spliceMember } from '../../support/raw-jws.ts'
import { contextIn, createScene, type Outcome, outcomeOf, type Scene } from '../../support/scene.ts'

const scene: Scene = await createScene()
const verifier = scene.verifier()
const now: number = scene.clock.now() / 1_000

async function outcomeWith(claims: Members): Promise<Outcome> {
  return outcomeOf(await scene.send(verifier, scene.token(claims)))
}

const ours = scene.resource

test.each([
  ['one string', ours, 'admitted'],
  ['a list of one', [ours], 'admitted'],
  ['a list with ours second', ['https://other.example.test', ours], 'admitted'],
  ['missing', undefined, 'token_audience'],
  ['another', 'https://other.example.test', 'token_audience'],
  ['a list of others', ['https://other.example.test', 'x'], 'token_audience'],
  ['with a trailing slash', `${ours}/`, 'token_audience'],
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
  const waived = scene.verifier({ dangerously: { allowMissingAudience: { clients: ['travel-app'] } } })
  const outcome = async (claims: Members) => outcomeOf(await scene.send(waived, scene.token(claims)))
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

test.each(['1e300', '1e400', '9007199254740993'])('AT-06: exp %s is malformed, not endless', async (exp) => {
  const token = scene.raw(scene.header(), spliceMember(scene.claims({ exp: undefined }), `"exp":${exp}`))
  expect(outcomeOf(await scene.send(verifier, token))).toBe('token_malformed')
})

test('AT-06: the tolerance is an option; with none a token ends with the second named', async () => {
  const strict = scene.verifier({}, { token: { clockToleranceSeconds: 0 } })
  const token = scene.token({ iat: now - 100, exp: now })
  expect(outcomeOf(await scene.send(strict, token))).toBe('token_expired')
  expect(outcomeOf(await scene.send(strict, scene.token({ iat: now - 100, exp: now + 0.001 })))).toBe('admitted')
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
    const verdict = await scene.send(verifier, scene.token({ [claim]: value }))
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
  const own = await createScene()
  const patient = own.verifier()
  const token = own.token({ nbf: own.clock.now() / 1_000 + 20 })
  expect(outcomeOf(await own.send(patient, token))).toBe('token_not_active')
  own.clock.advance(14)
  expect(outcomeOf(await own.send(patient, token))).toBe('token_not_active')
  own.clock.advance(1)
  expect(outcomeOf(await own.send(patient, token))).toBe('admitted')
})

test('RFC 7519 §4.1.6: the operator is told how far iat lies ahead of our clock, without the tolerance', async () => {
  const verdict = await scene.send(verifier, scene.token({ iat: now + 60, exp: now + 120 }))
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
  const long = scene.verifier({ maxTokenSeconds: 3_600 })
  const outcome = async (life: number) => outcomeOf(await scene.send(long, scene.token({ iat: now, exp: now + life })))
  expect(await outcome(3_600)).toBe('admitted')
  expect(await outcome(3_601)).toBe('token_lifetime')
  const verdict = await scene.send(verifier, scene.token({ exp: now + 3_600 }))
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
  expect(contextIn(await scene.send(verifier, scene.token({ scope }))).scopes).toEqual(scopes)
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
  token_malformed: () => `${scene.token()}.x`,
  token_type: () => scene.token({}, { typ: 'JWT' }),
  token_algorithm: () => scene.token({}, { alg: 'none' }),
  token_issuer: () => scene.token({ iss: 'https://other.example.test' }),
  token_expired: () => scene.token({ iat: now - 400, exp: now - 100 }),
  token_key_unknown: () => scene.token({}, { kid: 'k9' }),
  token_signature: () => scene.token().replace(/[^.]+$/, scene.token().split('.')[2] ?? ''),
  token_claim: () => scene.token({ sub: 1 }),
  token_audience: () => scene.token({ aud: 'x' }),
  token_not_active: () => scene.token({ nbf: now + 100 }),
  token_lifetime: () => scene.token({ exp: now + 301 }),
  token_revoked: () => scene.token({ jti: 'revoked' }),
}

test.each(Object.entries(failures))('AT-13: %s is a 401 with invalid_token on the scheme used', async (code, make) => {
  const revoking = scene.verifier({}, { revocation: { isRevoked: ({ tokenId }) => tokenId === 'revoked' } })
  for (const scheme of ['DPoP', 'Bearer'] as const) {
    const verdict = await scene.send(revoking, make(), { scheme })
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
  const context = contextIn(await scene.send(verifier, scene.token(granted)))
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
  const context = contextIn(await scene.send(verifier, scene.token({ roles: ['admin'], permissions: ['admin'] })))
  expect(context.scopes).toEqual([])
  expect(await verifier.authorize(context, { scopes: ['admin'] })).toMatchObject({ refusal: { code: 'scope_missing' } })
})

test.each([
  ['no profile', {}, 'unknown', 'undetermined'],
  ['a service', { sub_profile: 'service' }, 'service', 'independent'],
  ['an agent', { sub_profile: 'ai_agent' }, 'agent', 'independent'],
])('AT-15: a client that is its own subject, with %s, is never a human', async (_, profile, kind, authority) => {
  const claims = { sub: 'travel-app', client_id: 'travel-app', sub_profile: undefined, ...profile }
  const context = contextIn(await scene.send(verifier, scene.token(claims)))
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
  const context = contextIn(await scene.send(verifier, scene.token({ sub, sub_profile: undefined })))
  expect(context.principal).toMatchObject({ kind: 'unknown', kindSource: 'none' })
})

function headerOf(headers: readonly (readonly [string, string])[], name: string): string {
  return headers.find(([key]) => key === name)?.[1] ?? ''
}
