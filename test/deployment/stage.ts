/** The deployment of examples/deployment as processes on loopback: nginx, two replicas, Redis, and an issuer's keys. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createTestCertificate, createTestIssuer, type TestCertificate, type TestIssuer } from 'onbehalf/testing'
import { afterAll, beforeAll } from 'vitest'
import { root } from '../docs/tree.ts'
import {
  describeWithService,
  freePort,
  isListening,
  makeFolder,
  type Running,
  type ServiceName,
  serviceOf,
  startService,
  until,
} from '../support/services.ts'
import { createCaller } from './caller.ts'
import { type Compose, type Places, parseCompose, type ReplicaName, readReplaced, type ServerName } from './files.ts'

export const resource = 'https://api.example.com'

export interface Deployment {
  readonly issuer: TestIssuer
  /** Of nginx. */
  readonly certificate: TestCertificate
  readonly ports: Places['ports']
  readonly compose: Compose
  /** Lines for the secret file that compose.yaml mounts; read by a replica at its start. */
  writeSecrets(...secrets: readonly string[]): void
  start(name: ServerName, environment?: Readonly<Record<string, string>>): Promise<void>
  /** As a container engine stops it: SIGTERM. Gives the exit code, which is null where a signal has ended it. */
  stop(name: ServerName): Promise<number | null>
  kill(name: ServerName): Promise<void>
  /** Runs its health check, and gives the exit code. */
  checkHealth(name: ServerName): Promise<number>
  /** What it has printed since it was started last. */
  printed(name: ServerName): string
}

/** What lies in the secret file at first. */
export const firstSecret = 'the first secret, of more than 32 bytes'

/** A suite with all servers running; skipped, with the reason, where nginx or Redis is not installed. */
export function describeDeployment(title: string, suite: (deployment: Deployment) => void): void {
  describeWithService('nginx', title, () => {
    describeWithService('redis-server', 'with Redis', () => {
      const deployment = {} as Deployment
      const cleanups: (() => unknown)[] = []
      beforeAll(async () => {
        Object.assign(deployment, await deploy(cleanups))
        await deployment.start('redis')
        await Promise.all([deployment.start('api-1'), deployment.start('api-2')])
        await deployment.start('nginx')
        await untilComplete(deployment)
      }, 180_000)
      afterAll(async () => {
        for (const clean of cleanups.reverse()) await clean()
      }, 60_000)
      suite(deployment)
    })
  })
}

/** On an empty Redis proofs are refused for the first 15 seconds. */
async function untilComplete(deployment: Deployment): Promise<void> {
  const caller = await createCaller(deployment, 'first-1')
  await until(async () => (await caller.call()).status === 200, 60_000)
  caller.close()
}

async function deploy(cleanups: (() => unknown)[]): Promise<Deployment> {
  const folder = makeFolder('deployment')
  const program = mkdtempSync(join(root, 'dist-deployment_'))
  cleanups.push(folder.remove, () => rmSync(program, { recursive: true, force: true }))
  await compile(program)
  const issuerPort = await freePort()
  const issuer = await createTestIssuer({ resource, issuer: `http://127.0.0.1:${issuerPort}`, clock: systemClock })
  cleanups.push(await serveKeys(issuer, issuerPort))
  const certificate = await createTestCertificate({ commonName: 'api.example.com', hosts: ['api.example.com'] })
  const [nginx, api1, api2, redis] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const ports = { nginx, 'api-1': api1, 'api-2': api2, redis }
  const places: Places = { ports, issuer: issuer.issuer, folder: folder.path, program }
  const put = (name: string, text: string) => writeFileSync(join(folder.path, name), text)
  for (const name of ['nginx.conf', 'redis.conf']) put(name, readReplaced(name, places))
  put('server.crt', certificate.certificate)
  put('server.key', certificate.key)
  const compose = parseCompose(readReplaced('compose.yaml', places))
  const writeSecrets = (...secrets: readonly string[]) => put('nonce-secrets', `${secrets.join('\n')}\n`)
  writeSecrets(firstSecret)

  const running = new Map<ServerName, Running & { output: string }>()
  async function start(name: ServerName, more: Readonly<Record<string, string>> = {}): Promise<void> {
    const { command, environment } = compose.services[name]
    const port = environment === undefined ? {} : { PORT: String(ports[name]) }
    const env = { PATH: process.env['PATH'], ...environment, ...patience, ...port, ...more }
    const started = await startService(programOf(command[0]), command.slice(1), () => isListening(ports[name]), {
      cwd: root,
      env,
    })
    const entry = { ...started, output: '' }
    started.child.stdout?.on('data', (chunk: Buffer) => (entry.output += chunk))
    started.child.stderr?.on('data', (chunk: Buffer) => (entry.output += chunk))
    running.set(name, entry)
    cleanups.push(() => (entry.child.exitCode === null && entry.child.signalCode === null ? stop(name) : undefined))
  }
  const processOf = (name: ServerName) => {
    const found = running.get(name)
    if (found === undefined) throw new Error(`${name} was not started`)
    return found
  }
  async function stop(name: ServerName): Promise<number | null> {
    const { child } = processOf(name)
    // After the end of its output.
    const gone = once(child, 'close')
    child.kill('SIGTERM')
    const [code] = await gone
    return code
  }

  return {
    issuer,
    certificate,
    ports,
    compose,
    writeSecrets,
    start,
    stop,
    kill: (name) => processOf(name).stop(),
    async checkHealth(name) {
      const { healthcheck, environment } = compose.services[name]
      const [, program = '', ...args] = healthcheck?.test ?? ['CMD', '']
      const env = { PATH: process.env['PATH'], ...environment, PORT: String(ports[name]) }
      const run = promisify(execFile)(programOf(program), args, { cwd: root, env })
      return run.then(
        () => 0,
        ({ code }) => code,
      )
    },
    printed: (name) => processOf(name).output,
  }
}

/** Other tests may use the machine at the same time. */
const patience = { REDIS_TIMEOUT_MS: '900' }

const systemClock = {
  now: Date.now,
  monotonic: () => performance.now(),
  advance() {
    throw new Error('the processes go by the clock of the machine')
  },
  step() {
    throw new Error('the processes go by the clock of the machine')
  },
}

function programOf(name: string): string {
  return name === 'node' ? process.execPath : (serviceOf(name as ServiceName) ?? name)
}

/** Types are checked with everything else. */
async function compile(folder: string): Promise<void> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const args = [compiler, '-p', 'tsconfig.examples.json', '--noCheck', '--outDir', folder]
  await promisify(execFile)(process.execPath, args, { cwd: root })
}

/** The metadata (RFC 8414) and the keys of the issuer. Returns what ends it. */
async function serveKeys({ issuer, jwks }: TestIssuer, port: number): Promise<() => void> {
  const documents: Readonly<Record<string, unknown>> = {
    '/.well-known/oauth-authorization-server': { issuer, jwks_uri: `${issuer}/jwks` },
    '/jwks': jwks,
  }
  const server = createServer((req, res) => {
    const document = documents[req.url ?? '']
    res.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' })
    res.end(JSON.stringify(document ?? {}))
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return () => {
    server.closeAllConnections()
    server.close()
  }
}

export const replicaOf = (body: unknown): ReplicaName => (body as { replica: ReplicaName }).replica
