import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { agentReport } from 'onbehalf/report'
import { expect, test } from 'vitest'
import { agent, createRandom, dayMs, eventOf, party, startOfDay } from './traffic.ts'

/** Memory and time of a report with many parties. The long form, with `ONBEHALF_REPORT=full`, has 5 million events. */

const isFull = process.env['ONBEHALF_REPORT'] === 'full'
const events = isFull ? 5_000_000 : 60_000
const parties = isFull ? 100_000 : 2_000

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapMegabytes(): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed / 1e6
}

function processorMs(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

const mostMegabytes = isFull ? 64 : 16

test(`Report: ${events} events of ${parties} parties stay within ${mostMegabytes} MB`, {
  timeout: 600_000,
}, () => {
  const random = createRandom(3)
  const template = eventOf()
  const before = heapMegabytes()
  const report = agentReport({ maxParties: 100_000, clock: 'events' })
  for (let nth = 0; nth < events; nth++) {
    const who = Math.floor(random() * parties)
    const principal = party(`user-${who}@example.com`, 'human')
    const actor = who % 2 === 0 ? agent(`agent-${who % 5_000}`) : principal
    report.write({
      ...template,
      time: startOfDay + Math.floor((nth * dayMs) / events),
      requestId: `request-${nth}`,
      principal,
      actor,
      chain: actor === principal ? [] : [actor],
      authority: actor === principal ? 'independent' : 'delegated',
      sender: { method: 'dpop', thumbprint: `key-${who}-${nth % 2}` },
    })
  }
  const held = heapMegabytes() - before
  const snapshotMs = processorMs(() => report.snapshot())
  const { delegations } = report.snapshot()
  console.info(`report: ${held.toFixed(1)} MB held, snapshot ${snapshotMs.toFixed(0)} ms of processor time`)
  expect(delegations.flows).toMatchObject({ distinct: parties, exact: true })
  expect(held).toBeLessThan(mostMegabytes)
  if (isFull) expect(snapshotMs).toBeLessThan(200)
})
