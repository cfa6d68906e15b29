import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { verifyAuditLog } from 'onbehalf/audit-log'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { story } from '../../examples/demo/story.ts'

const launcher = fileURLToPath(new URL('../../examples/demo/run.mjs', import.meta.url))
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onbehalf-demo-'))
})
afterAll(() => rm(folder, { recursive: true }))

function runDemo(...args: string[]): Promise<{ exitCode: number | string; stdout: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [launcher, ...args], { timeout: 180_000 }, (error, stdout) => {
      resolve({ exitCode: error === null ? 0 : (error.code ?? 'killed'), stdout })
    })
  })
}

describe('the demo', { timeout: 200_000 }, () => {
  test('npm run demo: the story happens as told, over real sockets', async () => {
    const { exitCode, stdout } = await runDemo(join(folder, 'out'))
    expect(exitCode).toBe(0)
    for (const { scene, code, status } of story) {
      const line = stdout.split('\n').find((text) => text.startsWith(`  ${scene}  `))
      expect(line?.split(/ {2,}/).slice(-2)).toEqual([String(status), code])
    }
    const [log = ''] = (await readdir(join(folder, 'out'))).filter((name) => name.startsWith('log-'))
    const directory = join(folder, 'out', log)
    const key = JSON.parse(await readFile(join(directory, 'audit.pub'), 'utf8'))
    const { events, faults } = await verifyAuditLog(directory, [key])
    expect(faults).toEqual([])
    expect(stdout).toContain(`Audit log: ${events} events`)
    const page = join(folder, 'out', 'report.html')
    expect(stdout).toContain(page)
    expect(await readFile(page, 'utf8')).toContain('planner')
  })

  test.each([
    ['one expected code', { code: 'token_signature' }],
    ['one expected actor', { who: 'human alice' }],
  ])('npm run demo: it fails when %s is another', async (_title, change) => {
    const changed = story.map((row, index) => (index === 1 ? { ...row, ...change } : row))
    const path = join(folder, 'changed.json')
    await writeFile(path, JSON.stringify(changed))
    const { exitCode, stdout } = await runDemo('--story', path)
    expect(exitCode).toBe(1)
    expect(stdout.split('\n').filter((line) => line.startsWith('! '))).toHaveLength(1)
  })

  test('npm run demo: it fails when a line is missing from the story', async () => {
    const path = join(folder, 'short.json')
    await writeFile(path, JSON.stringify(story.slice(0, -1)))
    const { exitCode } = await runDemo('--story', path)
    expect(exitCode).toBe(1)
  })
})
