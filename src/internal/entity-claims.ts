import type { EntityClaims } from '../types/context.ts'
import { sealed } from './freeze.ts'
import { namesOf } from './option-reader.ts'

/** In this order in every object, so that two of them can be compared as text. */
const memberNames = namesOf<EntityClaims>({
  owner: true,
  governance: true,
  policyVersion: true,
  capabilities: true,
  instance: true,
  model: true,
  platform: true,
})

const longestText = 256
const longestList = 32

/**
 * A frozen copy of what describes a party, own members only. A member that is unknown, too long or of another type is left
 * out. Undefined for anything but an object. A getter of the given object that throws is not caught here.
 */
export function readEntityClaims(value: unknown): EntityClaims | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const given = value as Readonly<Record<string, unknown>>
  const read: Record<string, string | readonly string[]> = {}
  for (const name of memberNames) {
    const member = Object.hasOwn(given, name) ? readTexts(given[name]) : undefined
    if (member !== undefined) read[name] = member
  }
  return sealed<EntityClaims>(read)
}

function readTexts(value: unknown): string | readonly string[] | undefined {
  if (isShortText(value)) return value
  if (!Array.isArray(value) || value.length > longestList) return undefined
  const texts = Array.from<unknown>(value)
  return texts.every(isShortText) ? Object.freeze(texts) : undefined
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= longestText
}

/** What both say, member by member; `stronger` wins. */
export function mergeEntityClaims(weaker: EntityClaims | undefined, stronger: EntityClaims): EntityClaims | undefined {
  return Object.keys(stronger).length === 0 ? weaker : readEntityClaims({ ...weaker, ...stronger })
}

/** Of two that were read here. */
export function isSameEntity(one: EntityClaims | undefined, other: EntityClaims | undefined): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}
