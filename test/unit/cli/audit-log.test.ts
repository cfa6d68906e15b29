import { appendFileSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AuditRecord } from 'onbehalf'
import { auditLog, type Note } from 'onbehalf/audit-log'
import { agentReport } from 'onbehalf/report'
import { expect, test } from 'vitest'
import { type ReadCounts, readMerged } from '../../../src/cli/merged-records.ts'
import { agent, dayMs, eventOf, failedProof, startOfDay } from '../../report/traffic.ts'
import { createLogFolder, createLogKey, filesIn, linesOf, logKey, origin, writeLines } from '../../support/audit-log.ts'
import { runCli } from './run.ts'

interface Written {
  readonly directory: string
  /** Of the public key. */
  readonly key: string
  readonly notes: readonly Note[]
}

async function writeLog(records: readonly AuditRecord[], into?: string): Promise<Written> {
  const directory = into ?? createLogFolder()
  const notes: Note[] = []
  const log = await auditLog({
    directory,
    origin,
    key: logKey.privateKey,
    onCheckpoint: (note) => void notes.push(note),
  })
  for (const record of records) log.write(record)
  await log.close()
  return { directory, key: fileWith(logKey.publicJwk), notes }
}

function fileWith(value: unknown): string {
  const path = join(createLogFolder(), 'file.json')
  writeFileSync(path, JSON.stringify(value))
  return path
}

const events = [eventOf(), eventOf({ actor: agent('travel-7') }), eventOf(failedProof('proof_replayed'))]

test('CLI: audit verify of a good log ends with 0, and says whether its end is witnessed', async () => {
  const { directory, key, notes } = await writeLog(events)
  const { code, out } = await runCli(['audit', 'verify', directory, '--key', key, '--json'])
  expect({ code, found: JSON.parse(out) }).toMatchObject({
    code: 0,
    found: { good: true, events: 3, tail: 'unwitnessed' },
  })
  const witnessed = await runCli(['audit', 'verify', directory, '--key', key, '--latest', fileWith(notes), '--json'])
  expect(JSON.parse(witnessed.out)).toMatchObject({ good: true, tail: 'witnessed' })
  expect((await runCli(['audit', 'verify', directory, '--key', key])).out).toContain('3 events')
})

test('CLI: audit verify takes all notes of a day, and not the latest alone', async () => {
  const { directory, key, notes } = await writeLog(events)
  const all = Array.from({ length: 4_000 }, () => notes).flat()
  const { code, out } = await runCli(['audit', 'verify', directory, '--key', key, '--latest', fileWith(all), '--json'])
  expect({ code, found: JSON.parse(out) }).toMatchObject({ code: 0, found: { tail: 'witnessed' } })
})

test.each(['a list', 'a set'])('CLI: audit verify takes %s of keys', async (form) => {
  const { directory } = await writeLog(events)
  const keys = [createLogKey().publicJwk, logKey.publicJwk]
  const key = fileWith(form === 'a list' ? keys : { keys })
  expect(await runCli(['audit', 'verify', directory, '--key', key])).toMatchObject({ code: 0 })
})

test('CLI: audit verify names file and line of a change, and ends with 1', async () => {
  const { directory, key, notes } = await writeLog(events)
  const [file = ''] = filesIn(directory)
  const lines = linesOf(directory, file)
  writeLines(directory, file, [lines[0] ?? '', (lines[1] ?? '').replace('alice', 'mallory'), ...lines.slice(2)])
  const changed = await runCli(['audit', 'verify', directory, '--key', key])
  expect(changed.code).toBe(1)
  expect(changed.out).toContain(`${file}:`)
  writeLines(directory, file, lines.slice(0, 1))
  const cut = ['audit', 'verify', directory, '--key', key]
  expect(await runCli(cut)).toMatchObject({ code: 0 })
  expect(await runCli([...cut, '--latest', fileWith(notes)])).toMatchObject({ code: 1 })
})

