/** nginx, HAProxy and Apache httpd of Debian in front of a port, with the configuration that docs/proxies.md prints. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { TestCertificate } from 'onbehalf/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readBlocks, readDocument } from '../package/documents.ts'

export type ProxyName = 'nginx' | 'haproxy' | 'apache'

interface Program {
  readonly file: string
  /** The printed part, completed. */
  configure(printed: string, folder: string): string
  start(file: string, folder: string): readonly string[]
}

const programs: Readonly<Record<ProxyName, Program>> = {
  nginx: {
    file: 'nginx',
    configure: (printed) => `
      daemon off; master_process off; error_log stderr; pid nginx.pid; events {}
      http { access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
             uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n${printed}\n}`,
    start: (file, folder) => ['-p', folder, '-c', file],
  },
  haproxy: {
    file: 'haproxy',
    configure: (printed) =>
      `defaults\n    timeout connect 5s\n    timeout client 5s\n    timeout server 5s\n\n${printed}`,
    start: (file, folder) => ['-db', '-C', folder, '-f', file],
  },
  apache: {
    file: 'apache2',
    configure: (printed, folder) =>
      [
        `ServerRoot ${folder}`,
        'ServerName 127.0.0.1',
        'PidFile httpd.pid',
        'ErrorLog error.log',
        `Mutex file:${folder}`,
        `DefaultRuntimeDir ${folder}`,
        ...apacheModules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
        // It does not serve pages as root.
        ...(process.getuid?.() === 0 ? ['User www-data', 'Group www-data'] : []),
        `Listen 127.0.0.1:${/:(\d+)>/.exec(printed)?.[1]}`,
        printed,
      ].join('\n'),
    start: (file) => ['-D', 'FOREGROUND', '-f', file],
  },
}

const apacheModules = ['mpm_event', 'authz_core', 'ssl', 'socache_shmcb', 'headers', 'proxy', 'proxy_http']

/** The path of its program; undefined where it is not installed. */
function programOf(name: ProxyName): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  return folders.map((folder) => join(folder, programs[name].file)).find((path) => existsSync(path))
}

/** A suite that is skipped, with the reason, where the proxy is not installed; `ONBEHALF_REQUIRE_SERVICES=1` makes that a failure. */
export function describeBehind(name: ProxyName, suite: () => void): void {
  const isMissing = programOf(name) === undefined
  if (isMissing && process.env['ONBEHALF_REQUIRE_SERVICES'] === '1') {
    throw new Error(`ONBEHALF_REQUIRE_SERVICES=1, and ${name} is not installed`)
  }
  describe.skipIf(isMissing)(isMissing ? `${name}: skipped, it is not installed` : name, () => {
    if (isMissing) test(`PROXY: ${name} is installed`, () => expect(programOf(name)).toBeDefined())
    else suite()
  })
}

export interface ProxySetup {
  /** Of the application, on loopback. */
  readonly port: number
  readonly server: TestCertificate
  /** Changes to what the page prints. */
  readonly change?: (printed: string) => string
}

/** Starts it on a free port, which it returns. It ends with the test. */
export async function startProxy(
  name: ProxyName,
  { port, server, change = (text) => text }: ProxySetup,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), `onbehalf-${name}-`))
  const own = await freePort()
  writeFileSync(join(folder, 'server.crt'), server.certificate)
  writeFileSync(join(folder, 'server.key'), server.key)
  writeFileSync(join(folder, 'server.pem'), server.certificate + server.key)
  // HAProxy wants a file of certificate authorities, and ignores that none of them fits.
  writeFileSync(join(folder, 'clients.pem'), server.certificate)
  const printed = change(printedFor(name)).replace('127.0.0.1:3000', `127.0.0.1:${port}`)
  const { configure, start } = programs[name]
  const file = join(folder, 'proxy.conf')
  writeFileSync(file, configure(listeningOn(printed, own), folder))
  const child = spawn(programOf(name) ?? '', start(file, folder), { stdio: ['ignore', 'ignore', 'pipe'] })
  onTestFinished(() => stop(child, folder))
  await untilUp(child, own)
  return own
}

function printedFor(name: ProxyName): string {
  const block = readBlocks(readDocument('docs/proxies.md')).find(({ language }) => language === name)
  if (block === undefined) throw new Error(`docs/proxies.md has no block of ${name}`)
  return block.text
}

function listeningOn(printed: string, port: number): string {
  return printed
    .replace('listen 443', `listen 127.0.0.1:${port}`)
    .replace('bind :443', `bind 127.0.0.1:${port}`)
    .replace('*:443', `127.0.0.1:${port}`)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}

async function untilUp(child: ChildProcess, port: number): Promise<void> {
  let output = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk
  })
  const end = performance.now() + 20_000
  while (!(await isListening(port))) {
    if (child.exitCode !== null || performance.now() > end) throw new Error(`The proxy is not up: ${output}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  const gone =
    child.exitCode !== null ? Promise.resolve() : new Promise<void>((resolve) => child.once('exit', () => resolve()))
  // Apache ends its children on SIGTERM only.
  child.kill('SIGTERM')
  await gone
  rmSync(folder, { recursive: true, force: true })
}
