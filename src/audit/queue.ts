import { fixed } from '../options/defaults.ts'
import type { AuditEvent } from '../types/audit.ts'

/** How many events were dropped, in the place of the first of them. */
interface Gap {
  dropped: number
}

/**
 * Events that wait for a sink, bounded. Half of the room is kept for events whose token had a good signature, so that
 * callers without one cannot push out what admitted callers did.
 */
export class AuditQueue {
  readonly #items: (AuditEvent | Gap)[] = []
  #unproven = 0
  #gap: Gap | undefined

  /** Events alone: a gap takes no room. */
  get length(): number {
    return this.#items.length - (this.#gap === undefined ? 0 : 1)
  }

  /** False: the event is dropped. */
  add(event: AuditEvent): boolean {
    if (!hasRoom(this.length, this.#unproven, event)) {
      this.drop(1)
      return false
    }
    if (!isProven(event)) this.#unproven++
    this.#items.push(event)
    return true
  }

  drop(count: number): void {
    if (this.#gap === undefined) {
      this.#gap = { dropped: 0 }
      this.#items.push(this.#gap)
    }
    this.#gap.dropped += count
  }

  /** The next event, or the number of events that were dropped there. */
  take(): AuditEvent | number | undefined {
    const item = this.#items.shift()
    if (item === undefined) return undefined
    if (item === this.#gap) {
      this.#gap = undefined
      return item.dropped
    }
    const event = item as AuditEvent
    if (!isProven(event)) this.#unproven--
    return event
  }
}

/** Has the signature of its token held? */
export function isProven({ phase, principal }: AuditEvent): boolean {
  return phase === 'access' || principal !== null
}

export function hasRoom(all: number, unproven: number, event: AuditEvent): boolean {
  return all < fixed.pendingAuditEvents && (isProven(event) || unproven < fixed.unprovenAuditEvents)
}