test('CLI: audit verify finds a log of another key, and a folder without one', async () => {
  const { directory } = await writeLog(events)
  const other = fileWith(createLogKey().publicJwk)
  expect(await runCli(['audit', 'verify', directory, '--key', other])).toMatchObject({ code: 1 })
  expect(await runCli(['audit', 'verify', createLogFolder(), '--key', other])).toMatchObject({ code: 1 })
})

test('CLI: misuse of audit verify ends with 2, and shows no private key', async () => {
  const { directory, key } = await writeLog([])
  const jwk = logKey.privateKey.export({ format: 'jwk' })
  const misuses = [
    [],
    [directory],
    [directory, directory, '--key', key],
    [directory, '--key', 'no-such-file'],
    [directory, '--key', fileWith(jwk)],
    [directory, '--key', fileWith({ keys: [jwk] })],
    [directory, '--key', fileWith('text')],
    [directory, '--key', fileWith([])],
    [directory, '--key', key, '--latest', fileWith({})],
    [directory, '--key', key, '--latest', fileWith([{}])],
    ['no-such-folder', '--key', key],
  ]
  for (const args of misuses) {
    const { code, out, err } = await runCli(['audit', 'verify', ...args])
    expect({ args, code, out }).toEqual({ args, code: 2, out: '' })
    expect(err).not.toContain(jwk.d)
  }
})

test('CLI: report of a folder gives the figures that its events give', async () => {
  const { directory } = await writeLog(events)
  const expected = agentReport({ clock: 'events' })
  for (const event of events) expected.write(event)
  const { code, out, err } = await runCli(['report', directory, '--json'])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(expected.snapshot())))
  expect((await runCli(['report', directory])).out).toBe(expected.text().trimEnd())
})

test('CLI: report of a file takes plain lines of events, also one without an end', async () => {
  const path = join(createLogFolder(), 'events.log')
  writeFileSync(path, events.map((event) => JSON.stringify(event)).join('\n'))
  const { code, out, err } = await runCli(['report', path, '--json'])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(JSON.parse(out).events.total).toBe(3)
})

test('CLI: report writes the page where --html says, for its owner alone', async () => {
  const { directory } = await writeLog(events)
  const page = join(createLogFolder(), 'page.html')
  const { code, out } = await runCli(['report', directory, '--html', page])
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('page.html') })
  expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>/i)
})

test('CLI: report never writes a page over a log', async () => {
  const { directory } = await writeLog(events)
  const file = join(directory, filesIn(directory)[0] ?? '')
  const link = join(createLogFolder(), 'page.html')
  symlinkSync(realpathSync(file), link)
  const before = readFileSync(file, 'utf8')
  for (const page of [file, link, join(directory, 'new.jsonl'), '']) {
    expect(await runCli(['report', directory, '--html', page])).toMatchObject({ code: 2, out: '' })
  }
  expect(readFileSync(file, 'utf8')).toBe(before)
})

test('CLI: report merges the files of several processes by time', async () => {
  const directory = createLogFolder()
  const at = (...hours: number[]) => hours.map((hour) => eventOf({ time: startOfDay + hour * 3_600_000 }))
  await writeLog(at(1, 4, 7), directory)
  await writeLog(at(2, 3, 8), directory)
  await writeLog(at(30, 31), directory)
  const times = (await recordsOf(filesIn(directory).map((file) => [join(directory, file)]))).map(({ time }) => time)
  expect(times).toHaveLength(8)
  expect(times).toEqual([...times].sort((a, b) => a - b))
})

test('CLI: report tells keys of one actor apart over days that stand in several files', async () => {
  const directory = createLogFolder()
  const on = (day: number, thumbprint: string) =>
    eventOf({ actor: agent('crowd'), time: startOfDay + day * dayMs, sender: { method: 'dpop', thumbprint } })
  await writeLog([on(0, 'a'), on(1, 'b'), on(2, 'c')], directory)
  await writeLog([on(0, 'd'), on(1, 'e'), on(2, 'f')], directory)
  const { out } = await runCli(['report', directory, '--json'])
  expect(JSON.parse(out).sharedIdentities.actors[0]).toMatchObject({ keys: 2, exact: true })
})

