import cluster from 'node:cluster'
import { type RefusalCode, refusals } from '../refusal/table.ts'
import type { RequestView } from '../types/request.ts'

/** Warnings to the operator, each once per process: mistakes of set-up. */

const said = new Set<string>()

function hint(code: string, message: string): void {
  if (said.has(code)) return
  said.add(code)
  process.emitWarning(message, { type: 'OnbehalfWarning', code })
}

/** A preflight carries no credentials; cors() has to answer it before the guard sees it. */
export function hintAtPreflight(view: RequestView): void {
  if (view.method !== 'OPTIONS' || view.header('access-control-request-method').length === 0) return
  hint('ONBEHALF_PREFLIGHT', 'A CORS preflight was refused: put cors() before agentAuth()')
}

const explained = new Set<RefusalCode>()

/**
 * The first refusal of each code that an option could change. The text comes from the table and from the path of an option,
 * because the token may be forged.
 */
export function hintAtRefusal(code: RefusalCode, hint: string): void {
  if (explained.has(code)) return
  explained.add(code)
  const advice = `If such requests should pass, see the option ${hint}. This is said once for each code.`
  process.emitWarning(`A request was refused with ${code}: ${refusals[code].detail}. ${advice}`, {
    type: 'OnbehalfWarning',
    code: 'ONBEHALF_HINT',
    detail: 'The facts of each refusal: onRefusal, an audit sink or diagnostics_channel onbehalf:refusal',
  })
}

/** A route's rule that its verifier can never judge: every request of the route is a 500. */
export function warnOfRule(rule: string, message: string): void {
  process.emitWarning(`A rule of requireAccess() is wrong: ${rule} ${message}`, {
    type: 'OnbehalfWarning',
    code: 'ONBEHALF_WRONG_RULE',
  })
}

/** The operator's own function answers wrongly. The text quotes no issuer, because the caller chose it. */
export function hintAtWrongResolver(problem: string): void {
  hint('ONBEHALF_RESOLVER', `An answer of an IssuerResolver cannot be used: ${problem}. This is said once.`)
}

export function hintAtPerProcessReplay(): void {
  if (!cluster.isWorker) return
  hint('ONBEHALF_REPLAY_PER_PROCESS', 'The replay memory is per process: give cluster workers a shared ReplayStore')
}

/** Over HTTP without TLS no client certificate arrives, unless a proxy sends it. */
export function hintAtPlainConnection(): void {
  const cures = 'name the field of your proxy in mtls.certificate, or set `mtls` to false'
  hint(
    'ONBEHALF_PLAIN',
    `The protected resource metadata does not offer mutual TLS, because a connection without TLS shows no certificate: ${cures}`,
  )
}

/** A challenge would point at a document that, for all this process knows, is a 404. */
export function hintAtUnservedMetadata(): void {
  const cures =
    'add resourceMetadata(verifier) at the root, or set `metadata` to true if the document is served, or to false'
  hint('ONBEHALF_METADATA', `Challenges carry no resource_metadata, because this process does not serve it: ${cures}`)
}

/** Nothing else tells: the API answers with instruments and spans that do nothing. */
export function hintAtOtherTelemetryApi(): void {
  const cures = 'install one version for both, or give that of your SDK as the option `api` of openTelemetrySink()'
  hint('ONBEHALF_OTEL', `Nothing reaches OpenTelemetry, because its SDK uses an older @opentelemetry/api: ${cures}`)
}
