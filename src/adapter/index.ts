export { compileRequirement, type Requirement as CompiledRequirement } from '../access/requirement.ts'
export {
  type AccessSummary,
  declareOperations,
  declareRouteGuard,
  type GuardedOperation,
  type GuardedRoute,
  operationsOf,
  type RouteSummary,
  requirementOf,
  scopesOf,
  summarizeRoutes,
} from '../access/route-summary.ts'
export { assignAuthInfo } from '../mcp/auth-info.ts'
export { type AdmissionSettings, type Admissions, contextOf, createAdmissions, wouldRefuseOf } from './admission.ts'
export type { Answer, Entry, OnRefusal } from './answer.ts'
export { type AnswerDocument, createResourceMetadata } from './document.ts'
export { createObserve, type Observe, observationOf } from './observing.ts'
export { createRouteGuard, type RouteGuard } from './route-guard.ts'
