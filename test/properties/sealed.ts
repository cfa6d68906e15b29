import { expect } from 'vitest'

/** Requires that every object inside is frozen and inherits nothing. */
export function requireSealed(value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null) return
  expect(Object.isFrozen(value), `${path} is frozen`).toBe(true)
  const isList = Array.isArray(value)
  expect(Object.getPrototypeOf(value), `${path} inherits`).toBe(isList ? Array.prototype : null)
  for (const name of Reflect.ownKeys(value)) {
    const member = Reflect.getOwnPropertyDescriptor(value, name)
    expect(member?.get ?? member?.set, `${path}.${String(name)} is plain`).toBeUndefined()
    requireSealed(member?.value, `${path}.${String(name)}`)
  }
}
