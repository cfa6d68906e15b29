import type { Step } from '../audit/request-state.ts'
import { andThen, settle } from '../internal/maybe-promise.ts'
import { Denial } from '../refusal/denial.ts'
import type { AgentContext } from '../types/context.ts'
import type { RevocationQuery, RevocationSource } from '../types/options.ts'

/** What was asked about a context, to be asked again while a lease on it lasts. */
export const revocationQueries: WeakMap<AgentContext, RevocationQuery> = new WeakMap()

/** The last of step 2, asked on every request. Any answer but true or false, an error and a silence are an outage. */
export function createRevocationStep(source: RevocationSource | undefined): Step {
  return function checkRevocation({ token }) {
    if (source === undefined || token === undefined) return undefined
    return andThen(
      settle<unknown, undefined>(() => source.isRevoked(token.revocationQuery), undefined),
      (answer) => {
        if (answer === false) return undefined
        return new Denial(answer === true ? 'token_revoked' : 'revocation_unavailable')
      },
    )
  }
}
