import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestCertificate } from 'onbehalf/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findPrivateKeys, readTree } from '../docs/tree.ts'
import { classicCompiler, compile, compilers } from './compile.ts'
import { blockAfter, documents, readBlocks } from './documents.ts'
import { mustRun, run } from './run.ts'
import { copyFixture, createProject, installCompanions, packTarball, type Tarball, write } from './scratch.ts'
import { needDom, needLooseTypes, outputOf, printsContext, printsNextBlock, requestsOf } from './snippets.ts'

/** The tarball as a user gets it, in a project that has nothing else of this repository. */

const snippets = documents.flatMap(({ text }) => readBlocks(text)).filter(({ language }) => language === 'ts')
const programs = snippets.filter(({ file }) => file in requestsOf).map(({ file }) => file)
const plain = programs.filter((file) => !needDom.includes(file) && !needLooseTypes.includes(file))
const folder = mkdtempSync(join(tmpdir(), 'onbehalf-package-'))
let tarball: Tarball
let project: string

beforeAll(async () => {
  tarball = await packTarball(folder)
  project = await createProject(folder, tarball.path)
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the tarball', () => {
  test('PACKAGE: holds the build, its sources for the source maps, the documents and the examples', () => {
    const rest = tarball.files.filter((file) => !/^(?:(?:dist\/)?(?:src|adapters)|docs|examples)\//.test(file))
    const texts = ['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json']
    const pictures = ['growth', 'http', 'peers-dpop', 'peers-mtls', 'pipeline', 'refusals']
    const bench = ['bench/README.md', ...pictures.map((name) => `bench/${name}.svg`)]
    expect(rest.sort()).toEqual([...texts, ...bench].sort())
    expect(tarball.files.filter((file) => file.startsWith('docs/') && !file.endsWith('.md'))).toEqual([])
    expect(tarball.files.filter((file) => /test\.|spec\.|\.pem$|\.key$|\.env/.test(file))).toEqual([])
    expect(tarball.packedBytes).toBeLessThan(1_250_000)
  })

  test('PACKAGE: every source has its JavaScript, declarations and maps, and nothing else was built', () => {
    const sources = tarball.files.filter((file) => /^(?:src|adapters)\//.test(file)).map((file) => file.slice(0, -3))
    const built = sources.flatMap((name) => ['.js', '.d.ts', '.js.map', '.d.ts.map'].map((end) => `dist/${name}${end}`))
    expect(tarball.files.filter((file) => file.startsWith('dist/')).sort()).toEqual(built.sort())
  })

  test('PACKAGE: holds no private key', () => {
    const installed = readTree(join(project, 'node_modules/onbehalf'))
    expect(installed.map(({ path }) => path).sort()).toEqual([...tarball.files].sort())
    expect(findPrivateKeys(installed)).toEqual([])
  })

  test('PACKAGE: each export loads as ESM with none of the optional peers installed', async () => {
    const { exports } = JSON.parse(readFileSync(join(project, 'node_modules/onbehalf/package.json'), 'utf8'))
    const entries = Object.keys(exports).filter((name) => !name.endsWith('.json'))
    const load = `for (const name of ${JSON.stringify(entries)}) {
      const names = Object.keys(await import('onbehalf' + name.slice(1)))
      console.log(name, names.length > 0, names.includes('default'))
    }`
    const output = await mustRun(process.execPath, ['--input-type=module', '--eval', load], project)
    expect(output).toBe(entries.map((name) => `${name} true false\n`).join(''))
  })

  test('PACKAGE: without @opentelemetry/api its sink says at the start that it is missing', async () => {
    const load = `const { openTelemetrySink } = await import('onbehalf/otel')
    try { openTelemetrySink() } catch ({ cause }) { console.log(cause.code) }`
    const output = await mustRun(process.execPath, ['--input-type=module', '--eval', load], project)
    expect(output).toBe('MODULE_NOT_FOUND\n')
  })

  test('PACKAGE: npx onbehalf runs every command, and leaves its exit code', { timeout: 120_000 }, async () => {
    const keygen = await run('npx', ['--no-install', 'onbehalf', 'audit', 'keygen', '--out', 'log'], project)
    // What npx runs: it takes seconds to start on a busy machine.
    const bin = join(project, 'node_modules/.bin/onbehalf')
    const cli = (...args: string[]) => run(bin, args, project)
    expect(keygen).toMatchObject({ code: 0, stdout: expect.stringContaining('log.pub') })
    await mustRun(process.execPath, ['--input-type=module', '--eval', writeLogAndToken], project)

    const verified = await cli('audit', 'verify', 'log', '--key', 'log.pub', '--latest', 'notes.json')
    expect(verified).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('1 events') })
    const reported = await cli('report', 'log', '--html', 'page.html')
    expect(reported).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('page.html') })
    expect(readFileSync(join(project, 'page.html'), 'utf8')).toMatch(/^<!doctype html>/i)
    const inspected = await cli('inspect', 'token.txt', '--json')
    expect(inspected).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(inspected.stdout)).toMatchObject({ signature: 'unknown', reasons: [] })
    const unreachable = await cli('doctor', 'http://127.0.0.1:9')
    expect(unreachable).toMatchObject({ code: 1, stderr: '' })
    expect(await cli()).toMatchObject({ code: 2, stdout: '' })
    for (const { stdout } of [verified, reported, inspected, unreachable]) expect(stdout).not.toContain('\u001b')
  })

  test('PACKAGE: what is not exported cannot be reached', async () => {
    const load = `await import('onbehalf/dist/src/internal/jwk.js')`
    const { stderr } = await run(process.execPath, ['--input-type=module', '--eval', load], project)
    expect(stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })
})

