import type { Clock } from './options.ts'

/** Options of `agentReport`. */
export interface AgentReportOptions {
  /**
   * How many actors, and how many ways from a principal to this API, are counted exactly. Beyond it the ones that call least
   * make room, and the figures of the rest become bounds, which say so. From 100 to 100 000. Default: 10 000.
   */
  readonly maxParties?: number | undefined
  /**
   * Where the begin and the end of the report come from, in milliseconds since the epoch. `'events'`: from the events
   * themselves, for a report of a log. Default: the system's clock.
   */
  readonly clock?: (() => number) | Clock | 'events' | undefined
}
