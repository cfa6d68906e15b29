import type { Denial } from '../refusal/denial.ts'
import { AccessDenial } from './judgement.ts'
import type { Requirement } from './requirement.ts'

/** What a challenge lists: all requirements of the route, not only the missing ones. */
export interface Needs {
  readonly scopes: readonly string[]
  readonly acr: readonly string[] | undefined
  readonly maxAuthAgeSeconds: number | undefined
}

/** The needs of the baseline and the route together; of `anyScope` the first stands for all. */
export function needsOf(...requirements: readonly (Requirement | undefined)[]): Needs {
  return requirements.reduce<Needs>((needs, requirement) => {
    if (requirement === undefined) return needs
    const { scopes, anyScope, acr, maxAuthAgeSeconds } = requirement
    return joinNeeds(needs, { scopes: [...scopes, ...anyScope.slice(0, 1)], acr, maxAuthAgeSeconds })
  }, noNeeds)
}

const noNeeds: Needs = { scopes: Object.freeze([]), acr: undefined, maxAuthAgeSeconds: undefined }

/** Both together; the later values of `acr` and the shorter age count. */
export function joinNeeds(earlier: Needs, later: Needs): Needs {
  const age = Math.min(
    earlier.maxAuthAgeSeconds ?? Number.POSITIVE_INFINITY,
    later.maxAuthAgeSeconds ?? Number.POSITIVE_INFINITY,
  )
  return {
    scopes: Object.freeze([...new Set([...earlier.scopes, ...later.scopes])]),
    acr: later.acr ?? earlier.acr,
    maxAuthAgeSeconds: age === Number.POSITIVE_INFINITY ? undefined : age,
  }
}

/** What the challenge of this denial lists: a `where` rule may ask for other values of `acr`. */
export function needsBehind(denial: Denial, needs: Needs): Needs {
  const { acr } = denial instanceof AccessDenial ? denial : noNeeds
  return acr === undefined ? needs : { ...needs, acr }
}
