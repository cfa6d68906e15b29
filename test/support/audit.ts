import type { AuditEvent } from 'onbehalf'

/** An audit sink that keeps its events. */
export function memorySink(): { readonly events: AuditEvent[]; write(event: AuditEvent): void } {
  const events: AuditEvent[] = []
  return { events, write: (event) => void events.push(event) }
}
