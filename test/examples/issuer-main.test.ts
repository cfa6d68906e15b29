import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createVerifier, type IssuerOptions } from 'onbehalf'
import { createNodeGate } from 'onbehalf/node'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createPerson } from '../../examples/agents/person.ts'

/** `npm run issuer` as a new user has it: the program is compiled, and its printed commands are run in other processes. */

const root = fileURLToPath(new URL('../..', import.meta.url))
const launcher = fileURLToPath(new URL('../../examples/demo/run.mjs', import.meta.url))
const started = new Set<ChildProcess>()

beforeAll(async () => {
  // It compiles what is missing.
  expect(await run([launcher, 'issuer', '--help'])).toMatchObject({ code: 0 })
}, 120_000)

afterEach(async () => {
  for (const child of started) await stop(child)
})

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

interface Started {
  readonly child: ChildProcess
  readonly output: () => string
}

/** Resolves once this has been printed. */
function start(args: readonly string[], awaited: string, env: Record<string, string> = {}): Promise<Started> {
  const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...env } })
  started.add(child)
  child.once('exit', () => started.delete(child))
  let output = ''
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${output}`)))
    child.stderr.on('data', (chunk) => {
      output += String(chunk)
    })
    child.stdout.on('data', (chunk) => {
      output += String(chunk)
      if (output.includes(awaited)) resolve({ child, output: () => output })
    })
  })
}

async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  const ended = once(child, 'exit')
  child.kill(signal)
  const [code] = await ended
  return code
}

/** With the port of an API, and its printed lines. */
async function startIssuer(apiPort: number, ...more: readonly string[]): Promise<Started & { lines: string[] }> {
  const resource = `http://127.0.0.1:${apiPort}`
  const args = [launcher, 'issuer', '--port', '0', '--resource', resource, ...more]
  const running = await start(args, 'deletes the keys of the agents')
  return { ...running, lines: running.output().split('\n') }
}

/** The command whose line holds this text, as its arguments for node and its environment. */
function commandIn(lines: readonly string[], text: string): { args: string[]; env: Record<string, string> } {
  const words = (lines.find((line) => line.includes(text)) ?? '').trim().split(' ')
  const at = words.indexOf('node')
  const env = Object.fromEntries(words.slice(0, at).map((word) => word.split('=') as [string, string]))
  return { args: words.slice(at + 1), env }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe('npm run issuer', { timeout: 60_000 }, () => {
  test('Examples: the printed commands start an API and call it, for the agent itself and for a person who consents', async () => {
    const { child, lines, output } = await startIssuer(await freePort())
    const api = commandIn(lines, 'express-api')
    await start(api.args, 'listening', api.env)

    const alone = await run(commandIn(lines, 'auditor.json').args)
    expect(alone).toMatchObject({ code: 0, stdout: expect.stringContaining('"by":"auditor","for":"auditor"') })

    const forHuman = await start(commandIn(lines, '--for-human').args, 'enter the code')
    const [, page = '', code = ''] = /Open (\S+) and enter the code (\S+)/.exec(forHuman.output()) ?? []
    const [, password = ''] = /with the password (\S+)/.exec(output()) ?? []
    const alice = createPerson('alice', password)
    await alice.allowDevice(page, code)
    expect(await once(forHuman.child, 'exit')).toEqual([0, null])
    expect(forHuman.output()).toContain('"by":"planner","for":"alice"')

    const [, grants = ''] = /takes it back: (\S+)/.exec(output()) ?? []
    expect((await alice.visit(grants)).page).toContain('Travel planner')
    expect(await stop(child)).toBe(0)
  })

  test.each(['auth0', 'keycloak', 'entra', 'cognito'])(
    'Examples: an API with the printed options reads tokens in the dialect %s',
    async (dialect) => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const { child, lines } = await startIssuer(port, '--dialect', dialect)
      const issuer: IssuerOptions = JSON.parse(lines.find((line) => line.includes('{"issuer":')) ?? '')
      const verifier = createVerifier({ issuer, resource: `http://127.0.0.1:${port}`, metadata: false })
      const gate = createNodeGate(verifier)
      server.on('request', async (request, response) => {
        const context = await gate(request, response)
        if (context !== undefined) response.end(`by ${context.actor.subject}`)
      })
      const called = await run(commandIn(lines, 'auditor.json').args)
      expect(called).toMatchObject({ code: 0, stdout: '200 by auditor\n' })
      server.closeAllConnections()
      server.close()
      expect(await stop(child)).toBe(0)
    },
  )

  test('Examples: only their owner reads the key files, and Ctrl+C deletes them and ends with 0, also when it comes twice', async () => {
    const program = 'dist-examples/issuer/main.js'
    const { child, output } = await start([program, '--port', '0'], 'deletes the keys of the agents')
    const { args } = commandIn(output().split('\n'), 'auditor.json')
    const [file = ''] = args.filter((arg) => arg.endsWith('.json'))
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ id: 'auditor' })
    expect((await stat(file)).mode & 0o077).toBe(0)
    const ended = once(child, 'exit')
    child.kill('SIGINT')
    child.kill('SIGINT')
    expect(await ended).toEqual([0, null])
    expect(existsSync(dirname(file))).toBe(false)
    expect(await run(args)).toMatchObject({ code: 1, stderr: expect.stringContaining(file) })
  })

  test.each([
    ['--dialect', 'other'],
    ['--port', 'http'],
    ['--port', '65536'],
    ['--resource', 'api'],
    ['--resource', 'https://api.example.com/#part'],
    ['--scope', ' '],
    ['--scope', 'a"b'],
    ['--other', 'x'],
    ['more'],
  ])('Examples: wrong arguments are named and end it with 2: %s %s', async (...args) => {
    const ended = await run(['dist-examples/issuer/main.js', ...args])
    expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(args[0] ?? '') })
    expect(ended.stderr).not.toMatch(/^ +at /m)
  })

  test('Examples: a port that is taken is named, and ends it with 1', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const port = String((server.address() as AddressInfo).port)
    const ended = await run(['dist-examples/issuer/main.js', '--port', port])
    server.close()
    expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(port) })
    expect(ended.stderr).not.toMatch(/^ +at /m)
  })
})

describe('call.js', { timeout: 60_000 }, () => {
  const program = 'dist-examples/issuer/call.js'

  test.each([[[]], [['file', 'GET']], [['file', 'GET', 'no URL']], [['file', 'GET', 'http://127.0.0.1', '--other']]])(
    'Examples: wrong arguments end it with 2: %j',
    async (args) => {
      expect(await run([program, ...args])).toMatchObject({ code: 2, stdout: '' })
    },
  )

  test('Examples: what the issuer or the API refuses, and an API that is not there, ends it with 1', async () => {
    const port = await freePort()
    const { child, lines } = await startIssuer(port)
    const { args } = commandIn(lines, 'auditor.json')
    expect(await run(args)).toMatchObject({ code: 1, stderr: expect.stringContaining('ECONNREFUSED') })
    const otherGrant = commandIn(lines, 'planner.json').args.filter((arg) => arg !== '--for-human')
    expect(await run(otherGrant)).toMatchObject({ code: 1, stderr: expect.stringMatching(/invalid_request|_client/) })
    const api = commandIn(lines, 'express-api')
    await start(api.args, 'listening', api.env)
    const missing = await run([...args, '--scope', 'tools:write'])
    expect(missing).toMatchObject({ code: 1, stdout: expect.stringMatching(/^403 .*insufficient_scope/s) })
    expect(await stop(child)).toBe(0)
  })
})
