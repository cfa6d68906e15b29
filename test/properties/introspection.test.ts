import fc from 'fast-check'
import type { AgentContext, Verdict } from 'onbehalf'
import { beforeAll, expect, test } from 'vitest'
import type { Members } from '../support/jws.ts'
import { issuerUrl, resource } from '../support/kit.ts'
import { claimsFor, createRig, judgeNow, plainJson, type Rig, runs, startMs, viewOf } from './rig.ts'

let rig: Rig

beforeAll(async () => {
  rig = await createRig()
})

const now = startMs / 1_000
const others = { 'x5t#S256': 'A'.repeat(43) }

/** Mostly what a JWT could have, each member now and then anything else or absent. */
function member(...usual: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: plainJson })
}

/** Few of them, so that many are admitted. */
function someOf(members: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Members> {
  const one = Object.entries(members).map(([name, value]) => value.map((made): Members => ({ [name]: made })))
  return fc.array(fc.oneof(...one), { maxLength: 3 }).map((list) => Object.assign({}, ...list) as Members)
}

const changes = someOf({
  iss: member(issuerUrl, 'https://evil.test'),
  sub: member('alice', ''),
  aud: member(resource, [resource, 'x'], 'https://other.test'),
  exp: member(now + 1, now + 300, now + 301, now - 4, now - 5, now - 6),
  iat: member(now, now + 6, now - 10),
  nbf: member(now, now + 6),
  jti: member('j', ''),
  client_id: member('app', ''),
  azp: member('app'),
  scope: member('a b', 'a  b', ''),
  act: member({ sub: 'x' }, { sub: 'x', act: { sub: 'y' } }, { sub: 'x', iss: 'https://evil.test' }, {}),
  acr: member('gold', ''),
  authorization_details: member([{ type: 'pay' }], [{}]),
  cnf: member(others, { kid: 'k' }),
  unknown: plainJson,
})
/** Of the answer alone. */
const frame = someOf({ active: member(true, true, false, 'true'), token_type: member('DPoP', 'dpop', 'Bearer') })
const options = { optionalClaims: ['client_id', 'jti', 'iat'] }
const introspection = { endpoint: `${issuerUrl}/introspect`, client: { id: 'api', secret: 'secret' } }
const outcomeOf = (verdict: Verdict) => (verdict.ok ? 'admitted' : verdict.refusal.code)

let answer: Members = {}
const fetch = async () => Response.json(answer)

test('RFC 7662 §2.2: no answer about an opaque token admits what a JWT with the same claims would not, or grants more', async () => {
  const { clock, verifier } = rig.open({ fetch }, { ...options, introspection })
  let admitted = 0
  let asked = 0
  await fc.assert(
    fc.asyncProperty(changes, frame, async (changed, framed) => {
      answer = { active: true, ...claimsFor(rig.jkt), ...changed, ...framed }
      const name = `opaque-${asked++}`
      const opaque = await verifier.check(viewOf(name, rig.proof(clock, name)))
      const token = rig.token(changed)
      const jwt = judgeNow(verifier, viewOf(token, rig.proof(clock, token)))
      if (!opaque.ok) return
      admitted += 1
      expect(outcomeOf(jwt)).toBe('admitted')
      if (jwt.ok) expect(withoutId(opaque.context)).toEqual(withoutId(jwt.context))
    }),
    runs(400),
  )
  expect(admitted).toBeGreaterThan(80)
})

test('RFC 7662 §2.2: no answer about a JWT admits what the JWT alone would not, or grants more', async () => {
  const { clock, verifier } = rig.open({ fetch }, { ...options, introspection: { ...introspection, for: 'all' } })
  const alone = rig.open({}, options).verifier
  let admitted = 0
  await fc.assert(
    fc.asyncProperty(changes, changes, frame, async (changed, told, framed) => {
      answer = { active: true, ...told, ...framed }
      const token = rig.token(changed)
      const asked = await verifier.check(viewOf(token, rig.proof(clock, token)))
      const jwt = judgeNow(alone, viewOf(token, rig.proof(clock, token)))
      if (!asked.ok) return
      admitted += 1
      expect(outcomeOf(jwt)).toBe('admitted')
      if (!jwt.ok) return
      expect(asked.context.token.expiresAt).toBeLessThanOrEqual(jwt.context.token.expiresAt)
      expect(withoutEnd(asked.context)).toEqual(withoutEnd(jwt.context))
    }),
    runs(400),
  )
  expect(admitted).toBeGreaterThan(80)
})

/** The hash of the token takes the place of a missing jti. */
function withoutId({ token, ...context }: AgentContext): object {
  return { ...context, token: { ...token, id: '' } }
}

function withoutEnd({ token, ...context }: AgentContext): object {
  return { ...context, token: { ...token, expiresAt: 0 } }
}
