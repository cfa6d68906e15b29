import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyAuditLog } from 'onbehalf/audit-log'
import { beforeAll, expect, test } from 'vitest'
import { createLogFolder, filesIn, logKey, recordsIn } from '../../support/audit-log.ts'

/** Real processes that write one folder, and are killed or run out of room while they do. */

const root = join(import.meta.dirname, '../../..')
const built = createLogFolder()
const keys = [logKey.publicJwk]

const program = `
import { auditLog } from './src/audit-log/index.js'
const [directory, jwk, mode, count] = process.argv.slice(2)
const key = JSON.parse(jwk)
const log = await auditLog({ directory, origin: 'payments.example.com', key, maxFileBytes: 262_144 })
let failed = 0
for (let id = 1; id <= Number(count); id++) {
  const event = { version: 1, id: String(id), phase: 'access', client: 'x'.repeat(500) }
  if (mode === 'required') {
    await log.writeRequired(event).then(() => process.stdout.write(id + '\\n'), () => failed++)
  } else {
    log.write(event)
    if (id % 100 === 0) await new Promise(setImmediate)
    if (id === 1_000) process.stdout.write('going\\n')
  }
}
if (mode === 'left') process.stdout.write('left\\n')
else await log.close()
process.stdout.write('failed ' + failed + '\\n')
`

beforeAll(() => {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', built], { cwd: root })
  symlinkSync(join(root, 'node_modules'), join(built, 'node_modules'))
  writeFileSync(join(built, 'package.json'), '{"type":"module"}')
  writeFileSync(join(built, 'program.js'), program)
}, 120_000)

function start(directory: string, mode: string, count: number, shell?: string) {
  const jwk = JSON.stringify({ ...logKey.privateKey.export({ format: 'jwk' }), kid: 'k' })
  const args = [join(built, 'program.js'), directory, jwk, mode, String(count)]
  const child =
    shell === undefined
      ? spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      : spawn('sh', ['-c', `${shell}; exec "$0" "$@"`, process.execPath, ...args], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
  let output = ''
  child.stdout.on('data', (data) => {
    output += String(data)
  })
  return { child, ended: once(child, 'close'), printed: () => output }
}

const verified = (directory: string) => verifyAuditLog(directory, [{ ...keys[0], kid: 'k' }])

test('Audit: what a required log has confirmed is there after the process was killed in mid-write', {
  timeout: 60_000,
}, async () => {
  const directory = createLogFolder()
  const { child, ended, printed } = start(directory, 'required', 1_000_000)
  while (printed().split('\n').length < 50) await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await ended
  const confirmed = printed()
    .split('\n')
    .filter((line) => /^\d+$/.test(line)).length
  const { events, faults } = await verified(directory)
  expect(faults).toEqual([])
  expect(events).toBeGreaterThanOrEqual(confirmed - 1)
})

test('Audit: several processes write one folder, one is killed, one starts again, and no chain has a fault', {
  timeout: 60_000,
}, async () => {
  const directory = createLogFolder()
  const killed = start(directory, 'plain', 1_000_000)
  const others = [1, 2].map(() => start(directory, 'plain', 2_000))
  await once(killed.child.stdout, 'data')
  killed.child.kill('SIGKILL')
  await Promise.all([killed.ended, ...others.map(({ ended }) => ended)])
  await start(directory, 'plain', 500).ended
  const chains = new Set(filesIn(directory).map((file) => file.replace(/-\d+\.jsonl$/, '')))
  expect(chains.size).toBe(4)
  const { events, faults, unfinished } = await verified(directory)
  expect(faults).toEqual([])
  expect(events).toBeGreaterThanOrEqual(4_500)
  expect(unfinished.length).toBeLessThanOrEqual(1)
})

test('Audit: a process that ends without closing its log has written every event', { timeout: 60_000 }, async () => {
  const directory = createLogFolder()
  await start(directory, 'left', 150).ended
  expect(recordsIn(directory).filter(({ id }) => id !== undefined)).toHaveLength(150)
  expect(await verified(directory)).toMatchObject({ events: 150, checkpoints: 1, faults: [], unfinished: [] })
})

test('Audit: a file that may not grow (EFBIG) ends, and the chain goes on in the next one', {
  timeout: 60_000,
}, async () => {
  const directory = createLogFolder()
  const { ended, printed } = start(directory, 'required', 300, "trap '' XFSZ; ulimit -f 64")
  await ended
  const failed = Number(/failed (\d+)/.exec(printed())?.[1])
  const { events, faults, unfinished } = await verified(directory)
  expect({ faults, unfinished }).toEqual({ faults: [], unfinished: [] })
  expect(failed).toBeGreaterThan(0)
  expect(events).toBe(300 - failed)
})
