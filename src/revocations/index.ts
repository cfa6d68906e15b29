export type {
  MemoryRevocationOptions,
  Revocation,
  RevocationQuery,
  RevocationSource,
  RevocationTargets,
} from '../types/revocation.ts'
export { anyOf } from './any-of.ts'
export { type MemoryRevocations, memoryRevocations } from './memory-revocations.ts'
