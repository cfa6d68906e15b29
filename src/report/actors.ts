import { isPartyName } from '../internal/party-name.ts'
import type { Party } from '../types/context.ts'
import { HeavyHitters } from './heavy-hitters.ts'
import { ProvenKeys } from './proven-keys.ts'

/** Whether an actor has to have an owner, as `delegation.requireOwner` asks, and has one. */
export const ownership = { notAsked: 0, missing: 1, known: 2 } as const

/** What is kept of each actor. */
export class Actors {
  readonly table: HeavyHitters
  readonly keys: ProvenKeys
  /** By slot, of the latest event. */
  readonly ownerships: number[] = []

  constructor(maxParties: number) {
    this.keys = new ProvenKeys(maxParties)
    this.table = new HeavyHitters(maxParties, (slot) => {
      this.ownerships[slot] = ownership.notAsked
      this.keys.forget(slot)
    })
  }

  count(name: string, owned: number, thumbprint: string | null, time: number): void {
    const slot = this.table.add(name)
    this.ownerships[slot] = owned
    if (thumbprint !== null) this.keys.count(slot, thumbprint, time)
  }
}

/** An actor that is not the principal, or is an agent, has to have an owner, unless it is known as human or service. */
export function ownershipOf(actor: Party, isPrincipal: boolean): number {
  if (isPrincipal && actor.kind !== 'agent') return ownership.notAsked
  if (actor.kind === 'human' || actor.kind === 'service') return ownership.notAsked
  const owner = actor.entity?.owner
  const isKnown = Array.isArray(owner) ? owner.some(isPartyName) : isPartyName(owner)
  return isKnown ? ownership.known : ownership.missing
}
