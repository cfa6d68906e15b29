import { OptionsError } from '../internal/option-reader.ts'
import type { Health, Verifier } from '../types/verifier.ts'
import type { GaugeName } from './figures.ts'

/** What is used of a verifier. */
export type WatchableVerifier = Pick<Verifier, 'describe' | 'health'>

export interface Reading {
  readonly labels: readonly string[]
  readonly value: number
}

/** The verifiers whose state is shown. Each has a resource of its own, which tells their series apart. */
export interface WatchedVerifiers {
  /** @returns what ends it */
  add(verifier: WatchableVerifier): () => void
  read(gauge: GaugeName): readonly Reading[]
}

export function createWatchedVerifiers(): WatchedVerifiers {
  const watched = new Map<string, WatchableVerifier>()

  return {
    add(verifier) {
      const { resource } = verifier.describe()
      if (watched.has(resource)) {
        const message = 'has a resource that is watched already; end that first, or watch one of the two'
        throw new OptionsError([{ path: 'watch.verifier', message }])
      }
      watched.set(resource, verifier)
      return () => {
        if (watched.get(resource) === verifier) watched.delete(resource)
      }
    },
    read: (gauge) => [...watched].flatMap(([resource, verifier]) => readers[gauge](verifier.health(), resource)),
  }
}

/** The issuers whose label events of this verifier may have. */
export function issuerLabelsOf(verifier: WatchableVerifier): readonly string[] {
  const { issuers, resolvers } = verifier.describe()
  const configured = issuers.map(({ issuer }) => issuer)
  return resolvers.length === 0 ? configured : [...configured, 'other']
}

type Read = (health: Health, resource: string) => readonly Reading[]

const readers: Readonly<Record<GaugeName, Read>> = {
  keys: perIssuer(({ keys }) => keys),
  keyAge: perIssuer(({ ageSeconds }) => ageSeconds),
  staleKeys: perIssuer(({ stale }) => Number(stale)),
  failedFetches: perIssuer(({ failures }) => failures.length),
  passedOver: ({ issuers }, resource) =>
    issuers.flatMap(({ issuer, passedOver }) =>
      Object.entries(passedOver).map(([reason, value]) => ({ labels: [resource, issuer, reason], value })),
    ),
  resolvedIssuers: ({ resolved }, resource) => numbersIn(resolved, resource),
  replayReady: perStore(({ state }) => Number(state === undefined || state === 'ready')),
  replayEntries: perStore(({ size }) => size),
  replayCapacity: perStore(({ capacity }) => capacity),
  cached: ({ caches }, resource) => numbersIn(caches, resource),
  auditEvents: ({ audit }, resource) => numbersIn(audit, resource),
  observed: ({ observed }, resource) => numbersIn(observed, resource),
}

function perIssuer(reading: (state: Health['issuers'][number]) => number | null): Read {
  return ({ issuers }, resource) =>
    issuers.flatMap((state) => {
      const value = reading(state)
      return value === null ? [] : [{ labels: [resource, state.issuer], value }]
    })
}

function perStore(reading: (state: NonNullable<Health['replay']>) => number | undefined): Read {
  return ({ replay }, resource) => {
    const value = replay === null ? undefined : reading(replay)
    return replay === null || value === undefined ? [] : [{ labels: [resource, replay.store], value }]
  }
}

function numbersIn(counts: Readonly<Record<string, number>> | null, resource: string): readonly Reading[] {
  return Object.entries(counts ?? {}).map(([name, value]) => ({ labels: [resource, name], value }))
}
