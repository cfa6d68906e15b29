import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type AuditLogReport, type Note, verifyAuditLog } from 'onbehalf/audit-log'
import { describe, expect, test } from 'vitest'
import { createLogKey, filesIn, linesOf, logKey, openLog, writeLines, writtenLog } from '../../support/audit-log.ts'

const verified = (directory: string, latest: readonly Note[]): Promise<AuditLogReport> =>
  verifyAuditLog(directory, [logKey.publicJwk], { latest })
const latestOf = (notes: readonly Note[]) => notes.slice(-1)

describe('a witness', () => {
  test('AUD-01: its latest note shows that nothing is missing at the end', async () => {
    const { directory, notes } = await writtenLog(4)
    expect(await verified(directory, latestOf(notes))).toMatchObject({ faults: [], tail: 'witnessed' })
    expect(await verified(directory, notes)).toMatchObject({ faults: [], tail: 'witnessed' })
    expect(await verified(directory, [])).toMatchObject({ faults: [], tail: 'unwitnessed' })
    expect(await verified(directory, notes.slice(0, 1))).toMatchObject({ faults: [], tail: 'unwitnessed' })
  })

  test.each([1, 3, 5])(
    'AUD-01: with it an end of %i lines that is cut off is a fault, without it none',
    async (cut) => {
      const { directory, notes } = await writtenLog(7, { checkpoint: { everyEvents: 3 } })
      const [file = ''] = filesIn(directory)
      const lines = linesOf(directory, file)
      writeLines(directory, file, lines.slice(0, -cut))
      expect((await verified(directory, [])).faults).toEqual([])
      const { faults, tail } = await verified(directory, latestOf(notes))
      expect(faults.map((fault) => [fault.file, fault.line])).toEqual([[file, lines.length]])
      expect(tail).toBe('unwitnessed')
    },
  )

  test('AUD-01: with it a removed file, and a removed chain, is a fault', async () => {
    const { directory, notes } = await writtenLog(1)
    const other = await writtenLog(1, { directory })
    rmSync(join(directory, notes[0]?.file as string))
    expect(await verified(directory, latestOf(other.notes))).toMatchObject({ faults: [], tail: 'witnessed' })
    const { faults } = await verified(directory, [...latestOf(notes), ...latestOf(other.notes)])
    expect(faults.map(({ file, line }) => [file, line])).toEqual([[notes[0]?.file, 1]])
  })

  test('AUD-01: each chain needs a note of its own', async () => {
    const { directory, notes } = await writtenLog(1)
    await writtenLog(1, { directory })
    expect(await verified(directory, latestOf(notes))).toMatchObject({ faults: [], tail: 'unwitnessed' })
  })

  test('AUD-01: lines behind the last checkpoint are not witnessed', async () => {
    const { directory, notes } = await writtenLog(1)
    const [file = ''] = filesIn(directory)
    const lines = linesOf(directory, file)
    writeLines(directory, file, lines.slice(0, -1))
    expect(await verified(directory, notes.slice(0, 1))).toMatchObject({ faults: [], events: 1, tail: 'unwitnessed' })
  })

  test('AUD-01: a log that its own key has signed anew contradicts it', async () => {
    const { directory, notes } = await writtenLog(2)
    const again = await openLog()
    again.log.write({ version: 1, id: 'x' } as never)
    again.log.write({ version: 1, id: 'y' } as never)
    await again.log.close()
    const [file = ''] = filesIn(again.directory)
    copyFileSync(join(again.directory, file), join(directory, file))
    const forged = latestOf(again.notes).map((note) => ({ ...note, signature: notes[0]?.signature as string }))
    const { faults } = await verified(directory, [...latestOf(notes), ...forged])
    expect(faults.map((fault) => fault.file)).toContain(file)
    expect((await verified(again.directory, latestOf(again.notes))).faults).toEqual([])
  })

  test('AUD-01: a note of a key that is not given is a fault and witnesses nothing', async () => {
    const { directory } = await writtenLog(1)
    const foreign = await writtenLog(1, { key: createLogKey().privateKey })
    const { faults, tail } = await verified(directory, latestOf(foreign.notes))
    expect(faults.map(({ file }) => file)).toEqual([foreign.notes[0]?.file])
    expect(tail).toBe('unwitnessed')
  })

  test('Audit: it gets each checkpoint in order, and one that throws, rejects or is slow changes nothing', async () => {
    const failing = [
      () => {
        throw new Error('in the witness')
      },
      () => Promise.reject(new Error('in the witness')),
    ]
    for (const onCheckpoint of failing) {
      const { directory } = await writtenLog(3, { onCheckpoint })
      expect(await verified(directory, [])).toMatchObject({ events: 3, faults: [] })
    }
    const { notes } = await writtenLog(7, { checkpoint: { everyEvents: 3 } })
    expect(notes.map(({ seq }) => seq)).toEqual([0, 4, 8, 10])
  })

  test('Audit: close waits for the witness of the last checkpoint', async () => {
    const kept: Note[] = []
    const onCheckpoint = (note: Note) =>
      new Promise<void>((resolve) => setImmediate(resolve)).then(() => void kept.push(note))
    const { log } = await openLog({ onCheckpoint })
    await log.close()
    expect(kept).toHaveLength(2)
  })
})
