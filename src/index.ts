export type { AccessSummary, RouteSummary } from './access/route-summary.ts'
export type { AdmissionSettings } from './adapter/admission.ts'
export type { OnRefusal } from './adapter/answer.ts'
export { partyKey, sentence } from './context/agent-context.ts'
export { type OptionProblem, OptionsError } from './internal/option-reader.ts'
export { AuthError } from './refusal/auth-error.ts'
export { type RefusalCode, type RefusalRow, refusals } from './refusal/table.ts'
export { type MemoryReplayStore, memoryReplayStore } from './replay/memory-store.ts'
export type { AccessRequirement, Answer, DetailRule, PartyRule, Rule } from './types/access.ts'
export type {
  AuditEvent,
  AuditedRequest,
  AuditRecord,
  AuditSetting,
  AuditSink,
  DroppedRecord,
  EventFacts,
  Sink,
} from './types/audit.ts'
export type {
  AgentContext,
  AuthorizationDetail,
  CommonContext,
  Delegation,
  EntityClaims,
  EntityKind,
  JwtPayload,
  Party,
  WarningCode,
} from './types/context.ts'
export type {
  Dialect,
  DialectActor,
  DialectName,
  DialectParties,
  DialectPrincipal,
  DialectReaders,
} from './types/dialect.ts'
export type { Directory } from './types/directory.ts'
export type { IntrospectionOptions, PrivateKeyClient, SecretClient } from './types/introspection-options.ts'
export type {
  AgentClient,
  DangerousOptions,
  IssuerOptions,
  IssuerResolver,
  KeyOptions,
  MissingAudienceOptions,
} from './types/issuer-options.ts'
export type {
  CertificateHeader,
  CustomCertificateHeader,
  ForwardedCertificate,
  MtlsOptions,
} from './types/mtls-options.ts'
export type { Explanation, NamedParties, Observation } from './types/observation.ts'
export type {
  Algorithm,
  CacheOptions,
  Clock,
  DangerousVerifierOptions,
  DelegationOptions,
  DpopOptions,
  MemoryReplayOptions,
  NonceOptions,
  ReplayAnswer,
  ReplayStore,
  ReportableCheck,
  StoreAnswer,
  TokenOptions,
  VerifierOptions,
} from './types/options.ts'
export type { RequestPeer, RequestView } from './types/request.ts'
export type { RevocationQuery, RevocationSource } from './types/revocation.ts'
export type { Decision, Facts, HeaderList, Problem, Refusal, Verdict } from './types/verdict.ts'
export type { CloseOptions, Health, PolicyDescription, ResourceMetadata, Verifier } from './types/verifier.ts'
export { createVerifier } from './verifier.ts'
