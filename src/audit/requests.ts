import type { AgentContext } from '../types/context.ts'
import type { RequestState } from './request-state.ts'
import type { Trail } from './trail.ts'

/** Where an access decision belongs. */
export interface Origin {
  readonly trail: Trail
  /** The pattern that the framework chose for the request. */
  readonly route: string | null
}

/** The requests of one verifier, for the events of later access decisions. */
export interface AuditedRequests {
  began(request: object, state: RequestState): void
  admitted(context: AgentContext, trail: Trail): void
  /** By the request; where it is unknown or not named, the latest request of the context. */
  originOf(context: AgentContext, request: unknown): Origin | undefined
}

export function createAuditedRequests(): AuditedRequests {
  const states = new WeakMap<object, RequestState>()
  const latest = new WeakMap<AgentContext, Trail>()
  return {
    began: (request, state) => void states.set(request, state),
    admitted: (context, trail) => void latest.set(context, trail),
    originOf(context, request) {
      const state = states.get(Object(request))
      if (state !== undefined) return { trail: state.trail, route: routeIn(state) }
      const trail = latest.get(context)
      return trail && { trail, route: null }
    },
  }
}

export function routeIn({ view }: RequestState): string | null {
  return view.route ?? null
}
