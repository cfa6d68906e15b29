/** What attacks add to the kit: each runs against a verifier that has seen nothing, and against one with warm caches. */
import type { RequestView, VerifierOptions } from 'onbehalf'
import type { TestIssuer } from 'onbehalf/testing'
import { expect, test } from 'vitest'
import { type Call, createKit, type Kit, type Outcome, outcomeOf } from '../support/kit.ts'

export type Start = 'cold' | 'warm'

/** A kit of its own for one run of one attack; its agent acts for alice. */
export interface Stage extends Kit {
  readonly start: Start
  judge(view: RequestView): Promise<Outcome>
  /** On a warm stage this call is admitted once, so that token and key are cached; on a cold one nothing happens. */
  warmUp(call: Call): Promise<void>
  /** Judges a call with a bad token. On a warm stage the agent's key is cached, and a second try must end as the first. */
  judgeToken(call: Call): Promise<Outcome>
}

export type StageOptions = Partial<VerifierOptions> | ((issuer: TestIssuer) => Partial<VerifierOptions>)

/** Registers an attack twice: cold and warm. */
export function coldAndWarm(name: string, attack: (stage: Stage) => Promise<void>, options: StageOptions = {}): void {
  for (const start of ['cold', 'warm'] as const) {
    test(`${name} (${start})`, async () => attack(await createStage(start, options)))
  }
}

export async function createStage(start: Start, options: StageOptions = {}): Promise<Stage> {
  const kit = await createKit({ verifier: options, token: { human: 'alice' } })
  const { verifier, request } = kit

  async function judge(view: RequestView): Promise<Outcome> {
    return outcomeOf(await verifier.checkNow(view))
  }

  async function warmUp(call: Call): Promise<void> {
    if (start === 'cold') return
    expect(await judge(await request(call))).toBe('admitted')
    expect(verifier.health().caches.tokens).toBeGreaterThan(0)
  }

  async function judgeToken(call: Call): Promise<Outcome> {
    await warmUp({})
    const token = typeof call.token === 'string' ? call.token : await kit.token(call.token)
    const bad: Call = { ...call, token }
    const outcome = await judge(await request(bad))
    if (start === 'warm') expect(await judge(await request(bad))).toBe(outcome)
    return outcome
  }

  return { ...kit, start, judge, warmUp, judgeToken }
}
