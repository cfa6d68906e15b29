import { execFile } from 'node:child_process'

export interface Run {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end, whatever its exit code; nothing of this test run's environment reaches its npm settings. */
export function run(program: string, parameters: readonly string[], cwd: string, env: object = {}): Promise<Run> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...cleanEnvironment(), ...env }, timeout: 120_000, maxBuffer: 64 * 1024 * 1024 }
    execFile(program, parameters, options, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number')
        reject(new Error(`${program} did not run: ${stderr}`, { cause: error }))
      else resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}

/** The same, where anything but success is a failure of the test. */
export async function mustRun(program: string, parameters: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await run(program, parameters, cwd)
  if (code !== 0) throw new Error(`${program} ${parameters.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`)
  return stdout
}

/** Without what npm and vitest put there for this run: a nested npm would take it for its own configuration. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const own = (name: string) => /^(?:npm_(?!config_(?:registry|cache|userconfig)$)|vitest|node_env$|test$)/i.test(name)
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own(name)))
}
