import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mustRun } from './run.ts'

const root: string = fileURLToPath(new URL('../..', import.meta.url))

export interface Tarball {
  readonly path: string
  readonly packedBytes: number
  readonly files: readonly string[]
}

/** Packs a copy of the sources, built anew: what lies in `dist/` of this checkout is neither used nor touched. */
export async function packTarball(folder: string): Promise<Tarball> {
  const copy = join(folder, 'sources')
  const folders = ['src', 'adapters', 'docs', 'examples', 'bench']
  const settings = ['package.json', 'tsconfig.json', 'tsconfig.build.json', '.npmrc']
  const texts = ['README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'CONTRIBUTING.md']
  for (const name of [...folders, ...settings, ...texts])
    cpSync(join(root, name), join(copy, name), { recursive: true })
  mkdirSync(join(copy, 'test'))
  writeFileSync(join(copy, 'test', 'some.test.ts'), '')
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir')
  const report = await mustRun('npm', ['pack', '--json', '--silent', '--pack-destination', folder], copy)
  const [packed] = JSON.parse(report.slice(report.indexOf('[')))
  return {
    path: join(folder, packed.filename),
    packedBytes: packed.size,
    files: packed.files.map((file: { path: string }) => file.path),
  }
}

/** An empty project that has nothing but the tarball. */
export async function createProject(folder: string, tarball: string): Promise<string> {
  const project = join(folder, 'project')
  write(project, 'package.json', JSON.stringify({ name: 'scratch', private: true, type: 'module' }))
  await install(project, [tarball])
  return project
}

/** The other packages that the snippets of the documents use, in the versions this repository is tested with. */
export async function installCompanions(project: string): Promise<void> {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const names = [
    'express',
    '@types/express',
    '@types/node',
    'cors',
    '@types/cors',
    'node-forge',
    'prom-client',
    '@opentelemetry/api',
    'pino',
    ...doorNames,
    'express-oauth2-jwt-bearer',
  ]
  const sdkNames = ['@modelcontextprotocol/sdk', '@modelcontextprotocol/server', '@modelcontextprotocol/node']
  const testNames = ['vitest', 'supertest', '@types/supertest']
  const exact = [...names, ...sdkNames, ...testNames].map((name) => `${name}@${devDependencies[name]}`)
  const compilers = [
    'typescript@5.5.4',
    'typescript59@npm:typescript@5.9.3',
    `typescript7@npm:typescript@${devDependencies.typescript}`,
  ]
  await install(project, [...exact, ...compilers, 'jest@30.5.2'])
}

const doorNames = ['fastify', 'hono', '@hono/node-server', 'ws', '@types/ws']

function install(project: string, packages: readonly string[]): Promise<string> {
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  return mustRun('npm', ['install', ...quiet, ...packages], project)
}

export function write(folder: string, name: string, text: string): void {
  const file = join(folder, name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

export function copyFixture(name: string, folder: string): void {
  cpSync(new URL(`fixtures/${name}`, import.meta.url), join(folder, name))
}
