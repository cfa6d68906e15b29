import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeAgents } from './agent-files.ts'
import { type Arguments, readArguments, UsageError, usage } from './arguments.ts'
import { instructions } from './instructions.ts'
import { type RunningIssuer, startIssuer } from './server.ts'

/** `npm run issuer`: the issuer on loopback with one person and two agents, to try an API with. */
const { port, resource, scope, dialect } = readOrExit()
const password = randomBytes(6).toString('base64url')
const running = await startOrExit()
const folder = await mkdtemp(join(tmpdir(), 'onbehalf-issuer-'))
let isStopping = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
const agents = await writeAgents(running, { folder, resource, scope })
console.log(instructions({ issuer: running.issuer, resource, scope, dialect, agents, password }))

function readOrExit(): Arguments {
  try {
    const read = readArguments(process.argv.slice(2))
    if (read !== undefined) return read
    console.log(usage)
    process.exit(0)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(`${error.message}\n\n${usage}`)
    process.exit(2)
  }
}

async function startOrExit(): Promise<RunningIssuer> {
  const people = [{ id: 'alice', name: 'Alice', password }]
  try {
    return await startIssuer({ port, resources: [{ id: resource, scopes: scope.split(' ') }], people, dialect })
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (syscall !== 'listen') throw error
    const reason = code === 'EADDRINUSE' ? 'another program listens there' : code
    console.error(`The issuer cannot listen on port ${port}: ${reason}. --port names another one.`)
    process.exit(1)
  }
}

/** Ctrl+C reaches this process twice where npm has started it: from the terminal and from npm. */
async function stop(): Promise<void> {
  if (isStopping) return
  isStopping = true
  await rm(folder, { recursive: true, force: true })
  await running.close()
}
