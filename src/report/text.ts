import type { ReportSnapshot } from '../types/report.ts'
export function writeText(snapshot: ReportSnapshot): string {
  return String(snapshot.version)
}
