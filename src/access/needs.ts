import type { Requirement } from './requirement.ts'

/** What a challenge lists: all requirements of the route, not only the missing ones. */
export interface Needs {
  readonly scopes: readonly string[]
  readonly acr: readonly string[] | undefined
  readonly maxAuthAgeSeconds: number | undefined
}

/** The needs of the baseline and the route together; of `anyScope` the first stands for all. */
export function needsOf(...requirements: readonly (Requirement | undefined)[]): Needs {
  const scopes = new Set<string>()
  let acr: readonly string[] | undefined
  let maxAuthAgeSeconds: number | undefined
  for (const requirement of requirements) {
    if (requirement === undefined) continue
    for (const scope of requirement.scopes) scopes.add(scope)
    if (requirement.anyScope[0] !== undefined) scopes.add(requirement.anyScope[0])
    acr = requirement.acr ?? acr
    const age = requirement.maxAuthAgeSeconds ?? maxAuthAgeSeconds
    maxAuthAgeSeconds = age === undefined ? undefined : Math.min(age, maxAuthAgeSeconds ?? age)
  }
  return { scopes: Object.freeze([...scopes]), acr, maxAuthAgeSeconds }
}
