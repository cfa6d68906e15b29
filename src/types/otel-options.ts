/** Settings of `openTelemetrySink()`. */
export interface OpenTelemetryOptions {
  /**
   * Whether spans get `user.id`: the subject of a principal that is no agent, service, app or device. It is personal data.
   * Default: false.
   */
  userId?: boolean | undefined
  /**
   * The API of your SDK, for programs that are bundled or have several copies of it. Default: `@opentelemetry/api` as it is
   * installed beside this package.
   */
  api?: OpenTelemetryApi | undefined
}

/** What is used of `@opentelemetry/api`, 1.3 or later. */
export interface OpenTelemetryApi {
  /** Finds the span of a context. */
  readonly trace: { getSpan(context: never): OpenTelemetrySpan | undefined; getTracerProvider(): unknown }
  /** Knows the context of the code that runs. */
  readonly context: { active(): unknown }
  /** Makes instruments. */
  readonly metrics: { getMeterProvider(): unknown; getMeter(name: string): OpenTelemetryMeter }
}

/** What is used of a span. */
export interface OpenTelemetrySpan {
  /** False once it has ended, or where it is not sampled. */
  isRecording(): boolean
  /** Adds to its attributes, over what stands there. */
  setAttributes(attributes: SpanAttributes): unknown
}

/** The values that spans get. */
export type SpanAttributes = Record<string, string | number | boolean | string[]>

/** What is used of a meter. */
export interface OpenTelemetryMeter {
  /** Makes a counter. */
  createCounter(name: string, options: InstrumentDescription): { add(value: number, labels: SpanAttributes): void }
  /** Makes a histogram. */
  createHistogram(name: string, options: InstrumentDescription): { record(value: number, labels: SpanAttributes): void }
  /** Makes a gauge that is read by callbacks. */
  createObservableGauge(name: string, options: InstrumentDescription): ObservableGauge
}

/** Read when the figures are collected. */
export interface ObservableGauge {
  /** Adds what reads it. */
  addCallback(read: (result: { observe(value: number, labels: SpanAttributes): void }) => void): void
}

/** How an instrument is described. */
export interface InstrumentDescription {
  /** What it means. */
  description: string
  /** Its unit, as UCUM writes it. */
  unit: string
  /** The bounds that a histogram should have. */
  advice?: { explicitBucketBoundaries: number[] }
}
