export type {
  AgentReport,
  ReportedAdvice,
  ReportedBucket,
  ReportedCallers,
  ReportedCount,
  ReportedDelegations,
  ReportedDistinct,
  ReportedEvents,
  ReportedFlow,
  ReportedIdentities,
  ReportedLifetimes,
  ReportedOwners,
  ReportedParty,
  ReportedProofFailures,
  ReportedReasons,
  ReportedReplays,
  ReportedSenders,
  ReportedShare,
  ReportSnapshot,
} from '../types/report.ts'
export type { AgentReportOptions } from '../types/report-options.ts'
export { agentReport } from './agent-report.ts'
