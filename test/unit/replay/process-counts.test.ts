import { describe, expect, test } from 'vitest'
import { createProcessCounts } from '../../../src/replay/process-counts.ts'
import type { PreparedToken } from '../../../src/token/prepared-token.ts'

const clientNamed = (partition: string) => ({ partition, proofOwner: undefined }) as PreparedToken

describe('counts beside a shared store', () => {
  test('REPLAY: once half of the usual capacity is in use, a client with its whole share is over it, and no other is', () => {
    let now = 1_000_000
    const counts = createProcessCounts({ now: () => now, monotonic: () => now })
    const [busy, quiet] = [clientNamed('busy'), clientNamed('quiet')]
    for (let at = 0; at < 99_999; at++) counts.count(busy, now, 75_000)
    const others = Array.from({ length: 50 }, (_, at) => clientNamed(`other-${at}`))
    for (let at = 0; at < 400_002; at++) counts.count(others[at % 50] as PreparedToken, now, 75_000)
    expect([counts.isOver(busy, now), counts.isOver(quiet, now)]).toEqual([false, false])
    counts.count(busy, now, 75_000)
    expect([counts.isOver(busy, now), counts.isOver(quiet, now)]).toEqual([true, false])
    now += 75_001
    expect(counts.isOver(busy, now)).toBe(false)
  })
})
