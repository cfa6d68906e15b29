import { performance } from 'node:perf_hooks'
import type { Terminal } from './terminal.ts'

export interface Progress {
  show(bytes: number): void
  end(): void
}

const width = 30
/** A record is read in microseconds: not each of them is worth a look at the clock. */
const recordsBetween = 1_024
const msBetween = 100

/** A bar where a person sees it, and nothing elsewhere. */
export function createProgress({ showProgress }: Pick<Terminal, 'showProgress'>, total: number): Progress {
  if (showProgress === undefined || total === 0) return { show: () => {}, end: () => {} }
  let calls = 0
  let shownAt = Number.NEGATIVE_INFINITY
  return {
    show(bytes) {
      if (calls++ % recordsBetween !== 0 || performance.now() - shownAt < msBetween) return
      shownAt = performance.now()
      const share = Math.min(1, bytes / total)
      const done = Math.round(share * width)
      const bar = '#'.repeat(done) + '.'.repeat(width - done)
      showProgress(`[${bar}] ${Math.floor(share * 100)} % of ${(total / 1e6).toFixed(1)} MB`)
    },
    end: () => showProgress(''),
  }
}
