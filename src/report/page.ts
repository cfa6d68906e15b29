import type { ReportSnapshot } from '../types/report.ts'
export function createPage(snapshot: ReportSnapshot): string {
  return String(snapshot.version)
}
