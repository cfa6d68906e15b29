import { type PoolOptions, type PoolWorker, type TestProject, ThreadsPoolWorker, type WorkerRequest } from 'vitest/node'

/**
 * One thread that outlives a run of Vitest, so that a mutant costs its tests and not a new thread with all modules read
 * again. Vitest evaluates test files anew in every run; the modules of `src` and of the test kit stay, with what they
 * remember. After some runs a new thread takes over, and after a run that was broken off.
 */
const runsPerThread = Number(process.env['ONBEHALF_MUTATION_RUNS'] ?? 1)

type Listener = (message: unknown) => void

let warm: { readonly worker: ThreadsPoolWorker; runs: number } | undefined

class WarmWorker implements PoolWorker {
  readonly name = 'warm'
  readonly #options: PoolOptions
  readonly #listeners: [event: string, listener: Listener][] = []
  #worker: ThreadsPoolWorker | undefined
  #isDone = false

  constructor(options: PoolOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    if (warm === undefined) {
      const worker = new ThreadsPoolWorker(this.#options)
      await worker.start()
      warm = { worker, runs: 0 }
    }
    warm.runs += 1
    this.#worker = warm.worker
  }

  on(event: string, listener: Listener): void {
    this.#listeners.push([event, listener])
    this.#worker?.on(event, listener)
  }

  off(event: string, listener: Listener): void {
    this.#worker?.off(event, listener)
  }

  send(message: WorkerRequest): void {
    if (message.type !== 'stop') {
      this.#worker?.send(message)
      return
    }
    this.#isDone = true
    const answer = { type: 'stopped', __vitest_worker_response__: true }
    for (const [event, listener] of this.#listeners) if (event === 'message') queueMicrotask(() => listener(answer))
  }

  /** A run that ends without the message `stop` was broken off: its thread may still be at work. */
  async stop(): Promise<void> {
    for (const [event, listener] of this.#listeners) this.#worker?.off(event, listener)
    if (this.#isDone && warm !== undefined && warm.runs < runsPerThread) return
    warm = undefined
    await this.#worker?.stop()
  }

  deserialize(data: unknown): unknown {
    return data
  }
}

/** As a plugin's hook, because the runner of Stryker asks for threads whatever the configuration says. */
export function useWarmPool({ project }: { readonly project: TestProject }): void {
  project.config.pool = 'warm'
  project.config.poolRunner = { name: 'warm', createPoolWorker: (options) => new WarmWorker(options) }
}
