import type { Directory, IssuerOptions, ReplayAnswer, VerifierOptions } from 'onbehalf'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createKit, type Kit, type Outcome, outcomeOf } from '../support/kit.ts'
import { type Fault, failingAt, faults } from './faults.ts'
import { isFull } from './size.ts'
import { fakeDeadlines, patiently } from './waiting.ts'

const requests = isFull ? 5 : 3
let kit: Kit
let unhandled = 0
const count = () => {
  unhandled++
}

beforeAll(async () => {
  kit = await createKit()
  process.on('unhandledRejection', count)
})
afterAll(() => {
  process.off('unhandledRejection', count)
})
beforeEach(fakeDeadlines)
afterEach(() => {
  vi.useRealTimers()
})

type Answers = Readonly<Record<HookName, () => unknown>>
type HookName = 'resolver' | 'replay' | 'revocation' | 'directory' | 'where' | 'requiredSink' | 'sink'

interface Hook {
  readonly name: HookName
  /** The refusal of a request during which it fails; undefined: nothing depends on it. */
  readonly code: Outcome | undefined
  /** Whether such an answer is a good one. */
  takes(fault: Fault): boolean
  /** The refusal where that differs from `code`. */
  codeAfter?(fault: Fault): Outcome | undefined
  /** Seconds between two requests. */
  readonly pause?: number
}

const isUndefined = ({ name }: Fault) => /^answers (?:a promise of )?undefined$/.test(name)

const hooks: readonly Hook[] = [
  {
    name: 'resolver',
    code: 'keys_unavailable',
    takes: () => false,
    // An issuer that it does not know. That is remembered for 30 s, and what it knows for 1 s.
    codeAfter: (fault) => (isUndefined(fault) ? 'token_issuer' : undefined),
    pause: 31,
  },
  { name: 'replay', code: 'replay_unavailable', takes: () => false },
  { name: 'revocation', code: 'revocation_unavailable', takes: () => false },
  // Unknown parties, and parties of which nothing is said, are answers.
  {
    name: 'directory',
    code: 'directory_unavailable',
    takes: (fault) => isUndefined(fault) || /empty object|read again/.test(fault.name),
  },
  { name: 'where', code: 'policy_unavailable', takes: () => false },
  // What a sink returns is not read.
  { name: 'requiredSink', code: 'audit_unavailable', takes: ({ isAnswer }) => isAnswer },
  { name: 'sink', code: undefined, takes: ({ isAnswer }) => isAnswer },
]

const goodAnswers: Answers = {
  resolver: () => kit.trust,
  replay: () => 'fresh',
  revocation: () => false,
  directory: () => undefined,
  where: () => true,
  requiredSink: () => undefined,
  sink: () => undefined,
}

/** A verifier with every hook; one whose issuer is configured needs no resolver. */
function optionsWith(answers: Answers, name: HookName): Partial<VerifierOptions> {
  const issuer = { resolve: () => answers.resolver() as IssuerOptions, freshSeconds: 1 }
  return {
    ...(name === 'resolver' && { issuer }),
    dpop: { offload: 'never', replay: { add: () => answers.replay() as ReplayAnswer } },
    revocation: { isRevoked: () => answers.revocation() as boolean },
    delegation: { directory: (() => answers.directory()) as Directory },
    access: { where: () => answers.where() as boolean },
    audit: [
      { sink: { write: () => answers.requiredSink() as undefined }, required: true },
      () => answers.sink() as undefined,
    ],
  }
}

interface Run {
  readonly codes: readonly Outcome[]
  /** How often the hook had been called before each request, and after the last. */
  readonly calls: readonly number[]
  readonly failed: number
}

/** Some requests in a row, while one hook fails at its `at`-th call. */
async function run(hook: Hook, fault: Fault, at: number, isLate: boolean): Promise<Run> {
  const good = goodAnswers[hook.name]
  const failing = failingAt(fault, at, isLate ? async () => good() : good)
  const verifier = kit.verifierWith(optionsWith({ ...goodAnswers, [hook.name]: failing.call }, hook.name))
  const token = await kit.token({ human: 'alice' })
  const codes: Outcome[] = []
  const calls = [0]
  for (let nth = 0; nth < requests; nth++) {
    codes.push(outcomeOf(await patiently(verifier.check(await kit.request({ token })))))
    calls.push(failing.calls)
    kit.clock.advance(hook.pause ?? 0)
  }
  await vi.advanceTimersByTimeAsync(requests * 1_000)
  return { codes, calls, failed: verifier.health().audit.failed }
}

function expectedOf({ calls }: Run, hook: Hook, fault: Fault, at: number): readonly Outcome[] {
  const code = hook.codeAfter?.(fault) ?? hook.code ?? 'admitted'
  return Array.from({ length: requests }, (_, nth) =>
    (calls[nth] ?? 0) < at && at <= (calls[nth + 1] ?? 0) ? code : 'admitted',
  )
}

describe.each(hooks)('Hooks: $name', (hook) => {
  describe.each([
    ['at once', false],
    ['later', true],
  ])('that answers %s', (_when, isLate) => {
    test.each(faults)('Hooks: $name, once, refuses the request of that call and no other', async (fault) => {
      for (let at = 1; at <= requests; at++) {
        const first = await run(hook, fault, at, isLate)
        const expected = hook.takes(fault) ? Array(requests).fill('admitted') : expectedOf(first, hook, fault, at)
        expect(first.codes, `call ${at} of ${first.calls.join(' ')}`).toEqual(expected)
        if (hook.name === 'sink' && !hook.takes(fault)) expect(first.failed).toBe(1)
        expect(await run(hook, fault, at, isLate)).toEqual(first)
      }
      expect(unhandled).toBe(0)
    })
  })
})
