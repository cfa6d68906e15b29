import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Children of the benchmark, by the path of their module under this folder. */
export function startChild(
  module: string,
  args: readonly string[] = [],
  execArgv: readonly string[] = [],
): ChildProcess {
  const path = fileURLToPath(new URL(module, import.meta.url))
  return fork(path, [...args], { execArgv: [...execArgv], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

/** Starts one, and gives the one message it sends before it ends. */
export async function askChild<T>(
  module: string,
  args: readonly string[],
  execArgv: readonly string[] = [],
): Promise<T> {
  const child = startChild(module, args, execArgv)
  const ended = once(child, 'exit')
  const answer = await nextMessage<T>(child)
  await ended
  return answer
}

/** The next message of a child; an error when it ends without. */
export async function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) =>
      reject(new Error(`${child.spawnargs.slice(1).join(' ')} ended with ${code}`))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message as T)
    })
  })
}

export async function ask<T>(child: ChildProcess, message: object): Promise<T> {
  const answer = nextMessage<T>(child)
  child.send(message)
  return answer
}

export async function endChild(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill()
  await ended
}
