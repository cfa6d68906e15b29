export { AuthError } from './auth-error.ts'
export { type MemoryReplayStore, memoryReplayStore } from './binding/replay.ts'
export { partyKey, sentence } from './context.ts'
export {
  type Answer,
  contextOf,
  createDoor,
  createGuard,
  createGuards,
  type Door,
  type DoorSettings,
  type Entry,
  type OnRefusal,
} from './door.ts'
export { type OptionProblem, OptionsError } from './internal/option-reader.ts'
export { type RefusalCode, type RefusalRow, refusals } from './refusals.ts'
export {
  type AccessSummary,
  declareGuard,
  type GuardedRoute,
  type RouteSummary,
  requirementOf,
  scopesOf,
  summarize,
} from './summary.ts'
export type {
  AccessRequirement,
  AgentContext,
  Algorithm,
  AuditEvent,
  AuditSink,
  AuthorizationDetail,
  Clock,
  CommonContext,
  Decision,
  Delegation,
  DetailRule,
  DpopOptions,
  EntityKind,
  Facts,
  HeaderList,
  IssuerOptions,
  JwtPayload,
  MtlsOptions,
  NonceOptions,
  Party,
  PartyRule,
  Predicate,
  Problem,
  Refusal,
  ReplayAnswer,
  ReplayStore,
  RequestView,
  RevocationQuery,
  RevocationSource,
  TokenOptions,
  Verdict,
  VerifierOptions,
  WarningCode,
} from './types.ts'
export { createVerifier } from './verifier.ts'
export type { Health, PolicyDescription, ResourceMetadata, Verifier } from './verifier-types.ts'
