import type { AuditRecord } from 'onbehalf'
import type { Note } from './protocol.ts'

/** The child's end of the conversation with the stage. */

export type Commands = Record<string, (input: never) => Promise<unknown>>

export interface Request {
  readonly id: number
  readonly command: string
  readonly input: unknown
}

export type Reply = { readonly id: number } & ({ readonly result: unknown } | { readonly failure: string })

/** An answer to the stage, or something it did not ask for. */
export type Message = Reply | { readonly note: Note }

export function serve(commands: Commands): void {
  process.on('message', (request: Request) => void answer(commands, request))
}

export function tellStage(note: Note): void {
  send({ note })
}

export function tellAudit(record: AuditRecord): void {
  if ('phase' in record) tellStage({ audit: record })
}

async function answer(commands: Commands, { id, command, input }: Request): Promise<void> {
  try {
    const run = commands[command]
    if (run === undefined) throw new Error(`no such command: ${command}`)
    send({ id, result: await run(input as never) })
  } catch (error) {
    send({ id, failure: error instanceof Error ? error.message : String(error) })
  }
}

function send(message: Message): void {
  process.send?.(message)
}
