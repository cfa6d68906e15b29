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
      if (event.decision === 'refused') refusals.push(event)
      wake()
    },
    nextRefusal: () => withDeadline(waitForRefusal(), 'a refusal of the issuer'),
    rest: () => refusals,
  }
}
