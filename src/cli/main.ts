#!/usr/bin/env node
import { runCommand } from './run-command.ts'
import { terminalOf } from './terminal.ts'

const terminal = terminalOf(process, process.env)
const surroundings = { terminal, fetch: globalThis.fetch, input: process.stdin, now: Date.now }
// Not process.exit(): what was written to a pipe must arrive.
process.exitCode = await runCommand(process.argv.slice(2), surroundings)
