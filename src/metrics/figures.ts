/** What is counted, with the names that Prometheus knows it by. No label holds a value that a caller chose. */

export interface Figure {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
}

export type CounterName = 'decisions' | 'proofs' | 'replays' | 'unbound' | 'actors' | 'wouldRefuse'

/** Proofs, replays, unbound tokens and actors are counted once per request, at its authentication. */
export const counters: Readonly<Record<CounterName, Figure>> = {
  decisions: {
    name: 'onbehalf_decisions_total',
    help: 'Decisions. The code is empty where nothing was refused.',
    labels: ['phase', 'decision', 'code'],
  },
  proofs: {
    name: 'onbehalf_proofs_total',
    help: 'Sender proofs by their result, and by what the token demands (empty until its signature holds).',
    labels: ['sender', 'result'],
  },
  replays: {
    name: 'onbehalf_replays_total',
    help: 'DPoP proofs that were used before, by the issuer of the token.',
    labels: ['issuer'],
  },
  unbound: {
    name: 'onbehalf_unbound_total',
    help: 'Requests with a signed token that is bound to no key, by the issuer of the token.',
    labels: ['issuer'],
  },
  actors: {
    name: 'onbehalf_actors_total',
    help: 'Who acted, by kind, and whether on behalf of somebody.',
    labels: ['kind', 'authority'],
  },
  wouldRefuse: {
    name: 'onbehalf_would_refuse_total',
    help: 'What requests would have been refused for, were every check enforced.',
    labels: ['code'],
  },
}

export const durations: Figure = {
  name: 'onbehalf_decision_seconds',
  help: 'How long decisions took.',
  labels: ['phase'],
}

/** In seconds: a warm decision takes a tenth of a millisecond, one that waits for an issuer or a store up to seconds. */
export const durationBounds: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
]

/** How the values of several processes are put together where one of them answers for all. */
export type Aggregator = 'sum' | 'max' | 'min'

export interface GaugeFigure extends Figure {
  readonly aggregator: Aggregator
  /** The unit as OpenTelemetry writes it. */
  readonly unit: string
}

export type GaugeName =
  | 'keys'
  | 'keyAge'
  | 'staleKeys'
  | 'passedOver'
  | 'failedFetches'
  | 'resolvedIssuers'
  | 'replayReady'
  | 'replayEntries'
  | 'replayCapacity'
  | 'cached'
  | 'auditEvents'
  | 'observed'

/** `resource` is the option of that name of the verifier. */
export const gauges: Readonly<Record<GaugeName, GaugeFigure>> = {
  keys: {
    name: 'onbehalf_issuer_keys',
    help: 'Usable keys of an issuer.',
    labels: ['resource', 'issuer'],
    aggregator: 'min',
    unit: '{key}',
  },
  keyAge: {
    name: 'onbehalf_issuer_keys_age_seconds',
    help: 'Time since the keys of an issuer were fetched.',
    labels: ['resource', 'issuer'],
    aggregator: 'max',
    unit: 's',
  },
  staleKeys: {
    name: 'onbehalf_issuer_keys_stale',
    help: 'Whether the keys of an issuer are older than keys.freshSeconds (1) or not (0).',
    labels: ['resource', 'issuer'],
    aggregator: 'max',
    unit: '',
  },
  passedOver: {
    name: 'onbehalf_issuer_keys_passed_over',
    help: 'Keys of an issuer that are not used, by reason.',
    labels: ['resource', 'issuer', 'reason'],
    aggregator: 'max',
    unit: '{key}',
  },
  failedFetches: {
    name: 'onbehalf_issuer_fetch_failures',
    help: 'URLs that failed when the keys of an issuer were last fetched; 0 after a success.',
    labels: ['resource', 'issuer'],
    aggregator: 'max',
    unit: '{url}',
  },
  resolvedIssuers: {
    name: 'onbehalf_resolved_issuers',
    help: 'Issuers that resolvers know, do not know, or are being asked about.',
    labels: ['resource', 'state'],
    aggregator: 'sum',
    unit: '{issuer}',
  },
  replayReady: {
    name: 'onbehalf_replay_ready',
    help: 'Whether the replay store answers (1), or is not asked or asked again (0).',
    labels: ['resource', 'store'],
    aggregator: 'min',
    unit: '',
  },
  replayEntries: {
    name: 'onbehalf_replay_entries',
    help: 'Proofs that the built-in replay store holds.',
    labels: ['resource', 'store'],
    aggregator: 'sum',
    unit: '{proof}',
  },
  replayCapacity: {
    name: 'onbehalf_replay_capacity',
    help: 'Proofs that the built-in replay store can hold.',
    labels: ['resource', 'store'],
    aggregator: 'sum',
    unit: '{proof}',
  },
  cached: {
    name: 'onbehalf_cache_entries',
    help: 'Entries of the caches of verified tokens and of imported proof keys.',
    labels: ['resource', 'cache'],
    aggregator: 'sum',
    unit: '{entry}',
  },
  auditEvents: {
    name: 'onbehalf_audit_events',
    help: 'Audit events that were dropped or could not be written since the start, and those that wait.',
    labels: ['resource', 'state'],
    aggregator: 'sum',
    unit: '{event}',
  },
  observed: {
    name: 'onbehalf_observed_requests',
    help: 'Requests that an observer did not judge since the start, because too many came at once, and those that it judges now.',
    labels: ['resource', 'state'],
    aggregator: 'sum',
    unit: '{request}',
  },
}