// Compilers and servers start as processes of their own.
describe('in a project of its user', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    await installCompanions(project)
    for (const { file, text } of snippets) write(project, file, text)
    for (const name of ['consumer.ts', 'must-not-compile.ts', 'drive.mjs']) copyFixture(name, project)
    const server = await createTestCertificate({ commonName: 'localhost', hosts: ['localhost', '127.0.0.1'] })
    write(project, 'server.key', server.key)
    write(project, 'server.crt', server.certificate)
    const { output } = await compile(project, 'typescript7', ['consumer.ts', ...plain])
    expect(output).toBe('')
    expect((await compile(project, 'typescript7', needDom, ['DOM', 'DOM.Iterable'])).output).toBe('')
    const loose = { exactOptionalPropertyTypes: false }
    expect((await compile(project, 'typescript7', needLooseTypes, ['DOM', 'DOM.Iterable'], loose)).output).toBe('')
  }, 180_000)

  test.each(compilers)(
    'PACKAGE: an API team uses every export without a cast (%s, skipLibCheck false)',
    async (compiler) => {
      const { output, code } = await compile(project, compiler, ['consumer.ts', 'app.ts', ...plain])
      expect(output).toBe('')
      expect(code).toBe(0)
    },
  )

  test('PACKAGE: moduleResolution `node` finds the types of every entry', async () => {
    const { exports } = JSON.parse(readFileSync(join(project, 'node_modules/onbehalf/package.json'), 'utf8'))
    const entries = Object.keys(exports).filter((name) => !name.endsWith('.json'))
    const lines = entries.map(
      (name, at) => `import * as entry${at} from 'onbehalf${name.slice(1)}'\nvoid entry${at}.default`,
    )
    write(project, 'classic.ts', lines.join('\n'))
    const more = { module: 'ES2022', moduleResolution: 'node', skipLibCheck: true }
    const { output, places } = await compile(project, classicCompiler, ['classic.ts'], [], more)
    // Each is found, and has no default export; one not found would be TS2307 at its import.
    expect(output).not.toContain('TS2307')
    expect(places).toEqual(entries.map((_name, at) => `classic.ts:${2 * at + 2}`))
  })

  test('PACKAGE: the consumer also runs', async () => {
    const output = await mustRun(process.execPath, ['out/typescript7/consumer.js'], project)
    expect(output).toMatch(/^agent travel-7 for human alice: /)
  })

  test.each(compilers)(
    'PACKAGE: wrong options, requirements and uses of the context do not compile (%s)',
    async (compiler) => {
      const lines = readFileSync(join(project, 'must-not-compile.ts'), 'utf8').split('\n')
      const marked = lines.flatMap((line, at) => (line.includes('// wrong:') ? [`must-not-compile.ts:${at + 1}`] : []))
      const { places } = await compile(project, compiler, ['must-not-compile.ts'])
      expect(places).toEqual(marked)
    },
  )

  test('DOCS: every snippet has a file name of its own and a way to be run here', () => {
    const files = snippets.map(({ file }) => file)
    expect(files.sort()).toEqual([...Object.keys(requestsOf), 'app.test.ts', 'app.ts'].sort())
  })

  test.each(programs)('DOCS: %s runs as printed', async (file) => {
    const requests = requestsOf[file] ?? []
    const parameters = ['drive.mjs', `out/typescript7/${file.replace(/ts$/, 'js')}`, `${file}.json`]
    const env = { NONCE_SECRET: crypto.randomUUID(), OTHER_NONCE_SECRET: crypto.randomUUID() }
    const { code, stdout, stderr } = await run(
      process.execPath,
      [...parameters, JSON.stringify(requests)],
      project,
      env,
    )
    expect(code, stderr).toBe(0)
    const answers: { status: number; body: unknown }[] = JSON.parse(readFileSync(join(project, `${file}.json`), 'utf8'))
    expect(answers.map(({ status }) => status)).toEqual(requests.map(({ status }) => status))
    for (const [at, { body }] of requests.entries()) if (body !== undefined) expect(answers[at]?.body).toEqual(body)
    if (file in outputOf) expect(stdout).toBe(outputOf[file])
    if (printsContext.includes(file)) expectPrinted(JSON.parse(stdout), JSON.parse(blockAfter(file)))
    if (printsNextBlock.includes(file)) expect(stdout).toBe(blockAfter(file))
    if (file === 'first.ts') expect(answers[1]?.body).toEqual(JSON.parse(blockAfter(file, 2)))
  })

  test('DOCS: each of the other frameworks is shown in under ten lines', () => {
    const linesOf = (name: string) =>
      snippets
        .find(({ file }) => file === name)
        ?.text.trimEnd()
        .split('\n').length
    const shown = ['fastify.ts', 'hono.ts', 'node.ts']
    expect(shown.filter((name) => !(Number(linesOf(name)) < 10))).toEqual([])
  })

  test('DOCS: the test of an own route runs as printed, in 15 lines', async () => {
    const text = snippets.find(({ file }) => file === 'app.test.ts')?.text ?? ''
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(15)
    const vitest = join(project, 'node_modules/vitest/vitest.mjs')
    await mustRun(
      process.execPath,
      [vitest, 'run', '--reporter=json', '--outputFile=vitest.json', 'app.test.ts'],
      project,
    )
    expect(JSON.parse(readFileSync(join(project, 'vitest.json'), 'utf8'))).toMatchObject({
      success: true,
      numPassedTests: 1,
    })
  })

  test('DOCS: the recipe for Jest runs as printed', async () => {
    const folder = join(project, 'out/typescript7')
    for (const { file, text } of documents.flatMap(({ text }) => readBlocks(text))) {
      if (file === 'jest.config.json' || file === 'app.spec.js') write(folder, file, text)
    }
    expect((await compile(project, 'typescript7', ['app.ts'])).output).toBe('')
    const jest = join(project, 'node_modules/jest/bin/jest.js')
    await mustRun(process.execPath, ['--experimental-vm-modules', jest, '--json', '--outputFile=jest.json'], folder)
    expect(JSON.parse(readFileSync(join(folder, 'jest.json'), 'utf8'))).toMatchObject({
      success: true,
      numPassedTests: 1,
    })
  })

  test('DOCS: the test of an own route type-checks', async () => {
    const { output } = await compile(project, 'typescript7', ['app.test.ts'])
    expect(output).toBe('')
  })
})

