/** The child's end of the conversation with the stage. */

export type Commands = Record<string, (input: never) => Promise<unknown>>

export interface Request {
  readonly id: number
  readonly command: string
  readonly input: unknown
}

export type Reply = { readonly id: number } & ({ readonly result: unknown } | { readonly failure: string })

export function serve(commands: Commands): void {
  process.on('message', (request: Request) => void answer(commands, request))
}

async function answer(commands: Commands, { id, command, input }: Request): Promise<void> {
  try {
    const run = commands[command]
    if (run === undefined) throw new Error(`no such command: ${command}`)
    reply({ id, result: await run(input as never) })
  } catch (error) {
    reply({ id, failure: error instanceof Error ? error.message : String(error) })
  }
}

function reply(message: Reply): void {
  process.send?.(message)
}
