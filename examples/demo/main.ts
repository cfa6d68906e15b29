import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { AuditEvent } from 'onbehalf'
import { createCast } from './cast.ts'
import { type Row, readIssuerRow, readRow } from './row.ts'
import { play } from './scenes.ts'
import { type Stage, setStage } from './stage.ts'
import { story as told } from './story.ts'
import { findDifferences, formatTable } from './table.ts'
import { tellWhoDidWhat } from './who-did-what.ts'

/**
 * Plays the story over real sockets, prints what happened, and ends with 1 if it is not the story that is told. An argument
 * names the folder for the audit log and the page.
 */
const { values, positionals } = parseArgs({ options: { story: { type: 'string' } }, allowPositionals: true })
const story: readonly Row[] = values.story === undefined ? told : JSON.parse(await readFile(values.story, 'utf8'))

const { promise: failed, reject: fail } = withRejection()
const cast = createCast(fail)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => fail(new Error(`stopped by ${signal}`)))

try {
  const { rows, events } = await Promise.race([performAll(), failed])
  console.log(formatTable(rows, story))
  const differences = findDifferences(rows, story)
  for (const difference of differences) console.error(`\nnot as told: ${difference}`)
  if (differences.length > 0) process.exitCode = 1
  else {
    console.log(
      `\n${rows.length} requests, all as told. In brackets: what a token says of a caller who did not prove its key.`,
    )
    console.log(`\n${await tellWhoDidWhat(events, positionals[0])}`)
  }
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  await cast.dismiss()
}

async function performAll(): Promise<{ rows: readonly Row[]; events: readonly AuditEvent[] }> {
  const stage = await setStage(cast)
  const rows: Row[] = []
  for await (const scene of play(stage)) {
    if ('refusal' in scene) rows.push(readIssuerRow(scene.name, scene.refusal, await stage.issuerTrail.nextRefusal()))
    else rows.push(readRow(scene.name, scene.answer, await scene.api.trail.nextRequest()))
  }
  checkNothingElseHappened(stage)
  return { rows, events: eventsOf(stage) }
}

function checkNothingElseHappened({ apis, issuerTrail }: Stage): void {
  const trails = [issuerTrail, ...Object.values(apis).map(({ trail }) => trail)]
  if (trails.some(({ rest }) => rest().length > 0))
    throw new Error('something was written down that is not in the story')
}

/** Of the issuer and of every API, as they happened. */
function eventsOf({ apis, issuerTrail }: Stage): readonly AuditEvent[] {
  const trails = [issuerTrail, ...Object.values(apis).map(({ trail }) => trail)]
  return trails.flatMap(({ all }) => all).toSorted((one, other) => one.time - other.time)
}

function withRejection(): { promise: Promise<never>; reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<never>((_resolve, rejectPromise) => {
    reject = rejectPromise
  })
  // It may be rejected when nothing waits for it any more.
  promise.catch(() => {})
  return { promise, reject }
}
