import { OptionsError, type RevocationSource } from 'onbehalf'
import { anyOf, memoryRevocations } from 'onbehalf/revocation'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createKit, type Kit } from '../../support/kit.ts'
import { rejectionWithWitness } from '../../support/rejection.ts'
import { queryOf } from './query.ts'

afterEach(() => {
  vi.useRealTimers()
})

const sourceOf = (isRevoked: () => unknown) => ({ isRevoked: vi.fn(isRevoked as () => boolean) })
const fail = () => {
  throw new Error('down')
}

type What = 'true' | 'false' | 'outage'

/** Every way to say something, at once and later. */
const ways: Readonly<Record<string, readonly [What, () => unknown]>> = {
  true: ['true', () => true],
  false: ['false', () => false],
  'a throw': ['outage', fail],
  undefined: ['outage', () => undefined],
  null: ['outage', () => null],
  one: ['outage', () => 1],
  text: ['outage', () => 'false'],
  'true later': ['true', async () => true],
  'false later': ['false', async () => false],
  'a rejection': ['outage', async () => fail()],
  'undefined later': ['outage', async () => undefined],
  'one later': ['outage', async () => 1],
  // biome-ignore lint/suspicious/noThenProperty: a foreign promise is what is tested
  'true of a foreign promise': ['true', () => ({ then: (resolve: (answer: boolean) => void) => resolve(true) })],
  // biome-ignore lint/suspicious/noThenProperty: a foreign promise is what is tested
  'a foreign promise that throws': ['outage', () => ({ then: fail })],
  'a foreign promise that cannot be read': [
    'outage',
    () => Object.defineProperty({}, 'then', { get: fail }) as unknown,
  ],
}
const isLate = (name: string) => /later|rejection|promise that throws|of a foreign/.test(name)

function expected(...said: readonly What[]): What {
  if (said.includes('true')) return 'true'
  return said.includes('outage') ? 'outage' : 'false'
}

async function answerOf(source: RevocationSource): Promise<What> {
  try {
    return String(await source.isRevoked(queryOf())) as What
  } catch {
    return 'outage'
  }
}

describe.each(Object.entries(ways))('with one that answers %s', (name, [said, way]) => {
  test('P41: alone it is what that one says', async () => {
    const source = anyOf(sourceOf(way))
    expect([await answerOf(source), await answerOf(source)]).toEqual([said, said])
  })

  test('P41: beside any other, true wins over an outage, and an outage over false', async () => {
    for (const [otherName, [otherSaid, otherWay]] of Object.entries(ways)) {
      for (const pair of [[way, otherWay] as const, [otherWay, way] as const]) {
        const source = anyOf(...pair.map(sourceOf))
        const answers = [await answerOf(source), await answerOf(source), await answerOf(source)]
        expect([otherName, ...answers]).toEqual([otherName, ...Array(3).fill(expected(said, otherSaid))])
      }
    }
  })

  test('P41: among three it stays so, in every order', async () => {
    const rest = [ways['false later'], ways['a throw'], ways['true later']].map((one) => one?.[1] ?? fail)
    for (const more of rest) {
      for (const order of [
        [way, () => false, more],
        [() => false, more, way],
        [more, way, () => false],
      ]) {
        const saidByMore = more === rest[0] ? 'false' : more === rest[1] ? 'outage' : 'true'
        expect(await answerOf(anyOf(...order.map(sourceOf)))).toBe(expected(said, 'false', saidByMore))
      }
    }
  })

  test('Revocation: it is a promise only where that one answers later, and what others say at once is not enough', async () => {
    const source = anyOf(
      sourceOf(() => false),
      sourceOf(way),
    )
    for (let round = 0; round < 2; round++) {
      const answer = syncAnswer(source)
      expect(answer instanceof Promise).toBe(isLate(name))
      if (answer instanceof Promise) await answer.catch(() => {})
    }
  })
})

function syncAnswer(source: RevocationSource): unknown {
  try {
    return source.isRevoked(queryOf())
  } catch {
    return undefined
  }
}

test('Revocation: one that answers later is not asked where another says at once that it is revoked', async () => {
  const late = sourceOf(async () => false)
  let isRevoked = false
  const source = anyOf(
    late,
    sourceOf(() => isRevoked),
  )
  expect(await source.isRevoked(queryOf())).toBe(false)
  isRevoked = true
  expect(source.isRevoked(queryOf())).toBe(true)
  expect(late.isRevoked).toHaveBeenCalledTimes(1)
})

test('P41: a rejection that no longer matters is handled', async () => {
  const [first, second] = [rejectionWithWitness(), rejectionWithWitness()]
  expect(
    anyOf(
      sourceOf(() => first.promise),
      sourceOf(() => true),
    ).isRevoked(queryOf()),
  ).toBe(true)
  expect(
    await anyOf(
      sourceOf(async () => true),
      sourceOf(() => second.promise),
    ).isRevoked(queryOf()),
  ).toBe(true)
  expect([first.isHandled(), second.isHandled()]).toEqual([true, true])
})

test('P41: true is known although another never answers; false is not', async () => {
  const never = sourceOf(() => new Promise(() => {}))
  expect(
    await anyOf(
      never,
      sourceOf(async () => true),
    ).isRevoked(queryOf()),
  ).toBe(true)
  const settled = vi.fn()
  void Promise.resolve(
    anyOf(
      never,
      sourceOf(async () => false),
    ).isRevoked(queryOf()),
  ).then(settled, settled)
  await new Promise(setImmediate)
  expect(settled).not.toHaveBeenCalled()
})

