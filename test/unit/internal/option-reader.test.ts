import { describe, expect, test } from 'vitest'
import { OptionReader, OptionsError } from '../../../src/internal/option-reader.ts'

/** The value read, and the paths of the problems found. */
function reading<T>(read: (reader: OptionReader) => T) {
  const reader = new OptionReader()
  const value = read(reader)
  return { value, paths: reader.problems.map(({ path }) => path) }
}

const refused = (path: string) => ({ value: undefined, paths: [path] })
const taken = (value: unknown) => ({ value, paths: [] })

describe('problems', () => {
  test('OPTIONS: all problems are collected and thrown together, in the order found', () => {
    const reader = new OptionReader()
    reader.string('a', 1)
    reader.number('b', 1.5, 0, 9)
    reader.problem('c', 'is missing')
    let thrown: unknown
    try {
      reader.finish()
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(OptionsError)
    expect((thrown as OptionsError).problems).toEqual(reader.problems)
    expect(reader.problems.map(({ path }) => path)).toEqual(['a', 'b', 'c'])
  })

  test('OPTIONS: without a problem finish lets pass', () => {
    const reader = new OptionReader()
    reader.string('a', 'text')
    expect(() => reader.finish()).not.toThrow()
  })

  test('OPTIONS: every reader takes undefined as absent', () => {
    const { value, paths } = reading((reader) => [
      reader.object('o', undefined, ['a']),
      reader.string('o', undefined),
      reader.boolean('o', undefined),
      reader.number('o', undefined, 0, 9),
      reader.oneOf('o', undefined, ['a']),
      reader.list('o', undefined, () => 1),
      reader.strings('o', undefined),
      reader.stringOrList('o', undefined),
      reader.function('o', undefined),
      reader.methods('o', undefined, ['a']),
    ])
    expect(paths).toEqual([])
    expect(value.every((one) => one === undefined)).toBe(true)
  })
})

describe('object', () => {
  const read = (value: unknown) => reading((reader) => reader.object('dpop', value, ['one', 'two']))

  test('OPTIONS: a plain object is copied, without a prototype', () => {
    const given = { one: 1 }
    const { value, paths } = read(given)
    expect({ ...value }).toEqual(given)
    expect(value).not.toBe(given)
    expect(Object.getPrototypeOf(value)).toBeNull()
    expect(paths).toEqual([])
    expect(read(Object.assign(Object.create(null), given)).paths).toEqual([])
  })

  test.each([null, 1, 'text', true, [], () => 1, new Date(0), new (class Own {})(), Object.create({ one: 1 })])(
    'OPTIONS: %j is not a plain object',
    (value) => {
      expect(read(value)).toEqual(refused('dpop'))
    },
  )

  test('OPTIONS: unknown members are named by their paths, each', () => {
    expect(read({ one: 1, three: 3, four: undefined }).paths).toEqual(['dpop.three', 'dpop.four'])
  })

  test('OPTIONS: symbols and hidden members are unknown, names of Object.prototype, too', () => {
    expect(read({ [Symbol('one')]: 1 }).paths).toHaveLength(1)
    expect(read(Object.defineProperty({}, 'one', { value: 1, enumerable: false })).paths).toEqual(['dpop.one'])
    expect(read(JSON.parse('{"__proto__":1,"constructor":1}')).paths).toEqual(['dpop.__proto__', 'dpop.constructor'])
  })

  test.each(['', 'options'])('OPTIONS: members of the outermost object %j have paths of one name', (path) => {
    expect(reading((reader) => reader.object(path, { other: 1 }, ['one'])).paths).toEqual(['other'])
  })
})

describe('single values', () => {
  test.each([
    ['text', taken('text')],
    ['', refused('o')],
    [1, refused('o')],
    [null, refused('o')],
    [Object('text'), refused('o')],
  ])('OPTIONS: as a string %j', (value, expected) => {
    expect(reading((reader) => reader.string('o', value))).toEqual(expected)
  })

  test.each([
    [true, taken(true)],
    [false, taken(false)],
    ['true', refused('o')],
    [1, refused('o')],
    [null, refused('o')],
  ])('OPTIONS: as a boolean %j', (value, expected) => {
    expect(reading((reader) => reader.boolean('o', value))).toEqual(expected)
  })

  test.each([
    [3, taken(3)],
    [7, taken(7)],
    [2, refused('o')],
    [8, refused('o')],
    [3.5, refused('o')],
    [Number.NaN, refused('o')],
    [Number.POSITIVE_INFINITY, refused('o')],
    ['3', refused('o')],
    [3n, refused('o')],
    [null, refused('o')],
  ])('OPTIONS: as a whole number from 3 to 7 %s', (value, expected) => {
    expect(reading((reader) => reader.number('o', value, 3, 7))).toEqual(expected)
  })

  test.each([
    ['one', taken('one')],
    [2, taken(2)],
    [false, taken(false)],
    ['One', refused('o')],
    ['2', refused('o')],
    [null, refused('o')],
  ])('OPTIONS: as one of three values %j', (value, expected) => {
    expect(reading((reader) => reader.oneOf('o', value, ['one', 2, false]))).toEqual(expected)
  })

  test('OPTIONS: a function is taken as it is, nothing else is one', () => {
    const given = () => 1
    expect(reading((reader) => reader.function('o', given)).value).toBe(given)
    for (const value of [null, {}, 'text'])
      expect(reading((reader) => reader.function('o', value))).toEqual(refused('o'))
  })

  test('OPTIONS: an object needs all methods and may inherit them', () => {
    class Store {
      add() {}
      remove() {}
    }
    const store = new Store()
    expect(reading((reader) => reader.methods('o', store, ['add', 'remove'])).value).toBe(store)
    for (const value of [null, 1, () => 1, {}, { add() {} }, { add() {}, remove: 1 }]) {
      expect(reading((reader) => reader.methods('o', value, ['add', 'remove']))).toEqual(refused('o'))
    }
  })
})

describe('lists', () => {
  const numbers = (value: unknown) =>
    reading((reader) => reader.list('o', value, (path, item) => reader.number(path, item, 0, 9)))

  test('OPTIONS: items are read one by one, and the list is a copy', () => {
    const given = [1, 2]
    const { value, paths } = numbers(given)
    expect(value).toEqual(given)
    expect(value).not.toBe(given)
    expect(paths).toEqual([])
  })

  test.each([[[]], ['1'], [null], [{ length: 1, 0: 1 }], [new Set([1])]])(
    'OPTIONS: %j is no list with items',
    (value) => {
      expect(numbers(value)).toEqual(refused('o'))
    },
  )

  test('OPTIONS: a wrong or missing item is named by its index', () => {
    // biome-ignore lint/suspicious/noSparseArray: a hole is the subject here.
    expect(numbers([1, 'two', undefined, , 5, 10]).paths).toEqual(['o[1]', 'o[2]', 'o[3]', 'o[5]'])
  })

  test('OPTIONS: a list of strings takes no empty one', () => {
    expect(reading((reader) => reader.strings('o', ['a', 'b']))).toEqual(taken(['a', 'b']))
    expect(reading((reader) => reader.strings('o', 'a'))).toEqual(refused('o'))
    expect(reading((reader) => reader.strings('o', ['a', ''])).paths).toEqual(['o[1]'])
  })

  test('OPTIONS: one string stands for a list of one, where either may be given', () => {
    expect(reading((reader) => reader.stringOrList('o', 'a'))).toEqual(taken(['a']))
    expect(reading((reader) => reader.stringOrList('o', ['a', 'b']))).toEqual(taken(['a', 'b']))
    expect(reading((reader) => reader.stringOrList('o', []))).toEqual(refused('o'))
    expect(reading((reader) => reader.stringOrList('o', 1))).toEqual(refused('o'))
  })
})
