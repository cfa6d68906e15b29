import type { OptionReader } from '../internal/option-reader.ts'
import type { ReportableCheck } from '../types/options.ts'
import { reportableChecks } from './defaults.ts'
import type { DpopPolicy } from './sender.ts'

/** Which checks are only reported. Checks that would together let in what was never meant for this resource are refused. */
export function readReportOnly(read: OptionReader, value: unknown): ReadonlySet<ReportableCheck> {
  const allowed = Object.keys(reportableChecks) as readonly ReportableCheck[]
  const checks = new Set(read.list('reportOnly', value, (path, item) => read.oneOf(path, item, allowed)))
  for (const other of ['token_type', 'binding_missing'] as const) {
    if (checks.has('token_audience') && checks.has(other)) {
      read.problem(
        'reportOnly',
        `must not name token_audience together with ${other}: tokens for anyone would be admitted`,
      )
    }
  }
  return checks
}

/** With nonces on skew a time is never what a proof is refused for. */
export function refuseReportedTimes(
  read: OptionReader,
  checks: ReadonlySet<ReportableCheck>,
  dpop: DpopPolicy | false,
): void {
  if (dpop === false || dpop.nonce?.mode !== 'on-skew') return
  for (const check of ['proof_expired', 'proof_not_active'] as const) {
    if (checks.has(check)) read.problem('reportOnly', `must not name ${check} with dpop.nonce.mode 'on-skew'`)
  }
}
