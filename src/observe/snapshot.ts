import type { RequestView } from '../types/request.ts'

/** A request as it is now: its handler may end it, and its connection, before it is judged. Undefined where it cannot be read. */
export function snapshotOf(view: RequestView): RequestView | undefined {
  try {
    const { method, target, route, peer } = view
    const { address, local, connection, encrypted } = peer ?? {}
    const certificate = encrypted === false ? undefined : peer?.certificate?.()
    return {
      method,
      target,
      route,
      header: (name) => view.header(name),
      peer: { address, local, connection, encrypted, certificate: () => certificate },
    }
  } catch {
    return undefined
  }
}
