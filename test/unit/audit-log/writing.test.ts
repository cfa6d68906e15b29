import { createVerifier } from 'onbehalf'
import { verifyAuditLog } from 'onbehalf/audit-log'
import { afterEach, expect, test, vi } from 'vitest'
import { filesIn, logEvent, logKey, openLog, recordsIn, writtenLog } from '../../support/audit-log.ts'
import { createKit } from '../../support/kit.ts'

const keys = [logKey.publicJwk]
afterEach(() => {
  vi.useRealTimers()
})

test('AUD-06: a verifier that writes to it leaves one line for each of its events, and ends it', async () => {
  const kit = await createKit({ token: { human: 'alice' } })
  const { directory, log } = await openLog()
  const verifier = createVerifier({ ...kit.options, audit: log })
  for (let round = 0; round < 3; round++) {
    const verdict = await verifier.check(await kit.request())
    if (verdict.ok) await verifier.authorize(verdict.context, { scopes: ['none:such'] })
  }
  await verifier.close()
  const events = recordsIn(directory).filter(({ checkpoint }) => checkpoint === undefined)
  expect(events.map(({ phase, decision }) => `${phase} ${decision}`)).toEqual(
    Array.from({ length: 3 }, () => ['authentication admitted', 'access refused']).flat(),
  )
  expect(log.health()).toEqual({ state: 'closed', waiting: 0, lost: 0 })
  expect(await verifyAuditLog(directory, keys)).toMatchObject({ events: 6, faults: [] })
})

test('Audit: a write is over before anything is done for it', async () => {
  const { directory, log } = await openLog()
  expect(log.write(logEvent(1))).toBeUndefined()
  expect(recordsIn(directory)).toHaveLength(1)
  expect(log.health().waiting).toBe(1)
  await log.close()
  expect(recordsIn(directory)).toHaveLength(3)
})

test('Audit: a checkpoint follows when its time has come, once for all events since', async () => {
  const { directory, log, notes } = await openLog({ checkpoint: { everySeconds: 3_600 } })
  let monotonic = 0
  const timed = await openLog({ clock: { now: () => 2e12, monotonic: () => monotonic } })
  for (const each of [log, timed.log]) await each.writeRequired(logEvent(1))
  expect([notes.length, timed.notes.length]).toEqual([1, 1])
  monotonic = 1_000
  await timed.log.writeRequired(logEvent(2))
  expect(timed.notes.map(({ seq }) => seq)).toEqual([0, 3])
  await Promise.all([log.close(), timed.log.close()])
  expect(recordsIn(directory).length).toBe(3)
})

test('Audit: a checkpoint also comes where no further event does, and the note follows', async () => {
  const { log, notes } = await openLog()
  log.write(logEvent(1))
  await vi.waitFor(() => expect(notes.map(({ seq }) => seq)).toEqual([0, 2]), { timeout: 10_000 })
  await log.close()
})

test('Audit: each tenant has a folder and a chain, and what is of no tenant goes to other', async () => {
  const names = ['acme', 'umbrella']
  const of = ({ client }: { client: string | null }) => {
    if (client === 'throws') throw new Error('in tenants.of')
    return client as string
  }
  const { directory, log } = await openLog({ tenants: { names, of } })
  for (const client of ['acme', 'umbrella', 'acme', '../acme', 'throws', '__proto__'])
    log.write(logEvent(1, { client }))
  log.write({ version: 1, id: 'd', time: 0, dropped: 2 })
  await log.close()
  const counts = filesIn(directory).map((file) => [file.split('/')[0], recordsOf(directory, file)])
  expect(counts).toEqual([
    ['acme', ['acme', 'acme']],
    ['other', ['../acme', 'throws', '__proto__', 2]],
    ['umbrella', ['umbrella']],
  ])
  expect(await verifyAuditLog(directory, keys)).toMatchObject({ events: 6, checkpoints: 6, faults: [] })
})

function recordsOf(directory: string, wanted: string) {
  const lines = recordsIn(directory).map(
    (record) => record as { client?: string; dropped?: number; checkpoint?: object },
  )
  const files = filesIn(directory).map((file) => file.split('/')[0])
  const folder = wanted.split('/')[0]
  let at = -1
  return lines.flatMap(({ client, dropped, checkpoint }, index) => {
    if (checkpoint !== undefined && (index === 0 || lines[index - 1]?.checkpoint !== undefined)) at++
    return checkpoint === undefined && files[at] === folder ? [client ?? dropped] : []
  })
}

