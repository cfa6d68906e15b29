import { join } from 'node:path'
import { run } from './run.ts'
import { write } from './scratch.ts'

/** Compilers a consumer may have, by the folder they are installed in. */
export const compilers = ['typescript', 'typescript7'] as const

/** The last one that knows `moduleResolution: node`. */
export const classicCompiler = 'typescript59'

export interface Compilation {
  readonly code: number
  /** `file:line` of each error, each once. */
  readonly places: readonly string[]
  readonly output: string
}

/** Compiles files of the project into `out/`, checking every declaration file they reach. */
export async function compile(
  project: string,
  compiler: (typeof compilers)[number] | typeof classicCompiler,
  files: readonly string[],
  lib: readonly string[] = [],
  more: object = {},
): Promise<Compilation> {
  const config = `tsconfig.${compiler}.json`
  const compilerOptions = {
    target: 'ES2023',
    lib: ['ES2023', ...lib],
    module: 'NodeNext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    outDir: `out/${compiler}`,
    ...more,
  }
  write(project, config, JSON.stringify({ compilerOptions, files }))
  const program = join(project, 'node_modules', compiler, 'bin', 'tsc')
  const { code, stdout, stderr } = await run(process.execPath, [program, '-p', config, '--pretty', 'false'], project)
  const places = [...stdout.matchAll(/^(\S+?)\((\d+),\d+\): error/gm)].map(([, file, line]) => `${file}:${line}`)
  return { code, places: [...new Set(places)], output: stdout + stderr }
}
