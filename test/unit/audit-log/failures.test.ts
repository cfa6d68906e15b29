import { createVerifier } from 'onbehalf'
import { type Note, verifyAuditLog } from 'onbehalf/audit-log'
import { describe, expect, test } from 'vitest'
import { openAuditLog } from '../../../src/audit-log/audit-log.ts'
import { createLogFile, type LogFile, type OpenLogFile } from '../../../src/audit-log/log-file.ts'
import { readAuditLogOptions } from '../../../src/audit-log/options.ts'
import { createLogFolder, filesIn, logEvent, logKey, origin, recordsIn } from '../../support/audit-log.ts'
import { createKit } from '../../support/kit.ts'

const keys = [logKey.publicJwk]

/** A disk whose calls fail while `fault` is set. A full one takes half of what it is given. */
function createDisk() {
  const disk = { fault: undefined as 'full' | 'flush' | 'all' | undefined, flushes: 0, writes: 0 }
  const failure = () => Object.assign(new Error('no space'), { code: 'ENOSPC' })
  const openFile: OpenLogFile = async (path) => {
    if (disk.fault === 'all') throw failure()
    const file = await createLogFile(path)
    const failing: LogFile = {
      get size() {
        return file.size
      },
      async append(data) {
        disk.writes++
        if (disk.fault === 'full' || disk.fault === 'all') await file.append(data.subarray(0, data.length / 2))
        if (disk.fault === 'full' || disk.fault === 'all') throw failure()
        return file.append(data)
      },
      async flush() {
        disk.flushes++
        if (disk.fault === 'flush' || disk.fault === 'all') throw failure()
        return file.flush()
      },
      restore: (size) => (disk.fault === 'all' ? Promise.reject(failure()) : file.restore(size)),
      close: () => file.close(),
    }
    return failing
  }
  return { disk, openFile }
}

async function openOn(openFile: OpenLogFile) {
  const directory = createLogFolder()
  const log = await openAuditLog(readAuditLogOptions({ directory, origin, key: logKey.privateKey }), openFile)
  return { directory, log }
}

describe('required', () => {
  test('Audit: recorded means flushed, and many events share a flush', async () => {
    const { disk, openFile } = createDisk()
    const { directory, log } = await openOn(openFile)
    const before = { ...disk }
    await Promise.all(Array.from({ length: 500 }, (_, id) => log.writeRequired(logEvent(id))))
    expect(disk.flushes - before.flushes).toBeLessThanOrEqual(2)
    expect(disk.writes - before.writes).toBeLessThanOrEqual(2)
    expect(recordsIn(directory)).toHaveLength(501)
    await log.close()
  })

  test('Audit: a request that the disk refuses names the code of the system in its facts', async () => {
    const { disk, openFile } = createDisk()
    const { log } = await openOn(openFile)
    const kit = await createKit({ verifier: { audit: { sink: log, required: true } } })
    disk.fault = 'full'
    expect(await kit.refusal()).toMatchObject({
      code: 'audit_unavailable',
      facts: { cause: expect.stringContaining('ENOSPC') },
    })
    disk.fault = undefined
    await log.close()
  })

  test.each(['full', 'flush', 'all'] as const)(
    'Audit: a disk that fails (%s) refuses with audit_unavailable, and the chain is whole once it works',
    async (fault) => {
      const kit = await createKit({ token: { human: 'alice' } })
      const { disk, openFile } = createDisk()
      const { directory, log } = await openOn(openFile)
      const verifier = createVerifier({ ...kit.options, audit: { sink: log, required: true } })
      const codes: (string | undefined)[] = []
      for (const state of [undefined, fault, fault, undefined, undefined]) {
        disk.fault = state
        const verdict = await verifier.check(await kit.request())
        codes.push(verdict.ok ? undefined : verdict.refusal.code)
        expect(log.health().state).toBe(state === undefined ? 'ready' : 'failing')
      }
      expect(codes).toEqual([undefined, 'audit_unavailable', 'audit_unavailable', undefined, undefined])
      await verifier.close()
      const report = await verifyAuditLog(directory, keys)
      expect(report).toMatchObject({ events: 3, faults: [] })
      expect(report.unfinished).toEqual([])
      expect(log.health()).toMatchObject({ lastError: 'ENOSPC', waiting: 0 })
    },
  )
})

describe('not required', () => {
  test.each(['full', 'flush', 'all'] as const)(
    'Audit: what is written while the disk fails (%s) waits and is written in its order',
    async (fault) => {
      const { disk, openFile } = createDisk()
      const { directory, log } = await openOn(openFile)
      await log.writeRequired(logEvent(1))
      disk.fault = fault
      log.write(logEvent(2))
      log.write(logEvent(3))
      await expect(log.writeRequired(logEvent('refused'))).rejects.toThrow()
      log.write(logEvent(4))
      disk.fault = undefined
      await log.writeRequired(logEvent(5))
      await log.close()
      const ids = recordsIn(directory).flatMap(({ id }) => (id === undefined ? [] : [id]))
      expect(ids).toEqual(['1', '2', '3', '4', '5'])
      expect(await verifyAuditLog(directory, keys)).toMatchObject({ events: 5, faults: [] })
    },
  )

  test('Audit: a long outage leaves one file without a line', async () => {
    const { disk, openFile } = createDisk()
    const { directory, log } = await openOn(openFile)
    disk.fault = 'full'
    for (let round = 0; round < 5; round++) await log.writeRequired(logEvent(round)).catch(() => {})
    expect(filesIn(directory)).toHaveLength(2)
    disk.fault = undefined
    await log.close()
    expect(await verifyAuditLog(directory, keys)).toMatchObject({ events: 0, faults: [], unfinished: [] })
  })

  test('Audit: a log that is closed while the disk fails says so, and what it could not write is lost', async () => {
    const { disk, openFile } = createDisk()
    const { log } = await openOn(openFile)
    disk.fault = 'full'
    log.write(logEvent(1))
    await expect(log.close()).rejects.toThrow()
    expect(log.health()).toMatchObject({ state: 'closed', lost: 1, waiting: 0 })
  })

  test('Audit: after a flush in the background that failed the chain goes on in another file, and no note is handed out', async () => {
    const { disk, openFile } = createDisk()
    const directory = createLogFolder()
    const notes: Note[] = []
    let monotonic = 0
    const clock = { now: () => 2e12, monotonic: () => monotonic }
    const onCheckpoint = (note: Note) => void notes.push(note)
    const settings = readAuditLogOptions({ directory, origin, key: logKey.privateKey, clock, onCheckpoint })
    const log = await openAuditLog(settings, openFile)
    disk.fault = 'flush'
    monotonic = 5_000
    log.write(logEvent('x'.repeat(70_000)))
    await new Promise<void>((resolve) => {
      const look = () => (log.health().lastError === undefined ? setImmediate(look) : resolve())
      look()
    })
    disk.fault = undefined
    await log.writeRequired(logEvent(2))
    await log.close()
    const [first, second] = filesIn(directory)
    expect(notes.map(({ file }) => file)).toEqual([first, second, second])
    expect(await verifyAuditLog(directory, keys)).toMatchObject({ events: 2, faults: [] })
  })
})
