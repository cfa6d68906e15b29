/** Programs of this folder as processes of their own, with the package compiled for them. */
import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeFolder } from '../../support/services.ts'

export interface Program {
  start(): Child
  remove(): void
}

export interface Child {
  /** Sends a message and resolves with the next one that comes back. Rejects where the process ends before. */
  ask<T>(message: object): Promise<T>
  end(): Promise<void>
}

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Compiles it into a folder that looks like the package, so that it imports `onbehalf` as an application does. */
export function buildProgram(name: string): Program {
  const { path: folder, remove } = makeFolder('program')
  const settings = {
    extends: join(root, 'tsconfig.build.json'),
    compilerOptions: {
      rootDir: root,
      outDir: join(folder, 'dist'),
      declaration: false,
      declarationMap: false,
      sourceMap: false,
      isolatedDeclarations: false,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    files: [join(root, `test/faults/processes/${name}.ts`)],
    include: [],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { stdio: 'inherit' })
  return { start: () => childOf(fork(join(folder, `dist/test/faults/processes/${name}.js`))), remove }
}

function childOf(child: ChildProcess): Child {
  return {
    ask(message) {
      child.send(message)
      return nextMessage(child)
    },
    async end() {
      if (child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (code: number | null) => reject(new Error(`the process ended with ${code}`))
    child.once('exit', fail)
    child.once('message', (message) => {
      child.off('exit', fail)
      resolve(message as T)
    })
  })
}
