import type { EntityKind, Party, WarningCode } from '../types/context.ts'

/** Entity profiles: what `sub_profile`, `act.sub_profile` and `client_profile` say a party is. */

/** Of several values the most restrictive counts: earlier here. */
const kinds: readonly (readonly [profile: string, kind: EntityKind])[] = [
  ['ai_agent', 'agent'],
  ['service', 'service'],
  ['device', 'device'],
  ['native_app', 'app'],
  ['web_app', 'app'],
  ['browser_app', 'app'],
  ['user', 'human'],
]

/** Space-delimited, unordered, case-insensitive. Absent, malformed or unknown means unknown, never a guess. */
export function readProfiles(
  value: unknown,
  warnings: Set<WarningCode>,
): Pick<Party, 'kind' | 'kindSource' | 'profiles'> {
  if (value !== undefined && typeof value !== 'string') warnings.add('profile_malformed')
  const words = typeof value === 'string' ? value.toLowerCase().split(' ') : []
  const profiles = Object.freeze([...new Set(words.filter((word) => word !== ''))])
  const known = kinds.find(([profile]) => profiles.includes(profile))
  if (known !== undefined) return { kind: known[1], kindSource: 'profile', profiles }
  if (profiles.length > 0) warnings.add('unknown_profile_value')
  return { kind: 'unknown', kindSource: 'none', profiles }
}
