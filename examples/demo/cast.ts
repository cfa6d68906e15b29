import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { withDeadline } from './deadline.ts'
import type { Note } from './protocol.ts'
import type { Commands, Message, Reply } from './serve.ts'

export interface Player<C extends Commands> {
  ask<K extends keyof C & string>(command: K, input: Parameters<C[K]>[0]): ReturnType<C[K]>
}

/** Every process of the demo; none outlives it. */
export interface Cast {
  /** A process that reads its settings from its first argument and answers commands. */
  player<C extends Commands>(program: string, settings?: object, onNote?: (note: Note) => void): Player<C>
  /** A program as it is run anywhere: settings from the environment, one JSON document a line on standard output. */
  program(path: string, env: Record<string, string>, onLine: (line: string) => void): void
  dismiss(): Promise<void>
}

const leash = new URL('./leash.js', import.meta.url).href

export function createCast(onFailure: (failure: Error) => void): Cast {
  const children = new Set<ChildProcess>()

  function start(path: string, args: string[], env: Record<string, string>, stdout: 'pipe' | 'inherit'): ChildProcess {
    const child = fork(new URL(path, import.meta.url), args, {
      env: { ...process.env, ...env },
      execArgv: ['--import', leash],
      stdio: ['ignore', stdout, 'inherit', 'ipc'],
    })
    children.add(child)
    child.on('error', onFailure)
    child.on('exit', () => {
      if (children.delete(child)) onFailure(new Error(`${path} ended before the story did`))
    })
    return child
  }

  return {
    player: (program, settings = {}, onNote = () => {}) =>
      converse(start(`./players/${program}.js`, [JSON.stringify(settings)], {}, 'inherit'), program, onNote),
    program(path, env, onLine) {
      const { stdout } = start(path, [], env, 'pipe')
      if (stdout !== null) createInterface({ input: stdout }).on('line', onLine)
    },
    async dismiss() {
      const leaving = [...children]
      children.clear()
      await Promise.all(
        leaving.map(async (child) => {
          const gone = once(child, 'exit')
          if (child.kill('SIGKILL')) await gone
        }),
      )
    },
  }
}

function converse<C extends Commands>(child: ChildProcess, name: string, onNote: (note: Note) => void): Player<C> {
  const waiting = new Map<number, (reply: Reply) => void>()
  let last = 0
  child.on('message', (message: Message) => {
    if ('note' in message) return onNote(message.note)
    waiting.get(message.id)?.(message)
    waiting.delete(message.id)
  })

  async function ask(command: string, input: unknown): Promise<unknown> {
    const id = ++last
    const replied = new Promise<Reply>((resolve) => waiting.set(id, resolve))
    child.send({ id, command, input })
    const reply = await withDeadline(replied, `${name}: ${command}`)
    if ('failure' in reply) throw new Error(`${name}: ${command}: ${reply.failure}`)
    return reply.result
  }
  return { ask: ask as Player<C>['ask'] }
}
