export {
  type AccessSummary,
  declareGuard,
  type GuardedRoute,
  type RouteSummary,
  requirementOf,
  scopesOf,
  summarize,
} from './access/route-summary.ts'
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
} from './adapter/admission.ts'
export { partyKey, sentence } from './context/agent-context.ts'
export { type OptionProblem, OptionsError } from './internal/option-reader.ts'
export { AuthError } from './refusal/auth-error.ts'
export { type RefusalCode, type RefusalRow, refusals } from './refusal/table.ts'
export { type MemoryReplayStore, memoryReplayStore } from './replay/memory-store.ts'
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
} from './types/index.ts'
export type { Health, PolicyDescription, ResourceMetadata, Verifier } from './types/verifier.ts'
export { createVerifier } from './verifier.ts'
