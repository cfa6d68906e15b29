export type {
  AuditLog,
  AuditLogFault,
  AuditLogHealth,
  AuditLogOptions,
  AuditLogReport,
  CheckpointOptions,
  Note,
  PseudonymOptions,
  TenantOptions,
  VerifyOptions,
} from '../types/audit-log.ts'
export { auditLog } from './audit-log.ts'
export { verifyAuditLog } from './verify.ts'
