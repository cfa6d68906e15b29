import { Readable } from 'node:stream'
import { runCommand } from '../../../src/cli/run-command.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs the command line in this process. */
export async function runCli(
  args: readonly string[],
  settings: { colours?: true; fetch?: typeof fetch; input?: string; now?: number; progress?: string[] } = {},
): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []]
  const { progress, input = '', now = Date.UTC(2026, 0, 1) } = settings
  const code = await runCommand(args, {
    terminal: {
      print: (line) => void out.push(line),
      complain: (line) => void err.push(line),
      showProgress: progress && ((text) => void progress.push(text)),
      hasColours: settings.colours === true,
    },
    fetch: settings.fetch ?? (() => Promise.reject(new Error('no network'))),
    input: Readable.from(input === '' ? [] : [Buffer.from(input)]),
    now: () => now,
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}
