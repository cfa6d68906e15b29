import { expect } from 'vitest'

/** Matches an object that has these members. */
export function like(members: object): unknown {
  return expect.objectContaining(members)
}
