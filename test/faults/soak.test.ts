import { afterAll, beforeAll, expect, test } from 'vitest'
import { usedMegabytes } from './heap.ts'
import { createStage, machine, median, percentile, type Sent, type Stage, send } from './load.ts'
import { isFull } from './size.ts'

const seconds = isFull ? 600 : 4
/** Until the replay memory has forgotten its first proofs, and every token was replaced. */
const warmSeconds = isFull ? 150 : 1
const cache = isFull ? { tokens: 200, proofKeys: 50 } : { tokens: 10, proofKeys: 5 }
const crowd = { agents: 2 * cache.proofKeys, tokens: 2 * cache.tokens }

let unhandled = 0
const count = () => {
  unhandled++
}
beforeAll(() => {
  process.on('unhandledRejection', count)
})
afterAll(() => {
  process.off('unhandledRejection', count)
})

/** Answered, so that it can only be shown a second time. */
let lastAdmitted = ''

type Hostile = (stage: Stage) => string
const hostile: readonly Hostile[] = [
  (stage) => stage.expired(),
  (stage) => stage.unknownKey(),
  (stage) => stage.forgedToken(),
  (stage) => stage.forgedProof(),
  (stage) => lastAdmitted || stage.expired(),
  () => 'GET /tools HTTP/1.1\r\nHost: api\r\n\r\n',
  () => `GET /tools HTTP/1.1\r\nHost: api\r\nAuthorization: DPoP ${'x.'.repeat(4_200)}\r\n\r\n`,
  () => 'GET /tools HTTP/1.1\r\nHost: api\r\nAuthorization: DPoP a.b.c\r\nDPoP: a.b.c\r\n\r\n',
]

/** One of three is hostile. */
const isHostile = (nth: number) => nth % 3 === 2
const nextOf = (stage: Stage) => (nth: number) =>
  isHostile(nth) ? (hostile[Math.floor(nth / 3) % hostile.length] as Hostile)(stage) : stage.good()

test(`P4: ${seconds} s at 80 % load, a third of it hostile: no failure of ours, caches at their bounds, memory flat`, async () => {
  const stage = await createStage({ ...crowd, connections: 16, isRemote: false, verifier: { cache } })
  let done = 0
  const probe = isFull ? 5 : 0.5
  // Far more than it can do: so many are done in that time.
  const end = performance.now() + probe * 1_000
  await Promise.all(
    stage.connections.map(async (connection) => {
      while (performance.now() < end) {
        await connection.send(nextOf(stage)(done))
        done++
      }
    }),
  )
  const perSecond = Math.max(1, Math.floor((0.8 * done) / probe))
  const statuses = new Map<string, number>()
  const note = (nth: number, { status, request }: Sent) => {
    if (!isHostile(nth)) lastAdmitted = request
    const name = `${isHostile(nth) ? 'hostile' : 'good'} ${status}`
    statuses.set(name, (statuses.get(name) ?? 0) + 1)
  }
  await send(stage.connections, perSecond, warmSeconds, nextOf(stage), note)
  const used = [usedMegabytes()]
  const times: number[] = []
  const parts = isFull ? 15 : 3
  for (let part = 0; part < parts; part++) {
    await send(stage.connections, perSecond, (seconds - warmSeconds) / parts, nextOf(stage), (nth, sent) => {
      note(nth, sent)
      if (!isHostile(nth)) times.push(sent.milliseconds)
    })
    used.push(usedMegabytes())
  }
  const { caches, replay } = stage.verifier.health()
  await stage.close()
  const third = Math.floor(used.length / 3)
  const growth = median(used.slice(-third)) - median(used.slice(0, third))
  console.info(
    `soak: ${machine}; ${perSecond} requests/s for ${seconds} s; ${JSON.stringify(Object.fromEntries(statuses))}; ` +
      `p50 ${median(times).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(1)} ms; ` +
      `MB ${used.map((one) => one.toFixed(1)).join(' ')}; ${JSON.stringify({ caches, replay })}`,
  )
  expect([...statuses.keys()].sort()).toEqual(['good 200', 'hostile 400', 'hostile 401'])
  expect(caches).toEqual(cache)
  expect(unhandled).toBe(0)
  // Proofs of 60 s, forgotten in batches of 10 s.
  expect(replay?.size).toBeLessThanOrEqual(perSecond * 90)
  if (isFull) expect(growth).toBeLessThan(5)
}, 1_200_000)
