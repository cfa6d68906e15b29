import type { AuditEvent } from 'onbehalf'
import { withDeadline } from '../demo/deadline.ts'
import type { Exchange } from './recorder.ts'

/** The audit events of the MCP server, by the request they are about. */
export interface McpTrail {
  add(event: AuditEvent): void
  /** Waits for the events of an exchange: its authentication and, if a rule was asked, what that decided. */
  of(exchange: Exchange): Promise<readonly AuditEvent[]>
  /** How many requests it has events of that no exchange has asked for. */
  rest(): number
}

/** The messages of the demo that every admitted caller may send. */
const free: ReadonlySet<string> = new Set(['server/discover', 'tools/list'])

export function createMcpTrail(): McpTrail {
  const events = new Map<string, AuditEvent[]>()
  const waiting = new Set<() => void>()

  async function waitFor({ id, method }: Exchange): Promise<readonly AuditEvent[]> {
    for (;;) {
      const seen = events.get(id) ?? []
      const isRefused = seen[0]?.decision === 'refused'
      if (seen.length >= (isRefused || free.has(method) ? 1 : 2)) {
        events.delete(id)
        return seen
      }
      await new Promise<void>((resolve) => waiting.add(resolve))
    }
  }

  return {
    add(event) {
      const id = event.correlationId ?? ''
      events.set(id, [...(events.get(id) ?? []), event])
      for (const wake of waiting) wake()
      waiting.clear()
    },
    of: (exchange) => withDeadline(waitFor(exchange), 'audit events'),
    rest: () => events.size,
  }
}
