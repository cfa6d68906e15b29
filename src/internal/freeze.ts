/** Frozen objects without a prototype: nothing inherited can be mistaken for a claim. */

export function sealed<T extends object>(fields: T): Readonly<T> {
  return Object.freeze(Object.assign(Object.create(null) as T, fields))
}

/** A deep frozen copy of JSON data, own members only (a member called `__proto__` stays a member). */
export function sealedCopy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Object.freeze(value.map(sealedCopy)) as T
  const copy: Record<string, unknown> = Object.create(null)
  for (const [name, item] of Object.entries(value)) copy[name] = sealedCopy(item)
  return Object.freeze(copy) as T
}
