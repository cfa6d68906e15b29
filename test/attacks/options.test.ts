import { describe, expect, test } from 'vitest'
import { agentAuth, requireAccess } from '../../adapters/express.ts'
import { createVerifier, OptionsError, type VerifierOptions } from '../../src/index.ts'
import { resource } from '../support/kit.ts'
import { coldAndWarm, createStage } from './stage.ts'

/** Options as a JavaScript caller could write them. */
function make(options: Record<string, unknown>): () => unknown {
  const raw = { issuer: 'https://as.example.test', resource, ...options } as unknown as VerifierOptions
  return () => createVerifier(raw)
}

describe('options', () => {
  const matchers: readonly Record<string, unknown>[] = [
    { audience: /api/ },
    { audience: [/api/g] },
    { issuer: /as/ },
    { issuer: [{ issuer: /as/ }] },
    { access: { scopes: [/read/] } },
    { access: { actor: { subject: /^agent-(a+)+$/ } } },
    { access: { principal: { issuer: /x/ } } },
    { access: { acr: [/gold/] } },
    { access: { details: { type: /pay/, allows: () => true } } },
  ]
  for (const options of matchers) {
    const [name] = Object.keys(options)
    test(`P35: a regular expression is no matcher: ${name} ${describeMatcher(options)}`, () => {
      expect(make(options)).toThrow(OptionsError)
    })
  }

  const unbounded: readonly Record<string, unknown>[] = [Infinity, Number.NaN, -1, '5', 0.5, null].flatMap((value) => [
    { token: { clockToleranceSeconds: value } },
    { dpop: { maxAgeSeconds: value } },
    { dpop: { futureSeconds: value } },
    { cache: { tokenSeconds: value } },
    { delegation: { maxDepth: value } },
    { issuer: { issuer: 'https://as.example.test', maxTokenSeconds: value } },
  ])
  for (const options of unbounded) {
    test(`P§1.21: ${describeMatcher(options)} stops at creation`, () => {
      expect(make(options)).toThrow(OptionsError)
    })
  }

  test('P§4.34: a resource, and with it an audience, must be named', () => {
    for (const options of [
      { resource: undefined },
      { resource: '' },
      { audience: [] },
      { audience: '' },
      { audience: [''] },
    ]) {
      expect(make(options)).toThrow(OptionsError)
    }
  })

  test('P§4.28: the replay check cannot be switched off', () => {
    for (const replay of [false, null, {}, { add: true }, 'none']) {
      expect(make({ dpop: { replay } })).toThrow(OptionsError)
    }
  })

  test('P17: optional mode under a floor is a contradiction', async () => {
    const { verifier, issuer } = await createStage('cold', { access: { scopes: ['read'] } })
    expect(() => agentAuth(verifier, { optional: true })).toThrow(OptionsError)
    const wrong = { optional: 'yes' } as unknown as { optional: boolean }
    expect(() => agentAuth({ issuer: issuer.options, resource }, wrong)).toThrow(OptionsError)
  })

  test('P35: requireAccess takes no regular expression and no unknown rule', () => {
    for (const rule of [{ scopes: [/x/] }, { actor: /x/ }, { scope: 'read' }, { where: /x/ }, undefined, null]) {
      expect(() => requireAccess(rule as unknown as object)).toThrow(OptionsError)
    }
  })

  coldAndWarm('P§4.10: options changed after creation change nothing', async (stage) => {
    const token = await stage.token()
    await stage.warmUp({ token })
    stage.issuer.jwks.keys.length = 0
    const raw: { resource: string; audience: string[] } = { resource, audience: [resource] }
    const verifier = createVerifier({ ...raw, issuer: 'https://as.example.test' })
    raw.audience[0] = 'https://other.example.test'
    expect(verifier.describe().issuers[0]?.audience).toEqual([resource])
    expect(await stage.code()).toBe('admitted')
  })
})

function describeMatcher(options: Record<string, unknown>): string {
  return JSON.stringify(options, (_name, value: unknown) =>
    value instanceof RegExp || typeof value === 'number' ? String(value) : value,
  )
}
