/** Ways in which a function that a user gave can fail. */

export interface Fault {
  readonly name: string
  readonly answer: () => unknown
  /** Whether an answer came, so that only its value is wrong. */
  readonly isAnswer: boolean
}

const boom = () => {
  throw new Error('in the hook, at db.internal.test')
}

function failing(name: string, answer: () => unknown): Fault {
  return { name, answer, isAnswer: false }
}

function answering(name: string, answer: () => unknown): Fault {
  return { name, answer, isAnswer: true }
}

export const faults: readonly Fault[] = [
  failing('throws', boom),
  failing('throws undefined', () => {
    throw undefined
  }),
  failing('rejects', () => Promise.reject(new Error('later, at db.internal.test'))),
  failing('hangs', () => new Promise<never>(() => {})),
  // biome-ignore lint/suspicious/noThenProperty: foreign promises are what is tested
  failing('answers a thenable that throws', () => ({ then: boom })),
  // biome-ignore lint/suspicious/noThenProperty: foreign promises are what is tested
  failing('answers a thenable that never calls back', () => ({ then: () => {} })),
  failing('answers an object whose then throws when it is read', () =>
    Object.defineProperty({}, 'then', { get: boom }),
  ),
  failing('answers a promise whose then throws', () => withThen(boom)),
  failing('answers a promise without a then', () => withThen(undefined)),
  failing('answers an object of the class of promises', () => Object.create(Promise.prototype)),
  answering('answers undefined', () => undefined),
  answering('answers null', () => null),
  answering('answers 0', () => 0),
  answering('answers NaN', () => Number.NaN),
  answering('answers an empty object', () => ({})),
  answering('answers a list', () => [true]),
  answering('answers yes', () => 'yes'),
  answering('answers a symbol', () => Symbol('fresh')),
  answering('answers a function', () => () => true),
  answering('answers a promise of undefined', async () => undefined),
  answering('answers a promise of null', async () => null),
  answering('answers a promise of yes', async () => 'yes'),
  answering('answers an object whose then throws when it is read again', thenReadOnce),
]

function withThen(then: unknown): object {
  return Object.defineProperty(Promise.resolve(false), 'then', { value: then })
}

function thenReadOnce(): object {
  let reads = 0
  return Object.defineProperty({}, 'then', { get: () => (reads++ === 0 ? undefined : boom()) })
}

/** A function that fails at one call, and is good at every other. */
export function failingAt<T>(fault: Fault, at: number, good: () => T): { call: () => T; readonly calls: number } {
  let calls = 0
  return {
    call() {
      calls++
      return calls === at ? (fault.answer() as T) : good()
    },
    get calls() {
      return calls
    },
  }
}
