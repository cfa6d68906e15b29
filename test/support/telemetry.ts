/** An SDK of OpenTelemetry in memory: contexts that follow promises, spans that are kept, figures that can be read. */
import { AsyncLocalStorage } from 'node:async_hooks'
import * as installedApi from '@opentelemetry/api'
import { type DataPoint, DataPointType, type Histogram, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'

type Api = typeof installedApi

export interface Telemetry {
  /** Runs it inside a span, which then ends. Returns the attributes of the span. */
  attributesOf(run: () => unknown): Promise<Readonly<Record<string, unknown>>>
  /** Values by name and labels; of a histogram, its count. */
  figures(): Promise<Readonly<Record<string, number>>>
  instruments(): Promise<readonly Instrument[]>
}

export interface Instrument {
  readonly name: string
  readonly unit: string
  /** Whether its sum never falls. */
  readonly isCounter: boolean
  /** Of a histogram. */
  readonly bounds: readonly number[] | undefined
}

/** Registers it with this copy of the API, until {@link stopTelemetry}. */
export function startTelemetry(api: Api = installedApi): Telemetry {
  const kept = new InMemorySpanExporter()
  const reader = new ManualReader()
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(kept)] })
  api.context.setGlobalContextManager(createContextManager())
  api.trace.setGlobalTracerProvider(tracers as never)
  api.metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }) as never)

  async function collect() {
    const { resourceMetrics } = await reader.collect()
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
  }

  return {
    async attributesOf(run) {
      const span = tracers.getTracer('test').startSpan('request')
      await api.context.with(api.trace.setSpan(api.context.active(), span as never), run)
      span.end()
      return kept.getFinishedSpans().at(-1)?.attributes ?? {}
    },
    async figures() {
      const points = (await collect()).flatMap(({ descriptor, dataPoints }) =>
        (dataPoints as DataPoint<number | Histogram>[]).map(({ attributes, value }) => {
          const labels = Object.values(attributes).join(' ')
          return [`${descriptor.name} ${labels}`, typeof value === 'number' ? value : value.count] as const
        }),
      )
      return Object.fromEntries(points)
    },
    async instruments() {
      return (await collect()).map((metric) => {
        const isCounter = metric.dataPointType === DataPointType.SUM && metric.isMonotonic
        const [point] = metric.dataPointType === DataPointType.HISTOGRAM ? metric.dataPoints : []
        const { name, unit } = metric.descriptor
        return { name, unit, isCounter, bounds: point?.value.buckets.boundaries }
      })
    },
  }
}

/** For every copy of the API. */
export function stopTelemetry(): void {
  for (const part of [installedApi.trace, installedApi.context, installedApi.metrics]) part.disable()
  delete (globalThis as unknown as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')]
}

class ManualReader extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

function createContextManager(): installedApi.ContextManager {
  const contexts = new AsyncLocalStorage<installedApi.Context>()
  const manager: installedApi.ContextManager = {
    active: () => contexts.getStore() ?? installedApi.ROOT_CONTEXT,
    with: (context, run, self, ...args) => contexts.run(context, () => run.apply(self as never, args)),
    bind: (_context, target) => target,
    enable: () => manager,
    disable: () => manager,
  }
  return manager
}
