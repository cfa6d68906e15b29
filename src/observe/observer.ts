import type { Recorder } from '../audit/record.ts'
import { type OptionProblem, OptionsError } from '../internal/option-reader.ts'
import { fixed } from '../options/defaults.ts'
import type { Policy } from '../options/policy.ts'
import { codesOf, noCodes } from '../refusal/denial.ts'
import type { Observation } from '../types/observation.ts'
import type { RequestView } from '../types/request.ts'
import type { Health, Verifier } from '../types/verifier.ts'
import type { Examination, Examine, UseProof } from './examine.ts'
import { namedParties } from './explain.ts'
import { createObservedProofs } from './observed-proofs.ts'
import { snapshotOf } from './snapshot.ts'

/** Judges requests beside another guard. Nothing that it does can refuse, delay or break a request. */
export interface Observing {
  /** Throws OptionsError where an option has no meaning for what only observes. */
  start(): ReturnType<Verifier['observer']>
  readonly counts: Health['observed']
}

export function createObserving(
  policy: Policy,
  examine: Examine,
  recorder: Pick<Recorder, 'observed' | 'startTime'>,
): Observing {
  let pending = 0
  let skipped = 0
  let use: UseProof | undefined

  async function judge(view: RequestView): Promise<Observation> {
    try {
      const startedAt = recorder.startTime()
      const examination = await examine(view, use)
      recorder.observed(view, examination, startedAt)
      return observationIn(examination)
    } catch {
      skipped++
      return notJudged
    } finally {
      pending--
    }
  }

  function observe(view: RequestView): Promise<Observation> | undefined {
    const kept = pending < fixed.observedAtOnce ? snapshotOf(view) : undefined
    if (kept === undefined) {
      skipped++
      return undefined
    }
    pending++
    // Behind the handler, which this turn of the event loop may reach.
    return new Promise((resolve) => setImmediate(() => resolve(judge(kept))))
  }

  return {
    start() {
      const problems = problemsOfObserving(policy)
      if (problems.length > 0) throw new OptionsError(problems)
      use ??= createObservedProofs(policy.clock)
      return observe
    },
    get counts() {
      return { skipped, pending }
    },
  }
}

function observationIn({ reasons, signature, token }: Examination): Observation {
  const parties = namedParties(token)
  return Object.freeze({ wouldRefuse: codesOf(reasons), signature, ...(parties !== undefined && { parties }) })
}

const notJudged: Observation = Object.freeze({ wouldRefuse: noCodes, signature: 'unknown' })

/** Options that say what a guard does. */
function problemsOfObserving({ access, reportOnly, dpop, audit }: Policy): readonly OptionProblem[] {
  const message = 'has no meaning where requests are only observed'
  const given = {
    access: access !== undefined,
    reportOnly: reportOnly.size > 0,
    'dpop.replay': dpop !== false && dpop.hasOwnReplay,
    'audit.required': audit.some(({ required }) => required),
  }
  return Object.entries(given).flatMap(([path, isGiven]) => (isGiven ? [{ path, message }] : []))
}
