import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { OptionsError } from 'onbehalf'
import { type AuditLogReport, verifyAuditLog } from 'onbehalf/audit-log'
import { describe, expect, test } from 'vitest'
import {
  createLogFolder,
  createLogKey,
  filesIn,
  linesOf,
  logKey,
  writeLines,
  writtenLog,
} from '../../support/audit-log.ts'

const keys = [logKey.publicJwk]
const verified = (directory: string): Promise<AuditLogReport> => verifyAuditLog(directory, keys)
const placesIn = ({ faults }: AuditLogReport) => faults.map(({ line }) => line)

/** Lines 1, 5, 9 and 11 are checkpoints, the others events. */
async function elevenLines() {
  const { directory, notes } = await writtenLog(7, { checkpoint: { everyEvents: 3 } })
  const [file = ''] = filesIn(directory)
  return { directory, notes, file, lines: linesOf(directory, file) }
}

/** Each way to change a file, and the lines that have a fault then. */
const changes: readonly (readonly [what: string, change: (lines: string[]) => string[], places: readonly number[]])[] =
  [
    ['a changed octet', (lines) => lines.with(2, (lines[2] as string).replace('admitted', 'refused!')), [3]],
    [
      'a changed octet of the last signed line',
      (lines) => lines.with(3, (lines[3] as string).replace('admitted', 'refused!')),
      [4],
    ],
    ['a removed line', (lines) => lines.toSpliced(2, 1), [3]],
    ['a removed first line', (lines) => lines.slice(1), [1]],
    ['two swapped lines', (lines) => lines.with(2, lines[1] as string).with(1, lines[2] as string), [2, 3, 4]],
    ['a line twice', (lines) => lines.toSpliced(3, 0, lines[2] as string), [4]],
    ['a segment twice', (lines) => lines.toSpliced(4, 0, ...lines.slice(1, 4)), [5]],
    ['an added line that is no JSON', (lines) => lines.toSpliced(2, 0, 'hello'), [3, 4]],
    ['an empty line', (lines) => lines.toSpliced(2, 0, ''), [3, 4]],
    ['a line that is a list', (lines) => lines.with(2, '[]'), [3]],
    ['a line without its number', (lines) => lines.with(2, '{"a":1}'), [3]],
    ['a line deep in brackets', (lines) => lines.with(2, '['.repeat(200_000)), [3]],
    ['a line of 10 MB', (lines) => lines.with(2, `{"a":"${'x'.repeat(10_000_000)}"}`), [3]],
    ['a removed checkpoint', (lines) => lines.toSpliced(4, 1), [5]],
    [
      'a forged signature',
      (lines) =>
        lines.with(4, (lines[4] as string).replace('"signature":"', '"signature":"A').slice(0, -3).concat('"}}')),
      [5, 5],
    ],
  ]

describe('a changed file', () => {
  test.each(changes)('AUD-01: %s is found, with the file and the line', async (_what, change, places) => {
    const { directory, file, lines } = await elevenLines()
    writeLines(directory, file, change(lines))
    const report = await verified(directory)
    expect(placesIn(report)).toEqual(places)
    expect(report.faults.every((fault) => fault.file === file)).toBe(true)
  })

  test('AUD-01: a line that is not UTF-8 is found', async () => {
    const { directory, file, lines } = await elevenLines()
    const octets = Buffer.from(lines.map((line) => `${line}\n`).join(''))
    octets[octets.indexOf('admitted')] = 0xff
    writeFileSync(join(directory, file), octets)
    expect(placesIn(await verified(directory))).toEqual([2])
  })

  test('AUD-01: a chain that is made anew without the key has no good checkpoint', async () => {
    const { directory, file } = await elevenLines()
    const forged = await writtenLog(7, { checkpoint: { everyEvents: 3 }, key: createLogKey().privateKey })
    copyFileSync(join(forged.directory, filesIn(forged.directory)[0] as string), join(directory, file))
    expect(placesIn(await verified(directory))).toEqual([1, 5, 9, 11])
  })

  test('Audit: faults are listed up to a bound', async () => {
    const { directory, file } = await elevenLines()
    writeLines(
      directory,
      file,
      Array.from({ length: 5_000 }, () => 'x'),
    )
    expect((await verified(directory)).faults).toHaveLength(1_000)
  })
})

