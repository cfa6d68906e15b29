import { sealed } from '../internal/freeze.ts'
import type { EntityKind, Party, WarningCode } from '../types/context.ts'

/** Entity profiles: what `sub_profile`, `act.sub_profile` and `client_profile` say a party is. */

/** What a token says a party is. */
export type Profile = Pick<Party, 'kind' | 'kindSource' | 'profiles'>

/** Of several values the most restrictive counts: earlier here. */
const kindsByProfile: readonly (readonly [profile: string, kind: EntityKind])[] = [
  ['ai_agent', 'agent'],
  ['service', 'service'],
  ['device', 'device'],
  ['native_app', 'app'],
  ['web_app', 'app'],
  ['browser_app', 'app'],
  ['user', 'human'],
]

/** Space-delimited, unordered, case-insensitive. Absent, malformed or unknown means unknown, never a guess. */
export function readProfiles(value: unknown, warnings: Set<WarningCode>): Profile {
  if (value === undefined) return unclassified
  if (typeof value !== 'string') warnings.add('profile_malformed')
  const words = typeof value === 'string' ? value.toLowerCase().split(' ') : []
  const profile = classify(words.filter((word) => word !== ''))
  if (profile.kind === 'unknown' && profile.profiles.length > 0) warnings.add('unknown_profile_value')
  return profile
}

const unclassified: Profile = sealed<Profile>({ kind: 'unknown', kindSource: 'none', profiles: Object.freeze([]) })

/** `stated`: a kind that is known otherwise, which goes before what the profiles say. */
export function classify(words: readonly string[], stated?: EntityKind): Profile {
  if (words.length === 0 && stated === undefined) return unclassified
  const profiles = Object.freeze([...new Set(words)])
  const kind = kindsByProfile.find(([profile]) => profiles.includes(profile))?.[1] ?? 'unknown'
  if (stated !== undefined && stated !== kind) {
    return { kind: stated, kindSource: stated === 'unknown' ? 'none' : 'dialect', profiles }
  }
  return { kind, kindSource: kind === 'unknown' ? 'none' : 'profile', profiles }
}