test('Audit: a dropped record stands in the chain and is no event', async () => {
  const { directory, log } = await openLog()
  log.write(logEvent(1))
  log.write({ version: 1, id: 'd', time: 0, dropped: 3 })
  await log.close()
  expect(recordsIn(directory)[2]).toMatchObject({ dropped: 3, seq: 3 })
  expect(await verifyAuditLog(directory, keys)).toMatchObject({ events: 1, faults: [] })
})

test('Audit: a record that cannot be written as JSON, or is too long, is said to be lost', async () => {
  const { directory, log } = await openLog()
  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = cyclic
  log.write(logEvent(1))
  log.write(cyclic as never)
  log.write(logEvent('x'.repeat(1_048_577)))
  await expect(log.writeRequired(cyclic as never)).rejects.toThrow()
  log.write(logEvent(2))
  expect(log.health().lost).toBe(3)
  await log.close()
  const said = recordsIn(directory).map(({ id, dropped }) => dropped ?? id)
  expect(said.filter((item) => item !== undefined)).toEqual(expect.arrayContaining(['1', 3, '2']))
})

test.each([
  ['nothing', {}],
  ['nothing but what is undefined', { id: undefined }],
  ['a number of its own', { ...logEvent(7), seq: 7 }],
  ['a hash of its own', { ...logEvent(7), prev: 'x' }],
  ['a checkpoint', { ...logEvent(7), checkpoint: {} }],
])('Audit: a record with %s is said to be lost, and breaks no chain', async (_what, record) => {
  const { directory, log } = await openLog()
  log.write(logEvent(1))
  log.write(record as never)
  await expect(log.writeRequired(record as never)).rejects.toThrow()
  log.write(logEvent(2))
  expect(log.health().lost).toBe(2)
  await log.close()
  expect(await verifyAuditLog(directory, keys)).toMatchObject({ events: 2, faults: [] })
})

test('Audit: what waits is bounded, half of it for events whose token had a good signature, and the loss is in the chain', async () => {
  const { directory, log } = await openLog()
  const client = 'x'.repeat(100_000)
  const write = (members: object) => {
    for (let round = 0; round < 400; round++) {
      try {
        log.write(logEvent(1, { client, principal: null, ...members }))
      } catch {
        return
      }
      if (round % 10 === 9) for (let at = 0; at < 1_014; at++) log.write(logEvent(at, { phase: 'access' }))
    }
    throw new Error('nothing was refused')
  }
  write({ phase: 'authentication' })
  expect(() => log.write(logEvent(2, { phase: 'authentication', principal: null }))).toThrow()
  write({ phase: 'access' })
  expect(() => log.write(logEvent(2, { phase: 'access' }))).toThrow()
  const { lost } = log.health()
  expect(lost).toBeGreaterThanOrEqual(4)
  await log.close()
  const dropped = recordsIn(directory).flatMap((record) =>
    record['dropped'] === undefined ? [] : [Number(record['dropped'])],
  )
  expect(dropped.reduce((sum, count) => sum + count, 0)).toBe(lost)
  expect(await verifyAuditLog(directory, keys)).toMatchObject({ faults: [] })
})

test('Audit: a log that is closed takes nothing, and close is answered once and for all', async () => {
  const { log } = await writtenLog(1)
  expect(() => log.write(logEvent(2))).toThrow()
  await expect(log.writeRequired(logEvent(2))).rejects.toThrow()
  await expect(log.close()).resolves.toBeUndefined()
})

test('Audit: an opening writes files of its own and looks at no other', async () => {
  const first = await writtenLog(1)
  const second = await writtenLog(1, { directory: first.directory })
  const [one, two] = [first, second].map(({ notes }) => notes[0]?.file)
  expect(one).not.toBe(two)
  expect(one).toMatch(new RegExp(`^[a-z0-9.-]+-${process.pid}-[a-z0-9]+-1\\.jsonl$`))
  expect(filesIn(first.directory)).toHaveLength(2)
  expect(await verifyAuditLog(first.directory, keys)).toMatchObject({ events: 2, checkpoints: 4, faults: [] })
})
