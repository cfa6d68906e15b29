import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const folders = ['access', 'context', 'sender', 'token']

/** What is known from earlier runs. A run that was broken off goes on from here; remove the file to begin anew. */
export const results = '.stryker/results.json'

/**
 * Most mutants die by the tests of their own folder; only those that are left, and not listed, meet all the tests. These need
 * no service, no browser and no built package.
 */
export const tests = {
  own: (folder) => [`test/unit/${folder}/**/*.test.ts`],
  all: () => [
    'test/unit/*.test.ts',
    'test/unit/{access,audit,context,options,refusal,replay,revocations,sender,token}/**/*.test.ts',
    'test/{attacks,rfc}/**/*.test.ts',
    'test/dialects/{classes,cross}.test.ts',
    'test/adapters/summary*.test.ts',
  ],
}

/** After so many runs of Vitest a new thread takes over: listeners and memory of the runs add up. */
export const runsPerThread = 120

/** Modules that remember, for the whole process, what they have seen. What a mutant made one remember must not meet the next mutant. */
export const remembering = ['src/sender/certificate-formats.ts', 'src/sender/published-keys.ts']

export function filesIn(folder) {
  const names = readdirSync(join(root, 'src', folder), { recursive: true })
  return names.filter((name) => name.endsWith('.ts')).map((name) => `src/${folder}/${name}`)
}

/** Options of Stryker. */
export function optionsFor(files) {
  return {
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner', fileURLToPath(new URL('plugins.mjs', import.meta.url))],
    vitest: { configFile: 'test/mutation/vitest.config.mjs', related: false },
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
    timeoutMS: 40_000,
    timeoutFactor: 4,
    dryRunTimeoutMinutes: 60,
    logLevel: 'warn',
  }
}
