import { OptionReader } from '../src/internal/option-reader.ts'
import { countDecision, isDecisionRecord, type Meter, startAtZero, startIssuer } from '../src/metrics/count-decision.ts'
import { type CounterName, counters, durations, type GaugeName, gauges } from '../src/metrics/figures.ts'
import {
  PrometheusCounter,
  PrometheusGauge,
  PrometheusHistogram,
  type PrometheusMetric,
} from '../src/metrics/prometheus-metric.ts'
import { createWatchedVerifiers, issuerLabelsOf, type WatchableVerifier } from '../src/metrics/watched-verifiers.ts'
import type { AuditRecord, AuditSink } from '../src/types/audit.ts'

export type { WatchableVerifier } from '../src/metrics/watched-verifiers.ts'

/** What is used of a `Registry` of prom-client, 14 or later. */
export interface PrometheusRegistry {
  /** Adds a metric to what the registry exports. */
  registerMetric(metric: never): void
  /** Finds a metric by its name. */
  getSingleMetric(name: string): unknown
}

/** Counts decisions for Prometheus, for the `audit` of any number of verifiers. */
export interface PrometheusSink extends AuditSink {
  /** Counts at once and keeps nothing else of the event. */
  write(record: AuditRecord): void
  /**
   * Shows the state of a verifier, as `health()` gives it, at each scrape. Series of its issuers then start at 0, before
   * the first event.
   * @returns what ends it, for a verifier that is replaced
   * @throws OptionsError where a verifier of the same resource is watched
   */
  watch(verifier: WatchableVerifier): () => void
}

/**
 * Counts decisions in a registry of prom-client. No label has a value that a caller chose: issuers are the configured
 * ones, 'other' for those of resolvers, and there are at most 1 000 series of each metric of decisions. It answers
 * synchronously, so that it never waits in a queue. It does not serve the figures: that is your `/metrics`, which should not be public.
 * @param registry one registry takes one sink, which may serve several verifiers
 * @throws OptionsError where it is no registry, or has metrics of these names
 */
export function prometheusSink(registry: PrometheusRegistry): PrometheusSink {
  const watched = createWatchedVerifiers()
  const counts = mapValues(counters, (figure) => new PrometheusCounter(figure))
  const histogram = new PrometheusHistogram(durations)
  const states = (Object.keys(gauges) as GaugeName[]).map(
    (name) => new PrometheusGauge(gauges[name], () => watched.read(name)),
  )
  register(registry, [...Object.values(counts), histogram, ...states])
  const meter: Meter = { count: mapValues(counts, ({ add }) => add), observeSeconds: histogram.add }
  startAtZero(meter)
  return {
    write(record) {
      if (isDecisionRecord(record)) countDecision(record, meter)
    },
    watch(verifier) {
      const stop = watched.add(verifier)
      for (const issuer of issuerLabelsOf(verifier)) startIssuer(meter, issuer)
      return stop
    },
  }
}

/** All or none, since a registry throws at a name that it has. */
function register(registry: PrometheusRegistry, metrics: readonly PrometheusMetric[]): void {
  const read = new OptionReader()
  if (registry === undefined) read.problem('prometheusSink.registry', 'is required')
  const known = read.methods<PrometheusRegistry>('prometheusSink.registry', registry, [
    'registerMetric',
    'getSingleMetric',
  ])
  const taken = metrics.find(({ name }) => known?.getSingleMetric(name) !== undefined)
  if (taken !== undefined) {
    read.problem('prometheusSink.registry', `has ${taken.name} already: give one sink to all verifiers`)
  }
  read.finish()
  for (const metric of metrics) registry.registerMetric(metric as never)
}

function mapValues<T, U>(
  record: Readonly<Record<CounterName, T>>,
  map: (value: T) => U,
): Readonly<Record<CounterName, U>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)])) as Record<CounterName, U>
}
