import type { Terminal } from './terminal.ts'

/** What a command finds around it. */
export interface Surroundings {
  readonly terminal: Terminal
  readonly fetch: typeof fetch
  /** Standard input. */
  readonly input: AsyncIterable<Uint8Array | string>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export interface Command {
  /** Its words, such as `audit keygen`. */
  readonly name: string
  /** In half a line. */
  readonly summary: string
  /** What stands behind its name, and what its options mean. */
  readonly help: string
  /** @throws MisuseError */
  run(args: readonly string[], surroundings: Surroundings): Promise<ExitCode>
}

/** Good; a finding; misuse. */
export type ExitCode = 0 | 1 | 2

/** The command was called in a way that it does not take. The message holds no value that was given. */
export class MisuseError extends Error {
  override readonly name = 'MisuseError'
}
