// `npm run demo`, `npm run demo:mcp` and `npm run issuer`: each works as the first and only command after `git clone`.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const [first = '', ...others] = process.argv.slice(2)
// Anything else is an argument of the demo itself, such as the folder for its log.
const isNamed = first === 'mcp-demo' || first === 'issuer'
const program = join('dist-examples', isNamed ? first : 'demo', 'main.js')

if (!existsSync(join(root, 'node_modules', 'typescript'))) run('npm', ['ci', '--ignore-scripts', '--no-fund'])
if (!isBuilt(join('dist', 'src', 'index.js'), ['src', 'adapters'])) compile('tsconfig.build.json')
if (!isBuilt(program, ['examples'])) compile('tsconfig.examples.json')
play([program, ...(isNamed ? others : process.argv.slice(2))])

/** The program ends in its own way, and its exit code is this one's. */
function play(args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
  // Ctrl+C reaches the program from the terminal.
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
}

/** Whether the output is younger than everything it is made from. */
function isBuilt(output, sources) {
  if (!existsSync(join(root, output))) return false
  const time = statSync(join(root, output)).mtimeMs
  return sources.every((folder) => newestIn(join(root, folder)) < time)
}

function newestIn(folder) {
  const names = readdirSync(folder, { recursive: true })
  return Math.max(...names.map((name) => statSync(join(folder, name)).mtimeMs))
}

function compile(project) {
  run(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', project])
}

function run(command, args) {
  // npm is a batch file on Windows.
  const shell = command === 'npm' && process.platform === 'win32'
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}
