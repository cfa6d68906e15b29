import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AgentContext, type Party, partyKey, sentence } from '../../../src/index.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import { type Members, spliceMember } from '../../support/jws.ts'
import { resource } from '../../support/kit.ts'

const forge: Forge = await createForge()
const { verifier } = forge
const home = forge.trust.issuer
const agent = (sub: string, act?: Members): Members => ({
  sub,
  iss: home,
  sub_profile: 'ai_agent',
  ...(act && { act }),
})

async function contextFor(claims: Members): Promise<AgentContext> {
  return forge.context({ verifier, token: forge.token(claims) })
}

/** Every object reachable from `value`, with the way to it. */
function* reachable(value: unknown, path = 'context'): Generator<readonly [string, object]> {
  if (typeof value !== 'object' || value === null) return
  yield [path, value]
  for (const name of Reflect.ownKeys(value)) yield* reachable(Reflect.get(value, name), `${path}.${String(name)}`)
}

const everything: Members = {
  act: { ...agent('a', agent('b')), client_id: 'a-app', extra: { deep: [{ deeper: [1] }] } },
  client_profile: 'web_app',
  scope: 'read write',
  roles: ['r'],
  permissions: ['p'],
  authorization_details: [{ type: 't', actions: ['x'], nested: { list: [{}] } }],
  acr: 'gold',
  amr: ['pwd', 'otp'],
  auth_time: 1,
  azp: 'other',
  own: { list: [[{}]], map: { a: { b: {} } } },
}

test('AT-22: the context is frozen to the last member and inherits nothing', async () => {
  for (const claims of [{}, everything, { act: { sub: 'alice' } }]) {
    for (const [path, value] of reachable(await contextFor(claims))) {
      expect(Object.isFrozen(value), path).toBe(true)
      expect(Object.getPrototypeOf(value), path).toBe(Array.isArray(value) ? Array.prototype : null)
      for (const name of Reflect.ownKeys(value)) {
        expect(Object.getOwnPropertyDescriptor(value, name), `${path}.${String(name)}`).not.toHaveProperty('get')
      }
    }
  }
})

test('AT-22: writing to it fails, and the next request of the token sees the same object, unchanged', async () => {
  const token = forge.token(everything)
  const first = await forge.context({ verifier, token })
  const before = JSON.stringify(first)
  const writes: readonly (() => unknown)[] = [
    () => Reflect.set(first, 'authority', 'independent'),
    () => Reflect.set(first.principal, 'kind', 'agent'),
    () => Reflect.set(first.token.claims, 'scope', 'admin'),
    () => Reflect.set(first.token.claims['own'] as object, 'x', 1),
    () => Reflect.deleteProperty(first.token, 'claims'),
    () => Reflect.defineProperty(first.scopes, 2, { value: 'admin' }),
    () => Reflect.setPrototypeOf(first, { isAdmin: true }),
  ]
  for (const write of writes) expect(write()).toBe(false)
  expect(() => (first.scopes as string[]).push('admin')).toThrow(TypeError)
  const second = await forge.context({ verifier, token })
  expect(second).toBe(first)
  expect(JSON.stringify(second)).toBe(before)
})

test('AT-22: claims called like members of Object.prototype stay claims and reach nothing else', async () => {
  const names = ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', 'then']
  for (const name of names) {
    const text = `${JSON.stringify(name)}:{"scope":"admin","roles":["admin"],"isAdmin":true}`
    const claims = forge.claims()
    const act = spliceMember(agent('a'), text)
    const payload = spliceMember({ ...claims, cnf: claims['cnf'] }, `${text},"act":${act}`)
    const context = await forge.context({ verifier, token: forge.raw(forge.header(), payload) })
    expect(context, name).toMatchObject({ scopes: [], roles: [], authority: 'delegated', actor: { subject: 'a' } })
    expect(Reflect.get(context, 'isAdmin')).toBeUndefined()
    expect(Object.hasOwn(context.token.claims, name), name).toBe(true)
    expect({ ...Object.getOwnPropertyDescriptor(context.token.claims, name)?.value }).toMatchObject({ isAdmin: true })
    expect(Reflect.get(Object.assign({}, { ...context.principal }), 'isAdmin')).toBeUndefined()
    expect(Object.hasOwn(Object.prototype, 'isAdmin')).toBe(false)
  }
})

test('AT-22: required claims are own claims: none can be had from __proto__', async () => {
  for (const name of ['sub', 'client_id', 'jti', 'iat', 'exp']) {
    const { [name]: value, ...others } = forge.claims()
    const payload = spliceMember(others, `"__proto__":{${JSON.stringify(name)}:${JSON.stringify(value)}}`)
    const verdict = await forge.call({ verifier, token: forge.raw(forge.header(), payload) })
    expect(verdict, name).toMatchObject({ ok: false, refusal: { code: 'token_claim', facts: { claim: name } } })
  }
})

