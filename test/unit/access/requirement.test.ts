import { type AccessRequirement, createVerifier, OptionsError, type VerifierOptions } from 'onbehalf'
import { requireAccess } from 'onbehalf/express'
import { describe, expect, test } from 'vitest'
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
