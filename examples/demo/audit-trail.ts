import type { AuditEvent } from 'onbehalf'
import { withDeadline } from './deadline.ts'

/** The audit events of one API in the order it wrote them, handed out request by request. */
export interface AuditTrail {
  add(event: AuditEvent): void
  /** Waits for the events of the next request: its authentication and, if that was admitted, the access rule of its route. */
  nextRequest(): Promise<readonly AuditEvent[]>
  /** Events nobody asked for. */
  rest(): readonly AuditEvent[]
}

export function createAuditTrail(): AuditTrail {
  const events: AuditEvent[] = []
  let wake = (): void => {}

  async function waitForRequest(): Promise<readonly AuditEvent[]> {
    for (;;) {
      const length = completeLength(events)
      if (length > 0) return events.splice(0, length)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }

  return {
    add(event) {
      events.push(event)
      wake()
    },
    nextRequest: () => withDeadline(waitForRequest(), 'audit events'),
    rest: () => events,
  }
}

/** How many events at the head make one complete request; 0 while more have to come. */
function completeLength([authentication, access]: readonly AuditEvent[]): number {
  if (authentication === undefined) return 0
  if (authentication.phase !== 'authentication') throw new Error('an access event without its authentication')
  if (authentication.decision === 'refused') return 1
  if (access === undefined) return 0
  if (access.requestId !== authentication.requestId) throw new Error('the events of two requests are mixed')
  return 2
}