/** In the project: a log with one refused request, and a token that is still good. */
const writeLogAndToken = `
import { readFileSync, writeFileSync } from 'node:fs'
import { createVerifier } from 'onbehalf'
import { auditLog } from 'onbehalf/audit-log'
import { createTestClock, createTestIssuer, requestView } from 'onbehalf/testing'

const resource = 'https://api.example.com'
const issuer = await createTestIssuer({ resource, clock: createTestClock(Date.now()) })
writeFileSync('token.txt', await issuer.token({ agent: await issuer.agent('travel-7'), human: 'alice' }))
const notes = []
const key = JSON.parse(readFileSync('log.key', 'utf8'))
const log = await auditLog({ directory: 'log', origin: 'api', key, onCheckpoint: (note) => notes.push(note) })
const verifier = createVerifier({ issuer: { issuer: issuer.issuer, jwks: issuer.jwks }, resource, audit: log })
await verifier.check(requestView({ url: resource }))
await verifier.close()
writeFileSync('notes.json', JSON.stringify(notes))
`

/** What a document shows is what came out. `…` stands for a value that differs, or as a member for further members. */
function expectPrinted(actual: unknown, shown: unknown): void {
  if (shown === '…') {
    expect(actual).toBeDefined()
  } else if (typeof shown !== 'object' || shown === null) {
    expect(actual).toBe(shown)
  } else {
    const { '…': more, ...members } = shown as Record<string, unknown>
    const names = Object.keys(Object(actual))
    const isShown = (name: string) => Array.isArray(shown) || more === undefined || Object.hasOwn(members, name)
    expect(names.filter(isShown)).toEqual(Object.keys(members))
    if (more !== undefined) expect(names.length).toBeGreaterThan(Object.keys(members).length)
    for (const [name, value] of Object.entries(members)) expectPrinted(Object(actual)[name], value)
  }
}
