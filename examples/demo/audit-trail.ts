import type { AuditEvent } from 'onbehalf'
import { withDeadline } from './deadline.ts'

/** The audit events of one process in the order it wrote them, handed out request by request. */
export interface AuditTrail {
  add(event: AuditEvent): void
  /** Waits for the events of the next request: its authentication and, if that was admitted, the access rule of its route. */
  nextRequest(): Promise<readonly AuditEvent[]>
  /** Requests that were not handed out. */
  rest(): readonly (readonly AuditEvent[])[]
  /** Every event. */
  readonly all: readonly AuditEvent[]
}

export function createAuditTrail(): AuditTrail {
  const all: AuditEvent[] = []
  const requests = new Map<string, AuditEvent[]>()
  let wake = (): void => {}

  function firstComplete(): readonly AuditEvent[] | undefined {
    const [id, events] = [...requests].find(([, ofRequest]) => isComplete(ofRequest)) ?? []
    if (id !== undefined) requests.delete(id)
    return events
  }

  async function waitForRequest(): Promise<readonly AuditEvent[]> {
    for (;;) {
      const events = firstComplete()
      if (events !== undefined) return events
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }

  return {
    all,
    add(event) {
      all.push(event)
      requests.set(event.requestId, [...(requests.get(event.requestId) ?? []), event])
      wake()
    },
    nextRequest: () => withDeadline(waitForRequest(), 'audit events'),
    rest: () => [...requests.values()].filter(isComplete),
  }
}

/** An admitted request without an access rule is how an MCP client finds the way to a tool: no line of the story. */
function isComplete([authentication, access]: readonly AuditEvent[]): boolean {
  if (authentication?.phase !== 'authentication') throw new Error('an access event without its authentication')
  return authentication.decision === 'refused' || access !== undefined
}
