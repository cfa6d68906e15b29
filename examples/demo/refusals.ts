import type { AuditEvent } from 'onbehalf'
import { withDeadline } from './deadline.ts'

/** What the issuer wrote down. */
export interface IssuerTrail {
  add(event: AuditEvent): void
  /** Waits for the next refusal. */
  nextRefusal(): Promise<AuditEvent>
  /** Refusals that were not handed out. */
  rest(): readonly AuditEvent[]
  readonly all: readonly AuditEvent[]
}

export function createIssuerTrail(): IssuerTrail {
  const all: AuditEvent[] = []
  const refusals: AuditEvent[] = []
  let wake = (): void => {}

  async function waitForRefusal(): Promise<AuditEvent> {
    for (;;) {
      const event = refusals.shift()
      if (event !== undefined) return event
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }

  return {
    all,
    add(event) {
      all.push(event)
      // The rest are those of its revocation feed, which is an API of its own.
      if (event.decision === 'refused' && event.request.operation !== null) refusals.push(event)
      wake()
    },
    nextRefusal: () => withDeadline(waitForRefusal(), 'a refusal of the issuer'),
    // A revoked agent still asks for its feed; the issuer does not know it any more.
    rest: () => refusals.filter(({ client }) => client !== null),
  }
}