test('CLI: report reads lines across chunks, and passes over one that is too long', async () => {
  const path = join(createLogFolder(), 'long.log')
  const line = (length: number) => JSON.stringify(eventOf({ traceId: 'x'.repeat(length) }))
  writeFileSync(path, [line(10), line(400_000), line(20_000_000), line(10), ''].join('\n'))
  const { code, out, err } = await runCli(['report', path, '--json'])
  expect({ code, total: JSON.parse(out).events.total }).toEqual({ code: 0, total: 3 })
  expect(err).toContain('1 of 4')
})

test('CLI: report says what it could not read, and ends with 1 where nothing or a file could not be read', async () => {
  const { directory } = await writeLog(events)
  writeFileSync(join(directory, 'stray.jsonl'), 'x\n')
  appendFileSync(join(directory, filesIn(directory).find((file) => file !== 'stray.jsonl') ?? ''), '{"half')
  const some = await runCli(['report', directory])
  expect(some).toMatchObject({ code: 0, err: expect.stringContaining('stray.jsonl') })
  expect(some.err).toContain('1 of')
  const path = join(createLogFolder(), 'events.log')
  writeFileSync(path, 'no event\nneither\n')
  expect(await runCli(['report', path])).toMatchObject({ code: 1 })
  writeFileSync(path, '')
  expect(await runCli(['report', path])).toMatchObject({ code: 0 })
  const folder = createLogFolder()
  mkdirSync(join(folder, 'sub.log'))
  const counts = emptyCounts()
  await readMerged([[join(folder, 'sub.log'), path]], counts, () => {})
  expect(counts.unreadableFiles).toHaveLength(1)
})

test.each([[[]], [['a', 'b']], [['no-such-file']], [['--unknown', 'a']]])(
  'CLI: misuse of report ends with 2 (%j)',
  async (args) => {
    expect(await runCli(['report', ...args])).toMatchObject({ code: 2, out: '' })
  },
)

test('CLI: a folder without a file of an audit log is a finding, and a file of it can be named', async () => {
  const directory = createLogFolder()
  expect(await runCli(['report', directory])).toMatchObject({ code: 1 })
  const path = join(directory, 'app.jsonl')
  writeFileSync(path, `${JSON.stringify(eventOf())}\n`)
  const { code, err } = await runCli(['report', directory])
  expect(code).toBe(1)
  expect(err).toContain('app.jsonl')
  expect(await runCli(['report', path])).toMatchObject({ code: 0, err: '' })
})

test('CLI: report shows a bar on a terminal only, and clears it', async () => {
  const { directory } = await writeLog(events)
  const progress: string[] = []
  const { out, err } = await runCli(['report', directory], { progress })
  expect(progress[0]).toMatch(/^\[[#.]{30}\] \d+ % of/)
  expect(progress.at(-1)).toBe('')
  expect(out + err).not.toContain('[#')
})

test('CLI: report keeps few files open, however many processes wrote one after the other', async () => {
  const directory = createLogFolder()
  const chains: string[][] = []
  for (let day = 0; day < 300; day++) {
    const path = join(directory, `${day}.log`)
    writeFileSync(path, `${JSON.stringify(eventOf({ time: startOfDay + day * dayMs }))}\n`)
    chains.unshift([path])
  }
  const before = process.memoryUsage().arrayBuffers
  const seen = await recordsOf(chains)
  expect(seen.map(({ time }) => time)).toEqual(Array.from({ length: 300 }, (_, day) => startOfDay + day * dayMs))
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(300 * 262_144)
})

function emptyCounts(): ReadCounts {
  return { bytes: 0, lines: 0, records: 0, unreadable: 0, unreadableFiles: [] }
}

async function recordsOf(chains: readonly (readonly string[])[]): Promise<AuditRecord[]> {
  const records: AuditRecord[] = []
  await readMerged(chains, emptyCounts(), (record) => void records.push(record))
  return records
}
