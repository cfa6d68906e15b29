import { randomBytes } from 'node:crypto'
import type { Clock } from '../types/options.ts'
import { redisTags } from './keys.ts'

/**
 * Since when the server has forgotten nothing, tag by tag. An epoch is first a mark, `?` and a random part, which the
 * script of a proof writes where it finds none. Only a process that has read a mark puts its own time in the place of
 * this very mark: a command that was under way for long cannot write a time from before the loss.
 */
export interface Epochs {
  /** What a script writes where an epoch is missing. */
  mark(): string
  /** The time in milliseconds of the epoch that a script gave for this tag; now, where it is a mark. */
  read(tag: string, epoch: string): number
  /** Whether some tag has no known epoch, or not the one it had: all are then to be settled. */
  readonly isLost: boolean
  /** `settleTag` gives the epoch as it is on the server. */
  settleAll(settleTag: (tag: string) => Promise<string>): Promise<void>
}

export function createEpochs(clock: Clock): Epochs {
  const known = new Map<string, string>()
  let isLost = true

  return {
    mark: () => `?${randomPart()}`,
    read(tag, epoch) {
      if (known.get(tag) !== epoch) {
        known.delete(tag)
        isLost = true
      }
      return timeInEpoch(epoch) ?? clock.now()
    },
    get isLost() {
      return isLost
    },
    async settleAll(settleTag) {
      // What is found lost from here on needs another round.
      isLost = false
      const results = await Promise.allSettled(
        redisTags.map(async (tag) => {
          const epoch = await settleTag(tag)
          if (timeInEpoch(epoch) !== undefined) known.set(tag, epoch)
          else throw new Error('an epoch could not be settled')
        }),
      )
      const failed = results.find((result) => result.status === 'rejected')
      if (failed === undefined) return
      isLost = true
      throw failed.reason
    },
  }
}

export function newEpoch(clock: Clock): string {
  return `${Math.ceil(clock.now())}.${randomPart()}`
}

/** Undefined for a mark. Anything else is not ours, and must not be taken for an old time. */
export function timeInEpoch(epoch: string): number | undefined {
  const [, time] = /^(\d{1,16})\.[\w-]{16}$/.exec(epoch) ?? []
  return time === undefined ? undefined : Number(time)
}

function randomPart(): string {
  return randomBytes(12).toString('base64url')
}
