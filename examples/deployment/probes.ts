import type { Verifier } from 'onbehalf'

export interface Readiness {
  /** Whether requests may be sent to this replica. */
  readonly isReady: boolean
  readonly draining: boolean
  /** Whether keys of every issuer are known. */
  readonly keys: boolean
  /** Of the shared replay memory: `open` or `probing` while requests with proofs are refused. */
  readonly replay: string
}

export interface Probes {
  isDraining(): boolean
  startDraining(): void
  readiness(): Promise<Readiness>
}

/**
 * Readiness is what this replica lacks and another may have: keys, or that it is about to stop. The shared Redis is told and
 * does not count. When it is down it is down for all replicas: without any of them certificate-bound requests, which do not
 * need it, would be refused as well.
 */
export function createProbes(verifier: Verifier): Probes {
  let draining = false
  let hadKeys = false

  /** `ready()` tries to fetch at once, so it is asked until it has succeeded once. Then what is known counts, fresh or stale. */
  async function hasKeys(): Promise<boolean> {
    hadKeys ||= await verifier.ready().then(
      () => true,
      () => false,
    )
    return hadKeys && verifier.health().issuers.every(({ keys }) => keys > 0)
  }

  return {
    isDraining: () => draining,
    startDraining() {
      draining = true
    },
    async readiness() {
      const keys = await hasKeys()
      return { isReady: keys && !draining, draining, keys, replay: verifier.health().replay?.state ?? 'ready' }
    },
  }
}
