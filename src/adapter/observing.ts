import type { Observation } from '../types/observation.ts'
import type { VerifierOptions } from '../types/options.ts'
import type { RequestView } from '../types/request.ts'
import type { Verifier } from '../types/verifier.ts'
import { verifierFrom } from './admission.ts'

/** What `observeAgents` does at every door: it looks at a request, and changes nothing about it. */
export type Observe<R extends object> = (request: R, viewOf: (request: R) => RequestView) => void

interface Seen {
  readonly verifier: Verifier
  readonly observation: Promise<Observation> | undefined
}

const seen = new WeakMap<object, Seen>()

/** Throws OptionsError for wrong options, also for those that say what a guard does. */
export function createObserve<R extends object>(optionsOrVerifier: VerifierOptions | Verifier): Observe<R> {
  const verifier = verifierFrom(optionsOrVerifier)
  const observer = verifier.observer()
  return function observe(request, viewOf) {
    // Mounted twice, an observer never takes its own proof for a replay.
    if (seen.get(request)?.verifier === verifier) return
    try {
      seen.set(request, { verifier, observation: observer(viewOf(request)) })
    } catch {
      // A request that cannot be read must not become an error of the application.
    }
  }
}

/**
 * What was observed about a request, as a promise that never rejects; undefined where no observer saw the request or too
 * many requests were observed at the time. Nothing in it authenticates anybody: the request was not refused.
 */
export function observationOf(request: object): Promise<Observation> | undefined {
  return seen.get(request)?.observation
}
