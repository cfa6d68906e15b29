import { joinNeeds, type Needs } from './needs.ts'

/** What the guards of a request need together, so that a client which adds the scopes of one refusal is not refused by the next. */
export interface PassedGuards {
  /** With the needs of every guard that this request has passed. */
  needsFor(request: unknown, needs: Needs): Needs
  passed(request: unknown, needs: Needs): void
}

export function createPassedGuards(): PassedGuards {
  const byRequest = new WeakMap<object, Needs>()
  /** Two guards of one route are joined once: what a refusal says of them is made once, too. */
  const joined = new WeakMap<Needs, WeakMap<Needs, Needs>>()

  function needsFor(request: unknown, needs: Needs): Needs {
    const earlier = isObject(request) ? byRequest.get(request) : undefined
    if (earlier === undefined || earlier === needs) return needs
    const known = joined.get(earlier) ?? new WeakMap<Needs, Needs>()
    joined.set(earlier, known)
    const both = known.get(needs) ?? joinNeeds(earlier, needs)
    known.set(needs, both)
    return both
  }

  return {
    needsFor,
    passed(request, needs) {
      if (isObject(request)) byRequest.set(request, needsFor(request, needs))
    },
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
