import { expect, test } from 'vitest'
import { createStage, machine, median, percentile, type Stage, send } from './load.ts'
import { isFull } from './size.ts'

const runs = isFull ? 5 : 1
const seconds = isFull ? 10 : 1
const floodPerSecond = 500
const goodPerSecond = 100

/** The 99th percentile of good requests, beside a flood. */
async function timesBeside(flood: (stage: Stage) => string) {
  const stage = await createStage({ agents: 10, tokens: 20, connections: 32, isRemote: true })
  await stage.verifier.ready()
  for (let nth = 0; nth < 200; nth++) await stage.connections[0]?.send(stage.good())
  // Made before, so that the clients take as little of the machine as they can.
  const [bad, good] = [
    Array.from({ length: floodPerSecond * seconds }, () => flood(stage)),
    Array.from({ length: goodPerSecond * seconds }, () => stage.good()),
  ]
  const times: number[] = []
  const statuses = { good: new Set<number>(), bad: new Set<number>() }
  const [forGood, forBad] = [stage.connections.slice(0, 16), stage.connections.slice(16)]
  await Promise.all([
    send(
      forBad,
      floodPerSecond,
      seconds,
      (nth) => bad[nth] ?? '',
      (_, { status }) => void statuses.bad.add(status),
    ),
    send(
      forGood,
      goodPerSecond,
      seconds,
      (nth) => good[nth] ?? '',
      (_, { status, milliseconds }) => {
        statuses.good.add(status)
        times.push(milliseconds)
      },
    ),
  ])
  const { fetches } = stage
  await stage.close()
  expect([...statuses.good]).toEqual([200])
  return { p99: percentile(times, 0.99), statuses: [...statuses.bad].sort(), fetches }
}

test(`P4: good requests beside ${floodPerSecond} random key ids a second take no longer than beside expired tokens`, async () => {
  const ratios: number[] = []
  for (let run = 0; run < runs; run++) {
    const kids = await timesBeside((stage) => stage.unknownKey())
    const expired = await timesBeside((stage) => stage.expired())
    expect(kids.statuses).toEqual([503])
    expect(kids.fetches).toBeLessThanOrEqual(2)
    expect(expired.statuses).toEqual([401])
    expect(expired.fetches).toBe(1)
    ratios.push(kids.p99 / expired.p99)
    console.info(`flood of keys: p99 ${kids.p99.toFixed(2)} ms, beside expired tokens ${expired.p99.toFixed(2)} ms`)
  }
  console.info(`flood of keys: ${machine}; median ratio ${median(ratios).toFixed(3)} of ${runs}`)
  if (isFull) expect(median(ratios)).toBeLessThanOrEqual(1.1)
}, 600_000)
