import { createRequire } from 'node:module'
import { namesOf, OptionReader, type RawOptions } from '../src/internal/option-reader.ts'
import { hintAtOtherTelemetryApi } from '../src/internal/process-warnings.ts'
import { countDecision, isDecisionRecord, type Meter, startAtZero, startIssuer } from '../src/metrics/count-decision.ts'
import { createInstruments } from '../src/metrics/otel-instruments.ts'
import { spanAttributes } from '../src/metrics/span-attributes.ts'
import { createWatchedVerifiers, issuerLabelsOf, type WatchableVerifier } from '../src/metrics/watched-verifiers.ts'
import type { AuditRecord, AuditSink } from '../src/types/audit.ts'
import type { OpenTelemetryApi, OpenTelemetryOptions } from '../src/types/otel-options.ts'

export type { WatchableVerifier } from '../src/metrics/watched-verifiers.ts'
export type {
  InstrumentDescription,
  ObservableGauge,
  OpenTelemetryApi,
  OpenTelemetryMeter,
  OpenTelemetryOptions,
  OpenTelemetrySpan,
  SpanAttributes,
} from '../src/types/otel-options.ts'

/** Counts decisions and describes them on their spans, for the `audit` of any number of verifiers. */
export interface OpenTelemetrySink extends AuditSink {
  /** Counts and describes at once, and keeps nothing else of the event. */
  write(record: AuditRecord): void
  /**
   * Shows the state of a verifier, as `health()` gives it, whenever the figures are collected. Series of its issuers then
   * start at 0, before the first event.
   * @returns what ends it, for a verifier that is replaced
   * @throws OptionsError where a verifier of the same resource is watched
   */
  watch(verifier: WatchableVerifier): () => void
}

/**
 * The figures of the Prometheus sink as metrics of OpenTelemetry, and attributes of the decision on the span that is active
 * when it is made: `onbehalf.*`, `gen_ai.agent.id` where the actor is an agent, and `user.id` with `userId`. Metrics have
 * no label whose value a caller chose; spans have what an audit event has, no claim of a token before its signature
 * holds. It answers synchronously. It exports nothing: that is your SDK, which may start before or after.
 * @throws OptionsError for wrong options, and for an API before 1.3
 * @throws Error where the API is not installed
 */
export function openTelemetrySink(options: OpenTelemetryOptions = {}): OpenTelemetrySink {
  const { api, userId } = readTelemetryOptions(options)
  const { trace, context, metrics } = api
  const watched = createWatchedVerifiers()
  const watchedIssuers = new Set<string>()
  const noteCopies = createCopyCheck(api)
  let provider: unknown
  let meter: Meter | undefined

  /** An instrument that was made before the SDK has started counts nothing for good. */
  function currentMeter(): Meter {
    const current = metrics.getMeterProvider()
    if (meter !== undefined && current === provider) return meter
    provider = current
    meter = createInstruments(api, watched.read)
    startAtZero(meter)
    for (const issuer of watchedIssuers) startIssuer(meter, issuer)
    return meter
  }

  return {
    write(record) {
      if (!isDecisionRecord(record)) return
      noteCopies()
      countDecision(record, currentMeter())
      const span = trace.getSpan(context.active() as never)
      if (span?.isRecording()) span.setAttributes(spanAttributes(record, userId))
    },
    watch(verifier) {
      const stop = watched.add(verifier)
      for (const issuer of issuerLabelsOf(verifier)) {
        watchedIssuers.add(issuer)
        startIssuer(currentMeter(), issuer)
      }
      return stop
    },
  }
}

const optionNames = namesOf<OpenTelemetryOptions>({ userId: true, api: true })

function readTelemetryOptions(options: OpenTelemetryOptions): { readonly api: OpenTelemetryApi; userId: boolean } {
  const read = new OptionReader()
  const raw: RawOptions<keyof OpenTelemetryOptions> = read.object('options', options, optionNames) ?? {}
  const userId = read.boolean('openTelemetrySink.userId', raw.userId) ?? false
  read.finish()
  const api = (raw.api ?? installedApi()) as OpenTelemetryApi
  const has = (member: unknown, ...names: string[]) =>
    names.every((name) => typeof (Object(member) as Record<string, unknown>)[name] === 'function')
  const { trace, context, metrics } = Object(api) as Partial<OpenTelemetryApi>
  const isComplete =
    has(trace, 'getSpan', 'getTracerProvider') && has(context, 'active') && has(metrics, 'getMeter', 'getMeterProvider')
  if (!isComplete) read.problem('openTelemetrySink.api', 'must be @opentelemetry/api, 1.3 or later')
  read.finish()
  return { api, userId }
}

function installedApi(): unknown {
  try {
    return createRequire(import.meta.url)('@opentelemetry/api')
  } catch (cause) {
    const message = 'openTelemetrySink needs the package @opentelemetry/api: install it, or give it as the option `api`'
    throw new Error(message, { cause })
  }
}

/**
 * Copies of the API meet in a global object. A copy that is newer than the one of the SDK finds nothing there, and says
 * nothing.
 */
function createCopyCheck({ trace, metrics }: OpenTelemetryApi): () => void {
  const key = Symbol.for('opentelemetry.js.api.1')
  let seen: unknown
  return () => {
    const meeting = (globalThis as unknown as Record<symbol, { trace?: unknown; metrics?: unknown }>)[key]
    if (meeting === undefined || meeting === seen) return
    seen = meeting
    const isHidden =
      (meeting.trace !== undefined && meeting.trace !== trace.getTracerProvider()) ||
      (meeting.metrics !== undefined && meeting.metrics !== metrics.getMeterProvider())
    if (isHidden) hintAtOtherTelemetryApi()
  }
}
