// Installs and builds what is missing, so that one npm command is enough after a clone.
import { execSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const root = new URL('..', import.meta.url)
const run = (command) => execSync(command, { cwd: root, stdio: 'inherit' })

if (!existsSync(new URL('node_modules/.package-lock.json', root))) run('npm ci --ignore-scripts --no-audit --no-fund')
run('npm run --silent build')
// Demos that run at the same time must not both compile themselves.
run('node node_modules/typescript/bin/tsc -p tsconfig.examples.json')
