import type { Add } from './count-decision.ts'
import { type Aggregator, durationBounds, type Figure, type GaugeFigure } from './figures.ts'
import { type Labels, labelled, Series } from './series.ts'
import type { Reading } from './watched-verifiers.ts'

/**
 * What a registry of prom-client asks of a metric. These are its metrics in all but the class: counting by prom-client's
 * own classes costs several times as much for each event.
 */
export abstract class PrometheusMetric {
  abstract readonly type: 'counter' | 'histogram' | 'gauge'
  /** A registry that writes OpenMetrics takes `_total` away. */
  name: string
  readonly help: string
  readonly aggregator: Aggregator

  constructor({ name, help }: Figure, aggregator: Aggregator) {
    this.name = name
    this.help = help
    this.aggregator = aggregator
  }

  /** Called for each scrape. */
  async get(): Promise<PrometheusSamples> {
    const { name, help, type, aggregator } = this
    return { name, help, type, aggregator, values: this.samples() }
  }

  /** Called by `registry.resetMetrics()`. */
  reset(): void {}

  abstract samples(): PrometheusSample[]
}

export interface PrometheusSamples {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly aggregator: Aggregator
  readonly values: PrometheusSample[]
}

interface PrometheusSample {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  readonly metricName?: string
}

export class PrometheusCounter extends PrometheusMetric {
  readonly type = 'counter'
  readonly #series: Series<{ readonly labels: Labels; value: number }>

  constructor(figure: Figure) {
    super(figure, 'sum')
    this.#series = new Series(figure.labels, (labels) => ({ labels, value: 0 }))
  }

  readonly add: Add = (value, labels) => {
    this.#series.of(labels).value += value
  }

  samples(): PrometheusSample[] {
    return this.#series.all().map(({ labels, value }) => ({ labels, value }))
  }

  override reset(): void {
    this.#series.clear()
  }
}

export class PrometheusHistogram extends PrometheusMetric {
  readonly type = 'histogram'
  readonly #series: Series<Distribution>

  constructor(figure: Figure) {
    super(figure, 'sum')
    this.#series = new Series(figure.labels, (labels) => ({
      labels,
      counts: durationBounds.map(() => 0),
      count: 0,
      sum: 0,
    }))
  }

  readonly add: Add = (value, labels) => {
    const distribution = this.#series.of(labels)
    distribution.count++
    distribution.sum += value
    for (let at = 0; at < durationBounds.length; at++) {
      if (value > (durationBounds[at] as number)) continue
      distribution.counts[at] = (distribution.counts[at] as number) + 1
      return
    }
  }

  samples(): PrometheusSample[] {
    return this.#series.all().flatMap((distribution) => this.#samplesOf(distribution))
  }

  override reset(): void {
    this.#series.clear()
  }

  #samplesOf({ labels, counts, count, sum }: Distribution): readonly PrometheusSample[] {
    let below = 0
    const buckets = durationBounds.map((le, at) => {
      below += counts[at] ?? 0
      return { labels: { le, ...labels }, value: below, metricName: `${this.name}_bucket` }
    })
    return [
      ...buckets,
      { labels: { le: '+Inf', ...labels }, value: count, metricName: `${this.name}_bucket` },
      { labels, value: sum, metricName: `${this.name}_sum` },
      { labels, value: count, metricName: `${this.name}_count` },
    ]
  }
}

interface Distribution {
  readonly labels: Labels
  /** Not cumulative. What is above the last bound is in `count` alone. */
  readonly counts: number[]
  count: number
  sum: number
}

/** Read anew at each scrape. */
export class PrometheusGauge extends PrometheusMetric {
  readonly type = 'gauge'
  readonly #labels: readonly string[]
  readonly #read: () => readonly Reading[]

  constructor(figure: GaugeFigure, read: () => readonly Reading[]) {
    super(figure, figure.aggregator)
    this.#labels = figure.labels
    this.#read = read
  }

  samples(): PrometheusSample[] {
    return this.#read().map(({ labels, value }) => ({ labels: labelled(this.#labels, labels), value }))
  }
}
