import type { OpenTelemetryApi, OpenTelemetryMeter, SpanAttributes } from '../types/otel-options.ts'
import type { Add, Meter } from './count-decision.ts'
import {
  type CounterName,
  counters,
  durationBounds,
  durations,
  type Figure,
  type GaugeName,
  gauges,
} from './figures.ts'
import { labelled, Series } from './series.ts'
import type { Reading } from './watched-verifiers.ts'

/**
 * Names are such that an exporter to Prometheus makes the names of the Prometheus sink of them: it writes `_` for `.` and
 * adds the unit in seconds and, to counters, `_total`.
 */
export function createInstruments(api: OpenTelemetryApi, read: (gauge: GaugeName) => readonly Reading[]): Meter {
  const meter = api.metrics.getMeter('onbehalf')
  for (const name of Object.keys(gauges) as GaugeName[]) addGauge(meter, name, read)
  const add = (name: CounterName) => {
    const { help: description } = counters[name]
    const counter = meter.createCounter(instrumentNameOf(counters[name]), { description, unit: '' })
    return seriesAdder(counters[name], (value, labels) => counter.add(value, labels))
  }
  const histogram = meter.createHistogram(instrumentNameOf(durations), {
    description: durations.help,
    unit: 's',
    advice: { explicitBucketBoundaries: [...durationBounds] },
  })
  return {
    count: {
      decisions: add('decisions'),
      proofs: add('proofs'),
      replays: add('replays'),
      unbound: add('unbound'),
      actors: add('actors'),
      wouldRefuse: add('wouldRefuse'),
    },
    observeSeconds: seriesAdder(durations, (value, labels) => histogram.record(value, labels)),
  }
}

function addGauge(meter: OpenTelemetryMeter, name: GaugeName, read: (gauge: GaugeName) => readonly Reading[]): void {
  const { help: description, unit, labels } = gauges[name]
  meter.createObservableGauge(instrumentNameOf(gauges[name]), { description, unit }).addCallback((result) => {
    for (const reading of read(name)) result.observe(reading.value, labelled(labels, reading.labels))
  })
}

function instrumentNameOf({ name }: Figure): string {
  return name.replace(/_total$|_seconds$/, '').replace('_', '.')
}

/** The labels of a series are made once. */
function seriesAdder({ labels: names }: Figure, write: (value: number, labels: SpanAttributes) => void): Add {
  const series = new Series<SpanAttributes>(names, (labels) => labels)
  return (value, labels) => write(value, series.of(labels))
}
