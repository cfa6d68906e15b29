/** Programs that Debian packages bring (redis-server, postgresql, nginx, softhsm2): real processes on loopback, in temporary folders. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { describe, expect, test } from 'vitest'

export type ServiceName =
  | 'redis-server'
  | 'redis-cli'
  | 'redis-sentinel'
  | 'postgres'
  | 'initdb'
  | 'nginx'
  | 'prometheus'
  | 'softhsm2-util'
  | 'pkcs11-tool'

/** The path of its program; undefined where it is not installed. */
export function serviceOf(name: ServiceName): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', ...postgresFolders()]
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** Debian keeps them out of the search path. */
function postgresFolders(): readonly string[] {
  const home = '/usr/lib/postgresql'
  return existsSync(home) ? readdirSync(home).map((version) => join(home, version, 'bin')) : []
}

/**
 * A suite that needs a service. Where it is not installed, one skipped line says so; with `ONBEHALF_REQUIRE_SERVICES=1` it
 * fails instead.
 */
export function describeWithService(name: ServiceName, title: string, suite: () => void): void {
  const isMissing = serviceOf(name) === undefined
  if (isMissing && process.env['ONBEHALF_REQUIRE_SERVICES'] === '1') {
    throw new Error(`ONBEHALF_REQUIRE_SERVICES=1, and ${name} is not installed`)
  }
  const shown = isMissing ? `${title}: skipped, ${name} is not installed` : title
  if (isMissing) console.info(shown)
  describe.skipIf(isMissing)(shown, () => {
    if (isMissing) test(`${name} is installed`, () => expect(serviceOf(name)).toBeDefined())
    else suite()
  })
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}

export interface Running {
  readonly child: ChildProcess
  /** Kills it, and waits until it is gone. */
  stop(): Promise<void>
}

const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** Starts a program and waits until `isUp`. */
export async function startService(
  path: string,
  args: readonly string[],
  isUp: () => Promise<boolean>,
  settings: { readonly cwd: string; readonly uid?: number; readonly gid?: number; readonly env?: NodeJS.ProcessEnv },
): Promise<Running> {
  const child = spawn(path, args, { ...settings, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk))
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  void gone.then(() => children.delete(child))
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`${path} has ended: ${output}`)
    return isUp()
  }, 60_000).catch((error) => {
    child.kill('SIGKILL')
    throw error
  })
  return {
    child,
    async stop() {
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** Asks again every few milliseconds. */
export async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`this did not come to hold: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** A folder that `remove` deletes. */
export function makeFolder(name: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `onbehalf-${name}-`))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