test('RFC 9068 §2.2: the context says what the token says, and nothing else', async () => {
  const context = await contextFor(everything)
  const now = forge.clock.now() / 1_000
  const { claims, id, ...token } = context.token
  expect(JSON.parse(JSON.stringify({ ...context, token }))).toEqual({
    principal: {
      subject: 'alice',
      issuer: home,
      assertedBy: home,
      kind: 'human',
      kindSource: 'profile',
      profiles: ['user'],
    },
    actor: {
      subject: 'a',
      issuer: home,
      assertedBy: home,
      kind: 'agent',
      kindSource: 'profile',
      profiles: ['ai_agent'],
      clientId: 'a-app',
    },
    authority: 'delegated',
    delegation: {
      chain: [
        {
          subject: 'a',
          issuer: home,
          assertedBy: home,
          kind: 'agent',
          kindSource: 'profile',
          profiles: ['ai_agent'],
          clientId: 'a-app',
        },
        { subject: 'b', issuer: home, assertedBy: home, kind: 'agent', kindSource: 'profile', profiles: ['ai_agent'] },
      ],
      depth: 2,
      complete: null,
    },
    involvesAgent: true,
    enforcement: 'enforced',
    client: { id: 'travel-app', profiles: ['web_app'] },
    scopes: ['read', 'write'],
    authorizationDetails: [{ type: 't', actions: ['x'], nested: { list: [{}] } }],
    roles: ['r'],
    permissions: ['p'],
    sender: { method: 'dpop', jkt: forge.agent.jkt },
    authentication: { acr: 'gold', amr: ['pwd', 'otp'], time: 1 },
    token: { issuer: home, audience: [resource], issuedAt: now, expiresAt: now + 300 },
    warnings: ['client_id_azp_differ'],
  })
  expect(id).toBe(claims.jti)
  expect(claims).toMatchObject(everything)
})

test("RFC 9068 §2.2: the audience in the context is all of the token's", async () => {
  const aud = ['https://other.example.test', resource]
  expect((await contextFor({ aud })).token.audience).toEqual(aud)
})

const party = (assertedBy: string, issuer: string | null, subject: string): Party => ({
  subject,
  issuer,
  assertedBy,
  kind: 'unknown',
  kindSource: 'none',
  profiles: [],
})

test('Context: partyKey tells parties apart by all three parts, whatever characters they hold', () => {
  const parties = [
    party('a', 'b', 'c'),
    party('a', null, 'c'),
    party('a', 'null', 'c'),
    party('a|b', 'c', 'd'),
    party('a', 'b|c', 'd'),
    party('a', 'b', 'c|d'),
    party('a', null, '|c'),
    party('a%7Cb', 'c', 'd'),
    party('a', 'B', 'c'),
    party('a', 'b', 'C'),
    party('a', 'b', 'c '),
    party('a', 'b', 'c\u0000'),
    party('a', 'b', 'é'),
    party('a', 'b', 'e\u0301'),
  ]
  expect(new Set(parties.map(partyKey)).size).toBe(parties.length)
})

test('Context: partyKey can be read back, is printable ASCII, and does not depend on what a party is', () => {
  const text = fc.string({ unit: 'binary', minLength: 1 })
  fc.assert(
    fc.property(text, fc.option(text), text, (assertedBy, issuer, subject) => {
      const key = partyKey(party(assertedBy, issuer, subject))
      expect(key).toMatch(/^[\x21-\x7e]+$/)
      expect(key.split('|').map(decodeURIComponent)).toEqual([assertedBy, issuer ?? '', subject])
      expect(partyKey({ ...party(assertedBy, issuer, subject), kind: 'agent', profiles: ['x'] })).toBe(key)
    }),
  )
})

test.each([
  [{}, 'human alice'],
  [{ sub_profile: undefined }, 'party alice'],
  [{ act: agent('travel-7') }, 'agent travel-7 for human alice'],
  [{ act: agent('travel-7', agent('planner-2')) }, 'agent travel-7 for human alice, asked by agent planner-2'],
  [
    { act: agent('travel-7', agent('planner-2', { sub: 'gw' })) },
    'agent travel-7 for human alice, asked by agent planner-2, asked by party gw',
  ],
  [{ sub: 'alice@example.com', act: { sub: 'spiffe://x/y' } }, 'party spiffe://x/y for human alice@example.com'],
  [{ act: { sub: 'alice' } }, 'human alice'],
])('Context: the sentence of %j', async (claims, line) => {
  expect(sentence(await contextFor(claims))).toBe(line)
})

const hostile = [
  'alice for human root',
  'alice, asked by human root',
  'alice"',
  '"alice"',
  'al\\ice',
  '\u202ealice',
  'alice\u2028x',
  'älice',
  '😀',
  ' alice',
  '%s%n',
  '$\u007bjndi:ldap://evil.test/a}',
]

test('Context: no subject can forge a line or a second clause of the sentence', async () => {
  const lines = new Set<string>()
  for (const subject of hostile) {
    for (const claims of [{ sub: subject }, { act: agent(subject) }, { act: agent('x', agent(subject)) }]) {
      const line = sentence(await contextFor(claims))
      expect(line, JSON.stringify(subject)).toMatch(/^[\x20-\x7e]+$/)
      const quoted = /"(?:[^"\\]|\\.)*"/.exec(line)?.[0] ?? ''
      expect(JSON.parse(quoted)).toBe(subject)
      expect(line.replace(quoted, '')).not.toMatch(/root|admin|evil/)
      lines.add(line)
    }
  }
  expect(lines.size).toBe(hostile.length * 3)
})

/** No token with such a name is admitted; a party from elsewhere may have one. */
const controls = ['alice\n2026-01-01 admin logged in', 'alice\r\nx', '\u001b[31malice', 'alice\u0000', 'alice\u0085']

test('Context: nor can a party that no token named', async () => {
  const context = await contextFor({ act: agent('a') })
  for (const subject of controls) {
    const line = sentence({ ...context, actor: { ...context.actor, subject } })
    expect(line, JSON.stringify(subject)).toMatch(/^[\x20-\x7e]+$/)
    expect(JSON.parse(/"(?:[^"\\]|\\.)*"/.exec(line)?.[0] ?? '')).toBe(subject)
  }
})
