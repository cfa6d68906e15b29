import { OptionsError } from '../internal/option-reader.ts'
import { auditKeygen } from './audit-keygen.ts'
import { auditVerify } from './audit-verify.ts'
import { type Command, type ExitCode, MisuseError, type Surroundings } from './command.ts'
import { doctor } from './doctor.ts'
import { inspect } from './inspect.ts'
import { report } from './report.ts'
import { foreign, styled, type Terminal } from './terminal.ts'

const commands: readonly Command[] = [inspect, doctor, report, auditVerify, auditKeygen]

/** Runs what the arguments name. It never rejects. */
export async function runCommand(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { terminal } = surroundings
  const command = commands.find(({ name }) => name.split(' ').every((word, at) => args[at] === word))
  const asksForHelp = args.includes('--help') || args.includes('-h') || args[0] === 'help'
  if (command === undefined) {
    if (asksForHelp) return printOverview(terminal.print, terminal)
    printOverview(terminal.complain, terminal)
    return 2
  }
  const rest = args.slice(command.name.split(' ').length)
  if (asksForHelp) {
    terminal.print(usageOf(command))
    return 0
  }
  try {
    return await command.run(rest, surroundings)
  } catch (error) {
    return complainOf(error, command, terminal)
  }
}

function printOverview(print: (line: string) => void, terminal: Terminal): 0 {
  print(`${styled(terminal, 'bold', 'onbehalf')}: who performed this action, who authorised it?\n`)
  for (const { name, summary } of commands) print(`  onbehalf ${name.padEnd(14)}${summary}`)
  print('\nonbehalf COMMAND --help explains a command. It ends with 0 if all is good, 1 with a finding, 2 if misused.')
  return 0
}

function usageOf({ name, summary, help }: Command): string {
  return `onbehalf ${name} ${help}\n\n${summary}`
}

function complainOf(error: unknown, command: Command, { complain }: Terminal): ExitCode {
  const misuse = misuseIn(error)
  if (misuse !== undefined) {
    complain(misuse)
    complain(`\n${usageOf(command)}`)
    return 2
  }
  complain(`onbehalf ${command.name} has failed: ${foreign(error instanceof Error ? error.message : 'unknown error')}`)
  return 2
}

/** The messages of parseArgs quote what was given, which may be a token. */
function misuseIn(error: unknown): string | undefined {
  if (error instanceof MisuseError || error instanceof OptionsError) return error.message
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return 'There is an option that this command does not have.'
  return code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' ? 'An option lacks its value, or takes none.' : undefined
}
