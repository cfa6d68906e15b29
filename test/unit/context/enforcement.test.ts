import type { ReportableCheck, Verdict, VerifierOptions } from 'onbehalf'
import { expect, test } from 'vitest'
import { createForge } from '../../support/forge.ts'
import type { Members } from '../../support/jws.ts'
import { outcomeOf } from '../../support/kit.ts'

/** What `reportOnly` and `delegation.requireOwner` make of a context. Every test makes the verifier itself. */

const ownerless: Members = { act: { sub: 'travel-7', sub_profile: 'ai_agent' } }

interface Setting {
  readonly reportOnly?: readonly ReportableCheck[]
  readonly delegation?: VerifierOptions['delegation']
}

async function check(setting: Setting, claims: Members | ((now: number) => Members) = {}): Promise<Verdict> {
  const forge = await createForge()
  const made = typeof claims === 'function' ? claims(forge.clock.now() / 1_000) : claims
  return forge.call({ verifier: forge.verifierWith(setting), token: forge.token(made) })
}

test('Context: enforcement says whether the verifier overlooks a check, also where the request needs none', async () => {
  expect(await check({})).toMatchObject({ ok: true, wouldRefuse: [], context: { enforcement: 'enforced' } })
  expect(await check({ reportOnly: ['token_lifetime'] })).toMatchObject({
    ok: true,
    wouldRefuse: [],
    context: { enforcement: 'report-only' },
  })
})

test('Context: an owner that is missing is reported behind what the token itself lacks', async () => {
  const setting: Setting = {
    reportOnly: ['owner_missing', 'token_lifetime'],
    delegation: { requireOwner: true },
  }
  expect(await check(setting, ownerless)).toMatchObject({ ok: true, wouldRefuse: ['owner_missing'] })
  const verdict = await check(setting, (now) => ({ ...ownerless, exp: now + 3_600 }))
  expect(verdict).toMatchObject({ ok: true, wouldRefuse: ['token_lifetime', 'owner_missing'] })
  expect(await check(setting)).toMatchObject({ ok: true, wouldRefuse: [] })
})

test('Context: an owner that the directory does not name is reported, one that it names is not', async () => {
  const outcome = async (owner: string) => {
    const delegation = { requireOwner: true, directory: () => ({ owner }) }
    return check({ reportOnly: ['owner_missing'], delegation }, ownerless)
  }
  expect(await outcome('')).toMatchObject({ ok: true, wouldRefuse: ['owner_missing'] })
  expect(await outcome('ops')).toMatchObject({ ok: true, wouldRefuse: [] })
})

test('Context: a missing owner is reported only where one is required and the report names it', async () => {
  for (const setting of [
    {},
    { reportOnly: ['token_lifetime'] },
    { reportOnly: ['owner_missing'] },
    { reportOnly: ['owner_missing'], delegation: { requireOwner: false } },
  ] satisfies Setting[]) {
    expect(await check(setting, ownerless), JSON.stringify(setting)).toMatchObject({ ok: true, wouldRefuse: [] })
  }
  const others: Setting = { reportOnly: ['token_lifetime'], delegation: { requireOwner: true } }
  expect(outcomeOf(await check(others, ownerless))).toBe('owner_missing')
})

test('Context: a chain over the limit is reported up to 64 actors, and refused beyond', async () => {
  const setting: Setting = { reportOnly: ['delegation_too_deep'] }
  for (const [actors, outcome] of [
    [6, 'admitted'],
    [64, 'admitted'],
    [65, 'delegation_too_deep'],
  ] as const) {
    const verdict = await check(setting, { act: nested(actors) })
    expect(outcomeOf(verdict), String(actors)).toBe(outcome)
    if (!verdict.ok) continue
    expect(verdict).toMatchObject({ wouldRefuse: ['delegation_too_deep'], context: { delegation: { depth: actors } } })
  }
})

function nested(actors: number): Members {
  return actors === 1 ? { sub: 'a1' } : { sub: `a${actors}`, act: nested(actors - 1) }
}
