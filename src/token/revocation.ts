import { andThen, type MaybePromise, settle } from '../internal/maybe-promise.ts'
import { Denial } from '../refusal/denial.ts'
import type { RevocationSource } from '../types/options.ts'
import type { PreparedToken } from './prepared-token.ts'

declare const asked: unique symbol

/** A verified token that the revocation source, where there is one, has not called revoked. Only this file makes one. */
export type CurrentToken = PreparedToken & { readonly [asked]: true }

export interface RevocationCheck {
  check(token: PreparedToken): MaybePromise<CurrentToken | Denial>
}

/** The last of step 2, asked on every request. Any answer but true or false, an error or a timeout is an outage: 503. */
export function createRevocationCheck(source: RevocationSource | undefined, hookTimeoutMs: number): RevocationCheck {
  return {
    check(token) {
      if (source === undefined) return token as CurrentToken
      return andThen(
        settle<unknown, undefined>(() => source.isRevoked(token.revocationQuery), undefined, hookTimeoutMs),
        (answer) => {
          if (answer === false) return token as CurrentToken
          return new Denial(answer === true ? 'token_revoked' : 'revocation_unavailable')
        },
      )
    },
  }
}
