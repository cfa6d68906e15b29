import type { RefusalCode } from '../refusal/table.ts'
import type { ReportableCheck } from '../types/options.ts'
import type { ReportedReasons, ReportSnapshot } from '../types/report.ts'

/** Where a check stands on the way from an observer to a guard that refuses. */
export type Standing = 'unseen' | 'observed' | 'reported' | 'refused'

export type SeenReasons = Pick<ReportSnapshot, 'events' | 'refusals' | 'wouldRefuse'>

/**
 * Checks that may wait for clients and issuers to change. Others that `reportOnly` takes are cured by an option of their
 * own that gives up less: an audience, a dialect, a nonce.
 */
const waiting: ReadonlySet<RefusalCode> = new Set<ReportableCheck>([
  'token_lifetime',
  'binding_missing',
  'delegation_too_deep',
  'delegation_not_allowed',
  'owner_missing',
])

export function standingOf({ events, refusals, wouldRefuse }: SeenReasons, code: RefusalCode): Standing {
  if (namesCode(refusals, code)) return 'refused'
  if (!namesCode(wouldRefuse, code)) return 'unseen'
  return events.observed > 0 ? 'observed' : 'reported'
}

/** What `reportOnly` may list for this cause. */
export function reportOnlyFor(figures: SeenReasons, code: RefusalCode): readonly ReportableCheck[] {
  const standing = standingOf(figures, code)
  return isWaiting(code) && (standing === 'observed' || standing === 'refused') ? [code] : []
}

/** All that an observer saw and that may wait, as `reportOnly` takes it. */
export function checksToReport({ wouldRefuse }: SeenReasons): readonly ReportableCheck[] {
  return wouldRefuse.byCode.map(({ code }) => code).filter(isWaiting)
}

/** As it is written in the options. */
export function reportOnlyText(checks: readonly ReportableCheck[]): string {
  return `reportOnly: [${checks.map((check) => `'${check}'`).join(', ')}]`
}

function isWaiting(code: RefusalCode): code is ReportableCheck {
  return waiting.has(code)
}

function namesCode({ byCode }: ReportedReasons, code: RefusalCode): boolean {
  return byCode.some((row) => row.code === code)
}