describe('after a wait', () => {
  /** A source that answers false once it is released. */
  function open() {
    let release = () => {}
    const promise = new Promise<boolean>((resolve) => {
      release = () => resolve(false)
    })
    return { late: sourceOf(() => promise), release }
  }

  test('AUD-05: what was revoked in the meantime is revoked', async () => {
    const revocations = memoryRevocations()
    const { late, release } = open()
    const answer = anyOf(revocations, late).isRevoked(queryOf())
    revocations.revoke({ issuer: queryOf().issuer, party: 'alice' })
    release()
    expect(await answer).toBe(true)
  })

  test('P41: one that fails then is an outage', async () => {
    let isDown = false
    const { late, release } = open()
    const answer = anyOf(
      sourceOf(() => (isDown ? fail() : false)),
      late,
    ).isRevoked(queryOf())
    isDown = true
    release()
    await expect(answer).rejects.toThrow()
  })

  test('P41: one that answers with a promise then is awaited, and is asked once more at the most', async () => {
    for (const said of [true, false]) {
      const answers = [false, Promise.resolve(said)]
      const turning = sourceOf(() => answers.shift())
      const { late, release } = open()
      const answer = anyOf(turning, late).isRevoked(queryOf())
      release()
      expect(await answer).toBe(said)
      expect([turning.isRevoked.mock.calls.length, late.isRevoked.mock.calls.length]).toEqual([2, 1])
    }
  })
})

test('Revocation: sources are called as methods, each once a request, also where it is given twice or within another', async () => {
  class Source {
    calls = 0
    isRevoked() {
      this.calls++
      return false
    }
  }
  const [one, two] = [new Source(), new Source()]
  const { isRevoked } = anyOf(one, anyOf(two, one), one)
  expect(isRevoked(queryOf())).toBe(false)
  expect([one.calls, two.calls]).toEqual([1, 1])
})

test.each<[string, readonly unknown[], readonly string[]]>([
  ['no source', [], ['anyOf']],
  ['undefined', [undefined], ['anyOf[0]']],
  ['null', [null], ['anyOf[0]']],
  ['a function', [() => false], ['anyOf[0]']],
  ['a list', [[memoryRevocations()]], ['anyOf[0]']],
  ['sources of which two are none', [memoryRevocations(), {}, { isRevoked: true }], ['anyOf[1]', 'anyOf[2]']],
])('Options: anyOf does not take %s', (_what, sources, paths) => {
  let problems: readonly string[] = []
  try {
    anyOf(...(sources as RevocationSource[]))
  } catch (error) {
    if (error instanceof OptionsError) problems = error.problems.map(({ path }) => path)
  }
  expect(problems).toEqual(paths)
})

describe('in a verifier', () => {
  let kit: Kit
  beforeAll(async () => {
    kit = await createKit({ token: { human: 'alice' } })
  })

  test('AUD-05: a cached token is refused as soon as one of two says so', async () => {
    const issuer = kit.issuer.issuer
    const [first, second] = [memoryRevocations({ clock: kit.clock }), memoryRevocations({ clock: kit.clock })]
    const verifier = kit.verifierWith({ revocation: anyOf(first, second) })
    const token = await kit.token()
    expect(await kit.code({ token, verifier })).toBe('admitted')
    expect(verifier.checkNow(await kit.request({ token }))).toMatchObject({ ok: true })
    second.revoke({ issuer, party: 'travel-7' })
    expect(await kit.code({ token, verifier })).toBe('token_revoked')
    second.forget({ issuer, party: 'travel-7' })
    first.revoke({ issuer, party: 'alice' })
    expect(await kit.code({ token, verifier })).toBe('token_revoked')
  })

  test.each(Object.entries(ways))(
    'P41: beside a memory, one that answers %s decides as alone',
    async (_name, [said, way]) => {
      const revocations = memoryRevocations({ clock: kit.clock })
      const verifier = kit.verifierWith({ revocation: anyOf(revocations, sourceOf(way)) })
      const token = await kit.token()
      const codes = { true: 'token_revoked', false: 'admitted', outage: 'revocation_unavailable' }
      expect(await kit.code({ token, verifier })).toBe(codes[said])
      revocations.revoke({ issuer: kit.issuer.issuer, party: 'alice' })
      expect(await kit.code({ token, verifier })).toBe('token_revoked')
    },
  )

  test('P41: one that hangs is an outage after the deadline, unless the token is revoked by another', async () => {
    const revocations = memoryRevocations({ clock: kit.clock })
    const hanging = sourceOf(() => new Promise(() => {}))
    const verifier = kit.verifierWith({ revocation: anyOf(hanging, revocations) })
    const views = [await kit.request({ token: { human: 'alice' } }), await kit.request({ token: { human: 'bob' } })]
    revocations.revoke({ issuer: kit.issuer.issuer, party: 'bob' })
    vi.useFakeTimers()
    const judged = views.map((view) => verifier.check(view))
    await vi.advanceTimersByTimeAsync(1_000)
    const codes = (await Promise.all(judged)).map((verdict) => !verdict.ok && verdict.refusal.code)
    expect(codes).toEqual(['revocation_unavailable', 'token_revoked'])
  })
})
