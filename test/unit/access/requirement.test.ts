import { type AccessRequirement, createVerifier, type Decision, OptionsError, type VerifierOptions } from 'onbehalf'
import { requireAccess } from 'onbehalf/express'
import { describe, expect, test } from 'vitest'
import { compileRequirement, refusingRequirement } from '../../../src/access/requirement.ts'
import { scopesOf } from '../../../src/access/route-summary.ts'
import { createKit } from '../../support/kit.ts'

class Getter {
  get scopes() {
    return ['tools:write']
  }
}

/** Inherited, non-enumerable and symbol members: some code would read them and other code would not. */
const odd: readonly [string, unknown][] = [
  ['an instance of a class', new Getter()],
  ['an object with a prototype of its own', Object.create({ scopes: ['tools:write'] })],
  ['inherited beside own members', Object.assign(Object.create({ scopes: ['a'] }), { authority: 'delegated' })],
  ['a rule with inherited members', { actor: Object.assign(Object.create({ subject: 'x' }), { kind: 'agent' }) }],
  ['a member that is not enumerable', Object.defineProperty({}, 'scopes', { value: ['a'], enumerable: false })],
  ['a symbol', { [Symbol('scopes')]: ['a'] }],
  ['a list', [{ scopes: ['a'] }]],
]

describe('what a requirement may be', () => {
  test.each(odd)('Access: %s is an OptionsError for requireAccess and authorize alike', async (_name, rule) => {
    expect(() => requireAccess(rule as AccessRequirement)).toThrow(OptionsError)
    const { verifier, context } = await createAdmitted()
    await expect(verifier.authorize(context, rule as AccessRequirement)).rejects.toThrow(OptionsError)
  })

  test.each([undefined, null, 'admin', 7, true])(
    'Access: %j is no requirement that every request meets',
    async (rule) => {
      const { verifier, context } = await createAdmitted()
      const asked = verifier.authorize(context, rule as unknown as AccessRequirement)
      await expect(asked).rejects.toThrow(OptionsError)
    },
  )

  test('Access: null is the value of no member', () => {
    for (const name of ['actor', 'principal', 'pair', 'where', 'details', 'scopes', 'sender', 'authority', 'hidden']) {
      expect([name, problemsOf({ [name]: null })]).toEqual([name, [`requirement.${name}`]])
    }
  })

  test('Access: an object without a prototype is as good as a literal', async () => {
    const { verifier, context } = await createAdmitted()
    const rule: AccessRequirement = Object.assign(Object.create(null), { scopes: ['tools:write'] })
    const decision = await verifier.authorize(context, rule)
    expect(decision.ok ? 'admitted' : decision.refusal.code).toBe('scope_missing')
  })

  test('Access: an object changed between two calls of authorize is read anew', async () => {
    const { verifier, context } = await createAdmitted()
    const rule: AccessRequirement = { scopes: ['tools:read'] }
    expect((await verifier.authorize(context, rule)).ok).toBe(true)
    rule.scopes = ['tools:write']
    expect((await verifier.authorize(context, rule)).ok).toBe(false)
  })
})

describe('rules that are objects', () => {
  const yes = () => true

  test.each<[unknown, readonly string[]]>([
    ['yes', ['where']],
    [[yes], ['where']],
    [{}, ['where.name', 'where.test']],
    [{ name: 'open' }, ['where.test']],
    [{ test: yes }, ['where.name']],
    [{ name: '', test: yes }, ['where.name']],
    [{ name: Symbol('open'), test: yes }, ['where.name']],
    [{ name: 'open', test: 'yes' }, ['where.test']],
    [{ name: 'open', test: yes, rule: yes }, ['where.rule']],
  ])('Access: %o is no rule for where, and the mistake is told at its place', (where, paths) => {
    expect(problemsOf({ where })).toEqual(paths.map((path) => `requirement.${path}`))
  })

  test.each<[unknown, readonly string[]]>([
    ['payment', ['details']],
    [yes, ['details']],
    [{}, ['details.type', 'details.allows']],
    [{ type: 'payment' }, ['details.allows']],
    [{ allows: yes }, ['details.type']],
    [{ type: 7, allows: yes }, ['details.type']],
    [{ type: 'payment', allows: true }, ['details.allows']],
  ])('Access: %o is no rule for details, and the mistake is told at its place', (details, paths) => {
    expect(problemsOf({ details })).toEqual(paths.map((path) => `requirement.${path}`))
  })
})

