import { expect, test } from 'vitest'
import { declaredNames, enclosingName } from '../support/declarations.ts'

const source = `const table = {
  row: 1,
} as const

export function create(
  options: Options,
): Made {
  const size = options.size
  const facts = () => size

  async function inner(a: string): Promise<void> {
    if (a === '') {
      run(a)
    } else {
      stop(a)
    }
  }

  return {
    inner,
    find: (a) => {
      return a
    },
    close() {
      stop()
    },
  }
}

export class Reader {
  list<T>(
    path: string,
  ): T {
    return read(path)
  }
}
const limit = 1
`
const enclosing = (text: string) =>
  enclosingName(
    source,
    source.split('\n').findIndex((line) => line.includes(text)),
  )

test('DOCS: the names that a source declares are found', () => {
  const names = ['table', 'create', 'facts', 'inner', 'find', 'close', 'Reader', 'list', 'limit']
  expect([...declaredNames(source)].sort()).toEqual([...names].sort())
})

test.each([
  ['row: 1', 'table'],
  ['size = options', 'create'],
  ['async function inner', 'inner'],
  ['run(a)', 'inner'],
  ['stop(a)', 'inner'],
  ['return {', 'create'],
  ['return a', 'find'],
  ['stop()', 'close'],
  ['read(path)', 'list'],
  ['const limit', 'limit'],
])('DOCS: %s stands in %s', (text, name) => {
  expect(enclosing(text)).toBe(name)
})
