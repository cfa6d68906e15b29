import { runCommand } from '../../../src/cli/run-command.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs the command line in this process. */
export async function runCli(
  args: readonly string[],
  settings: { colours?: true; fetch?: typeof fetch } = {},
): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await runCommand(args, {
    terminal: {
      print: (line) => void out.push(line),
      complain: (line) => void err.push(line),
      hasColours: settings.colours === true,
    },
    fetch: settings.fetch ?? (() => Promise.reject(new Error('no network'))),
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}