describe('reportOnly', () => {
  test.each([false, 'yes', 1, null])(
    'Access: %j is no value of it, so that no rule is left unenforced by mistake',
    (value) => {
      expect(problemsOf({ reportOnly: value })).toEqual(['requirement.reportOnly'])
    },
  )

  test('Access: a requirement is enforced unless it says otherwise', () => {
    expect([{}, { reportOnly: undefined }].map((rule) => compileRequirement(rule).isReported)).toEqual([false, false])
    expect(compileRequirement({ reportOnly: true }).isReported).toBe(true)
  })
})

describe('a requirement that was read', () => {
  test('Access: it is taken as it is, by any verifier, and what follows at the object of the caller changes nothing', async () => {
    const { verifier, context } = await createAdmitted()
    const rule: AccessRequirement = { scopes: ['tools:write'] }
    const read = compileRequirement(rule)
    rule.scopes = []
    expect(compileRequirement(read)).toBe(read)
    expect(codeOf(await verifier.authorizeNow(context, read))).toBe('scope_missing')
  })

  test('Access: a copy of one is not taken for it', () => {
    expect(() => compileRequirement({ ...compileRequirement({ scopes: ['a'] }) })).toThrow(OptionsError)
  })

  test('Access: what an adapter refuses by a rule of its own no request meets, and no list of scopes shows', async () => {
    const { verifier, context } = await createAdmitted()
    const refusing = refusingRequirement('access_denied', 'table')
    expect(codeOf(await verifier.authorizeNow(context, refusing))).toBe('access_denied')
    expect(codeOf(await verifier.authorizeNow(context, refusingRequirement('policy_unavailable', 'table')))).toBe(
      'policy_unavailable',
    )
    expect(refusing).toMatchObject({ hidden: true, isReported: false, denial: { rule: 'table' } })
    expect(refusing.shown).toEqual({ deny: 'table' })
    expect(scopesOf([{ requirements: [refusing] }])).toEqual([])
    expect(compileRequirement(refusing)).toBe(refusing)
  })
})

test('Access: a requirement is shown as it was given, each function by its name', () => {
  const isOurs = () => true
  const anonymous = (
    () => () =>
      true
  )()
  const { shown } = compileRequirement({
    scopes: ['a', 'b'],
    anyScope: undefined,
    maxDepth: 0,
    hidden: false,
    actor: isOurs,
    principal: { kind: ['human', 'service'], subject: undefined },
    pair: anonymous,
    details: { type: 'payment', allows: isOurs },
    where: { name: 'working hours', test: isOurs },
  })
  expect(shown).toStrictEqual({
    scopes: ['a', 'b'],
    maxDepth: 0,
    hidden: false,
    actor: 'isOurs()',
    principal: { kind: ['human', 'service'] },
    pair: 'anonymous()',
    details: { type: 'payment', allows: 'isOurs()' },
    where: 'working hours()',
  })
  expect([shown, shown['scopes'], shown['principal'], shown['details']].every(Object.isFrozen)).toBe(true)
})

test.each<[string, Partial<Record<keyof VerifierOptions, unknown>>]>([
  ['a Date for mtls', { mtls: new Date(0) }],
  ['a regular expression for token', { token: /x/ }],
  ['a Map for dpop', { dpop: new Map([['maxAgeSeconds', 5]]) }],
  ['an inherited member of cache', { cache: Object.create({ tokens: 1 }) }],
])('Options: %s is no options object', async (_name, more) => {
  const { options } = await createKit()
  expect(() => createVerifier({ ...options, ...(more as object) })).toThrow(OptionsError)
})

async function createAdmitted() {
  const kit = await createKit()
  return { verifier: kit.verifier, context: await kit.context({ token: { human: 'alice', scopes: ['tools:read'] } }) }
}

function codeOf(decision: Decision): string {
  return decision.ok ? 'admitted' : decision.refusal.code
}

/** The places of what is wrong, each once. Throws where something else than an OptionsError is thrown. */
function problemsOf(rule: object): readonly string[] {
  try {
    compileRequirement(rule as AccessRequirement)
    return []
  } catch (error) {
    if (error instanceof OptionsError) return [...new Set(error.problems.map(({ path }) => path))]
    throw error
  }
}
