import type { AgentContext, Party, Verifier } from 'onbehalf'
import { requestView } from 'onbehalf/testing'
import { describe, expect, test } from 'vitest'
import { createDesk } from '../support/introspection.ts'
import { contextIn, url } from '../support/kit.ts'
import { dialectNames, laxOptions, read, verifierFor } from './reader.ts'
import { typicalTokens } from './typical.ts'

const verifiers = new Map(dialectNames.map((name) => [name, verifierFor(name)]))
const laxVerifiers = new Map(
  dialectNames.map((name) => [name, verifierFor(name, { optionalClaims: ['client_id', 'jti', 'iat'] })]),
)

test.each(typicalTokens)('RFC 9068 §4: the dialect of $title takes it', ({ dialect, typ, claims }) => {
  expect(read(own(verifiers, dialect), typ, claims)).toMatchObject({ ok: true })
})

test('RFC 9068 §4: there is such a token for every dialect', () => {
  expect(new Set(typicalTokens.map(({ dialect }) => dialect))).toEqual(new Set(dialectNames))
})

describe.each(dialectNames)('a token of another issuer under %s', (wrong) => {
  const foreign = typicalTokens.filter(({ dialect }) => dialect !== wrong)

  test.each(foreign)('RFC 9068 §4: $title is refused or read as less', ({ dialect, typ, claims }) => {
    const right = contextIn(read(own(verifiers, dialect), typ, claims))
    for (const [verifier, type] of [
      [own(verifiers, wrong), typ],
      [own(laxVerifiers, wrong), typ],
      [own(laxVerifiers, wrong), 'JWT'],
      [own(laxVerifiers, wrong), 'at+jwt'],
      [own(laxVerifiers, wrong), null],
    ] as const) {
      const verdict = read(verifier, type, claims)
      if (verdict.ok) requireLess(verdict.context, right)
    }
  })
})

describe.each(dialectNames)(
  'an opaque token that the issuer describes as another one would, under %s',
  async (name) => {
    const desk = await createDesk({ trust: laxOptions(name) })
    const path = (title: string) => title.replaceAll(' ', '-')

    test.each(typicalTokens)(
      'RFC 7662 §2.2: $title is refused or read as less',
      async ({ title, dialect, typ, claims }) => {
        const right = contextIn(read(own(verifiers, dialect), typ, claims))
        desk.answer(() => desk.active({ ...bare, ...claims }))
        const view = requestView({ url, headers: { authorization: `Bearer ${path(title)}` } })
        const verdict = await desk.verifier.check(view)
        if (verdict.ok) requireLess(verdict.context, right)
      },
    )
  },
)

/** Takes away what a good answer has beside the claims of a token. */
const bare = { client_id: undefined, sub_profile: undefined, jti: undefined, cnf: undefined }

function requireLess(seen: AgentContext, right: AgentContext): void {
  if (seen.authority === 'delegated') {
    expect([seen.principal.subject, seen.actor.subject]).toEqual([right.principal.subject, right.actor.subject])
  }
  if (seen.authority === 'independent') expect(right.authority).toBe('independent')
  for (const party of [seen.principal, seen.actor]) {
    if (party.kind === 'human') expect(kindsOf(right, party)).toContain('human')
  }
  expect(right.scopes).toEqual(expect.arrayContaining([...seen.scopes]))
  expect(right.roles).toEqual(expect.arrayContaining([...seen.roles]))
  expect(right.permissions).toEqual(expect.arrayContaining([...seen.permissions]))
}

function kindsOf({ principal, actor }: AgentContext, { subject }: Party): readonly string[] {
  return [principal, actor].flatMap((party) => (party.subject === subject ? [party.kind] : []))
}

function own<Name>(from: ReadonlyMap<Name, Verifier>, name: Name): Verifier {
  const verifier = from.get(name)
  if (verifier === undefined) throw new Error('there is no such dialect')
  return verifier
}
