/** In the place of the answer that a hook of the user's did not give. */
export class NoAnswer {
  /**
   * For the operator: our own words, with the system's error code where there is one. What an error says is not repeated,
   * because it may name hosts and hold secrets.
   */
  readonly cause: string

  constructor(cause: string) {
    this.cause = cause
  }
}

/** Why an answer cannot be used: `otherwise` where there is one, of another shape. */
export function causeOf(answer: unknown, otherwise: string): string {
  return answer instanceof NoAnswer ? answer.cause : otherwise
}

/** An error of this package, whose message may be shown to the operator. */
export class OwnError extends Error {}

export function noAnswerIn(error: unknown): NoAnswer {
  return new NoAnswer(causeIn(error) ?? 'failed')
}

function causeIn(error: unknown): string | undefined {
  try {
    let at = error
    for (let depth = 0; depth < 5 && at instanceof Error; depth++) {
      if (at instanceof OwnError) return at.message
      const { code } = at as { code?: unknown }
      if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code)) return `failed: ${code}`
      at = at.cause
    }
  } catch {
    // A getter of the error throws.
  }
  return undefined
}
