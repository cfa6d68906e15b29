import type { Dialect, DialectName } from '../../types/dialect.ts'
import { actorProfileDialect } from './actor-profile.ts'
import { rfc9068Dialect } from './rfc9068.ts'

export const dialects: Readonly<Partial<Record<DialectName, Dialect>>> = Object.freeze({
  rfc9068: rfc9068Dialect,
  'actor-profile': actorProfileDialect,
})
