/** A URL that was tried, without its query, and why that failed. */
export interface FetchFailure {
  readonly url: string
  readonly reason: string
}

/** Why keys could not be fetched. `cause` is what the fetch threw. */
export class FetchError extends Error {
  override readonly name = 'FetchError'
  readonly failures: readonly FetchFailure[]

  constructor(failures: readonly FetchFailure[], cause: unknown) {
    super(describeFailures(failures), { cause })
    this.failures = failures
  }
}

export function describeFailures(failures: readonly FetchFailure[]): string {
  return failures.map(({ url, reason }) => `${url}: ${reason}`).join('; ')
}

/** The system's error code where there is one, else the innermost message: `fetch` puts the reason behind "fetch failed". */
export function reasonOf(error: unknown): string {
  let reason = 'failed'
  let at: unknown = error
  for (let depth = 0; depth < 5 && at instanceof Error; depth++) {
    const { code } = at as { code?: unknown }
    if (typeof code === 'string') return code.slice(0, 64)
    reason = at.message.slice(0, 200)
    at = at.cause
  }
  return reason
}
