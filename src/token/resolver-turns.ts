/**
 * How many questions are under way at the resolvers. Known issuers go first, so that a flood of unknown ones cannot keep
 * them waiting until they are forgotten.
 */
export interface ResolverTurns {
  /** For a question about an unknown issuer: false where no turn is free. */
  take(): boolean
  /** For a question about a known issuer: `start` has a turn when it is called, now or later, and says whether it keeps it. */
  whenFree(start: () => boolean): void
  /** Ends a turn. */
  release(): void
  readonly taken: number
}

export function createResolverTurns(limit: number): ResolverTurns {
  const waiting: (() => boolean)[] = []
  let taken = 0

  function take(): boolean {
    if (taken >= limit) return false
    taken++
    return true
  }

  function release(): void {
    for (let start = waiting.shift(); start !== undefined; start = waiting.shift()) {
      if (start()) return
    }
    taken--
  }

  return {
    take,
    whenFree(start) {
      if (!take()) waiting.push(start)
      else if (!start()) release()
    },
    release,
    get taken() {
      return taken
    },
  }
}