describe('a file in another place', () => {
  test.each([
    ['another process', 'host-1-abc-1.jsonl'],
    ['another tenant', 'acme/'],
  ])('AUD-01: one that is taken for that of %s is found', async (_what, place) => {
    const { directory, file, lines } = await elevenLines()
    const target = place.endsWith('/') ? place + file : place
    mkdirSync(dirname(join(directory, target)), { recursive: true })
    copyFileSync(join(directory, file), join(directory, target))
    const { faults, events } = await verified(directory)
    expect(faults.map((fault) => [fault.file, fault.line])).toEqual([1, 5, 9, 11].map((line) => [target, line]))
    expect([events, lines.length]).toEqual([14, 11])
  })

  test('AUD-01: one of another origin is found', async () => {
    const { directory, notes } = await elevenLines()
    const other = await writtenLog(1, { origin: 'other.example.com' })
    const [file = ''] = filesIn(other.directory)
    copyFileSync(join(other.directory, file), join(directory, file))
    const { faults } = await verifyAuditLog(directory, keys, { latest: notes })
    expect(faults.map((fault) => [fault.file, fault.line])).toEqual([1, 3].map((line) => [file, line]))
  })

  test('Audit: what is no file of a log is named and not read', async () => {
    const { directory, file } = await elevenLines()
    mkdirSync(join(directory, 'a-1-b-1.jsonl'))
    symlinkSync(join(directory, file), join(directory, 'a-1-b-2.jsonl'))
    symlinkSync('/', join(directory, 'acme'))
    execFileSync('mkfifo', [join(directory, 'a-1-b-3.jsonl')])
    writeFileSync(join(directory, 'a\u001b[2J.jsonl'), '')
    writeFileSync(join(directory, 'notes.txt'), 'x')
    mkdirSync(join(directory, 'lost+found'))
    const { faults, events } = await verified(directory)
    const names = ['a-1-b-1.jsonl', 'a-1-b-2.jsonl', 'a-1-b-3.jsonl', 'a\\u001b[2J.jsonl', 'acme']
    expect(faults.map((fault) => fault.file).sort()).toEqual(names)
    expect(events).toBe(7)
  })
})

describe('several files', () => {
  async function threeFiles() {
    const { directory } = await writtenLog(3_000, { maxFileBytes: 65_536 })
    const files = filesIn(directory)
    expect(files.length).toBeGreaterThan(3)
    return { directory, files }
  }

  test('AUD-01: the chain goes on in the next file, which begins with a checkpoint', async () => {
    const { directory, files } = await threeFiles()
    for (const file of files) {
      const lines = linesOf(directory, file)
      expect(Object.keys(JSON.parse(lines[0] as string))).toContain('checkpoint')
      expect(Object.keys(JSON.parse(lines.at(-1) as string))).toContain('checkpoint')
      expect(Buffer.byteLength(lines.join('\n')) + 1).toBeLessThanOrEqual(65_536)
    }
    expect(await verified(directory)).toMatchObject({ events: 3_000, faults: [], unfinished: [] })
  })

  test('AUD-01: a missing file is found by the next one', async () => {
    const { directory, files } = await threeFiles()
    rmSync(join(directory, files[1] as string))
    expect((await verified(directory)).faults.map(({ file, line }) => [file, line])).toEqual([[files[2], 1]])
  })

  test('AUD-01: two files with swapped names are found', async () => {
    const { directory, files } = await threeFiles()
    const [, second = '', third = ''] = files
    const lines = linesOf(directory, second)
    copyFileSync(join(directory, third), join(directory, second))
    writeLines(directory, third, lines)
    expect((await verified(directory)).faults.map(({ file }) => file)).toEqual(expect.arrayContaining([second, third]))
  })

  test('Audit: half a line at an end, and a file without a line, are no fault', async () => {
    const { directory, files } = await threeFiles()
    const last = files.at(-1) as string
    const length = linesOf(directory, last).join('\n').length
    truncateSync(join(directory, last), length - 10)
    const report = await verified(directory)
    expect(report).toMatchObject({ faults: [], unfinished: [last], tail: 'unwitnessed' })
    truncateSync(join(directory, last), 0)
    expect(await verified(directory)).toMatchObject({ faults: [], unfinished: [last] })
  })
})

test('Audit: keys of several times verify one log, and without one of them its checkpoints are faults', async () => {
  const next = createLogKey()
  const { directory } = await writtenLog(1)
  await writtenLog(1, { directory, key: next.privateKey })
  const both = { keys: [logKey.publicJwk, next.publicJwk] }
  expect(await verifyAuditLog(directory, both)).toMatchObject({ events: 2, checkpoints: 4, faults: [] })
  expect(placesIn(await verifyAuditLog(directory, [next.publicJwk]))).toEqual([1, 3])
})

test('Options: verifyAuditLog names every wrong option, takes no private key, and rejects where nothing can be read', async () => {
  const wrong = [logKey.privateKey.export({ format: 'jwk' }), { kty: 'RSA' }] as never
  const problems = await verifyAuditLog('', wrong, { latest: [{ seq: 1 }], more: 1 } as never).catch(
    (error: unknown) => error,
  )
  expect(problems).toBeInstanceOf(OptionsError)
  expect((problems as OptionsError).problems.map(({ path }) => path)).toEqual([
    'more',
    'directory',
    'keys[0]',
    'keys[1]',
    'latest[0]',
  ])
  await expect(verifyAuditLog(join(createLogFolder(), 'none'), keys)).rejects.not.toBeInstanceOf(OptionsError)
})
