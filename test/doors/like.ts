import { expect } from 'vitest'

/** An object of which only these members are looked at. */
export function like(members: object): unknown {
  return expect.objectContaining(members)
}
