import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const folders = ['access', 'context', 'sender', 'token']

/** What is known from earlier runs. A run that was broken off goes on from here; remove the file to begin anew. */
export const results = '.stryker/results.json'

/** Tests that need no service, no browser and no built package. */
const allTests = ['test/{unit,attacks,rfc,dialects}/**/*.test.ts']

/** Most mutants die by the tests of their own folder. Only those that are left meet all the tests. */
export const rounds = {
  own: (folder) => [`test/unit/${folder}/**/*.test.ts`],
  all: () => allTests,
}

export function filesIn(folder) {
  const names = readdirSync(join(root, 'src', folder), { recursive: true })
  return names.filter((name) => name.endsWith('.ts')).map((name) => `src/${folder}/${name}`)
}

/** Options of Stryker. */
export function optionsFor(files) {
  return {
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner', fileURLToPath(new URL('plugins.mjs', import.meta.url))],
    vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
    mutate: files,
    ignorers: ['messages'],
    // A mutant of what runs once, at import, needs a new thread and every test: minutes for each.
    ignoreStatic: true,
    coverageAnalysis: 'perTest',
    incremental: true,
    incrementalFile: results,
    tempDirName: '.stryker/sandboxes',
    ignorePatterns: ['/.ci', '/bench', '/coverage', '/dist', '/dist-*', '/docs', '/examples', '/test/planted'],
    symlinkNodeModules: true,
    // Stryker reads these two by means that TypeScript 7 no longer has.
    tsconfigFile: 'none',
    disableTypeChecks: false,
    reporters: ['checkpoint'],
    clearTextReporter: { allowColor: false },
    allowConsoleColors: false,
    allowEmpty: true,
    concurrency: 1,
    timeoutMS: 30_000,
    timeoutFactor: 4,
    dryRunTimeoutMinutes: 60,
    logLevel: 'warn',
  }
}
