import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AppSpec, Door, RunningApp, Trait } from './app.ts'
import { doors } from './doors/all.ts'
import { createDoorKit, type DoorKit } from './kit.ts'
import { type Seen, see } from './seen.ts'
import type { Answer, Ask, Shot } from './wire.ts'

/** Rows that share one app. */
export interface Chapter {
  readonly subject: string
  app(kit: DoorKit): AppSpec
  readonly rows: readonly Row[]
}

/** One row of the table: credentials in; status, challenge, body and context out. */
export interface Row {
  /** The clause, then the behaviour. */
  readonly title: string
  /** Sent to every door, made once. Several are sent one after another; the last answer counts. */
  readonly send?: (kit: DoorKit) => Promise<Shot | readonly Shot[]>
  /** In place of `send`, where a request depends on the answer before it. */
  readonly play?: (ask: Ask, kit: DoorKit) => Promise<Answer>
  readonly expect: Seen
  /** What differs on doors of a trait, and why. */
  readonly columns?: Partial<Record<Trait, Column>>
}

export interface Column {
  readonly why: string
  /** null: the row cannot be sent to such a door. */
  readonly expect: Seen | null
}

/** Runs every row against every door over a real socket. Doors of one column must give equal answers. */
export function runTable(chapters: readonly Chapter[]): void {
  for (const chapter of chapters) describe(chapter.subject, () => runChapter(chapter))
}

function runChapter({ app, rows }: Chapter): void {
  const running = new Map<Door, RunningApp>()
  let kit: DoorKit
  beforeAll(async () => {
    kit = await createDoorKit()
    await Promise.all(doors.map(async (door) => running.set(door, await door.start(app(kit)))))
  })
  afterAll(async () => {
    await Promise.all([...running.values()].map((started) => started.close()))
  })

  for (const row of rows) test(row.title, () => runRow(row, kit, running))
}

async function runRow(row: Row, kit: DoorKit, running: ReadonlyMap<Door, RunningApp>): Promise<void> {
  const shots = await row.send?.(kit)
  const seen: Record<string, Seen> = {}
  const expected: Record<string, Seen> = {}
  const sameColumn: Seen[] = []
  for (const [door, { ask }] of running) {
    const column = columnFor(row, door)
    const wanted = column === undefined ? row.expect : column.expect
    if (wanted === null) continue
    const answer = see(shots === undefined ? await playOn(row, ask, kit) : await sendAll(ask, shots))
    expected[door.name] = wanted
    seen[door.name] = answer
    if (column === undefined) sameColumn.push(answer)
  }
  expect(seen).toEqual(expected)
  expect(new Set(sameColumn.map((answer) => JSON.stringify(answer)))).toHaveLength(1)
}

function columnFor({ columns = {} }: Row, { traits }: Door): Column | undefined {
  return traits.map((trait) => columns[trait]).find((column) => column !== undefined)
}

function playOn({ title, play }: Row, ask: Ask, kit: DoorKit): Promise<Answer> {
  if (play === undefined) throw new Error(`${title}: neither send nor play`)
  return play(ask, kit)
}

async function sendAll(ask: Ask, shots: Shot | readonly Shot[]): Promise<Answer> {
  let last: Answer = { status: 0, fields: [], body: '' }
  for (const shot of [shots].flat()) last = await ask(shot)
  return last
}
