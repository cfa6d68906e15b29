import fc from 'fast-check'
import type { AgentContext, DialectName, Verdict, Verifier } from 'onbehalf'
import { requestView } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { dialects } from '../../src/token/dialects/index.ts'
import type { Members } from '../support/jws.ts'
import { resource, url } from '../support/kit.ts'
import { dialectClaims } from './dialect-claims.ts'
import { createRig, judgeNow, type Rig, runs } from './rig.ts'
import { requireSealed } from './sealed.ts'

const names = Object.keys(dialects) as DialectName[]
const type = fc.constantFrom('at+jwt', 'JWT', undefined)
const audiences = [resource, 'constructor', '__proto__']

let rig: Rig
let verifiers: ReadonlyMap<DialectName, Verifier>

beforeAll(async () => {
  rig = await createRig()
  const open = (dialect: DialectName) =>
    rig.open(
      {},
      {
        dialect,
        audience: audiences,
        actorIssuers: 'any',
        agentClients: ['app'],
        optionalClaims: ['client_id', 'jti', 'iat'],
        dangerously: { allowUnbound: true },
      },
    ).verifier
  verifiers = new Map(names.map((name) => [name, open(name)]))
})

function judge(name: DialectName, claims: Members, typ: string | undefined): Verdict {
  const verifier = verifiers.get(name)
  if (verifier === undefined) throw new Error('there is no such dialect')
  const token = rig.token({ client_id: undefined, jti: undefined, cnf: undefined, ...claims }, { typ })
  return judgeNow(verifier, requestView({ url, headers: { authorization: `Bearer ${token}` } }))
}

/** Runs the check on what each dialect admits, and returns how many of the dialects admitted anything. */
function forAdmitted(
  check: (context: AgentContext, claims: Members, dialect: DialectName) => void,
  count = 400,
): number {
  const admitted = new Set<DialectName>()
  fc.assert(
    fc.property(fc.constantFrom(...names), dialectClaims, type, (name, claims, typ) => {
      const verdict = judge(name, claims, typ)
      if (!verdict.ok) return
      admitted.add(name)
      check(verdict.context, claims, name)
    }),
    runs(count),
  )
  return admitted.size
}

describe('any claims under any dialect', () => {
  test('Dialect: the verdict is an admission or a refusal of the token, and never an error', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), dialectClaims, type, (name, claims, typ) => {
        const verdict = judge(name, claims, typ)
        if (!verdict.ok) expect(verdict.refusal.code).toMatch(/^(?:token|delegation|binding)_/)
      }),
      runs(900),
    )
  })

  test('RFC 8725 §3.12: a mark of another class is never admitted', () => {
    const mark = fc.constantFrom<Members>(
      { nonce: 'n' },
      { at_hash: null },
      { c_hash: 'c' },
      { events: {} },
      { typ: 'ID' },
      { typ: 'Refresh' },
      { typ: null },
      { token_use: 'id' },
      { token_use: ['access'] },
    )
    fc.assert(
      fc.property(fc.constantFrom(...names), dialectClaims, type, mark, (name, claims, typ, added) => {
        expect(judge(name, { ...claims, ...added }, typ)).toMatchObject({ ok: false, refusal: { code: 'token_type' } })
      }),
      runs(400),
    )
  })

  test('RFC 6749 §3.3: no scope is granted that one of the carriers lacks', () => {
    const admitting = forAdmitted(({ scopes }, claims, name) => {
      const carriers = (dialects[name].scopes ?? ['scope']).filter((carrier) => claims[carrier] !== undefined)
      for (const carrier of carriers) expect(wordsOf(claims[carrier])).toEqual(expect.arrayContaining([...scopes]))
      if (carriers.length === 0) expect(scopes).toEqual([])
    }, 900)
    expect(admitting).toBeGreaterThan(10)
  })

  test('Context: every party is named by the token, and the actor of a delegation is not the principal', () => {
    let delegated = 0
    forAdmitted(({ authority, principal, actor, delegation, client }, claims) => {
      if (delegation !== null) delegated += 1
      const texts = textsIn(claims)
      const chain = delegation?.chain ?? []
      for (const { subject } of [principal, actor, ...chain]) expect(texts).toContain(subject)
      if (client !== null) expect(texts).toContain(client.id)
      expect(actor === principal).toBe(authority !== 'delegated')
      expect(delegation === null).toBe(authority !== 'delegated')
    }, 900)
    expect(delegated).toBeGreaterThan(10)
  })

  test('Context: roles of Keycloak are those of the configured audiences', () => {
    fc.assert(
      fc.property(dialectClaims, (claims) => {
        const verdict = judge('keycloak', claims, 'JWT')
        if (!verdict.ok) return
        const access = ownMember(claims, 'resource_access')
        const allowed = audiences.flatMap((audience) => textsIn(ownMember(ownMember(access, audience), 'roles')))
        expect(allowed).toEqual(expect.arrayContaining([...verdict.context.roles]))
      }),
      runs(400),
    )
  })

  test('P9: the context is frozen to the last member', () => {
    expect(forAdmitted((context) => requireSealed(context, 'context'))).toBeGreaterThan(6)
  })
})

function ownMember(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Members)[name]
    : undefined
}

function wordsOf(carrier: unknown): readonly unknown[] {
  return typeof carrier === 'string' ? carrier.split(' ') : (carrier as readonly unknown[])
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}
