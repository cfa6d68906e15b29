import { expect, test } from 'vitest'
import { readTree } from './tree.ts'

const product = readTree().filter(({ path }) => /^(?:src|adapters)\/.*\.ts$/.test(path))

/** Each adapter offers these under the same name: that is how a program changes its framework. */
const samePerAdapter = new Set(['agentAuth', 'requireAccess', 'agentContextOf', 'accessSummary', 'resourceMetadata'])

test('HYGIENE: no function name stands for two things', () => {
  expect(Object.fromEntries(definedTwice())).toEqual({})
})

test('HYGIENE: the search for functions finds them', () => {
  const text =
    'export async function readA<T>() {}\nfunction readB() {}\nconst readC = (a: A): B => a\nconst readD = async () => 1'
  expect(functionsIn(text)).toEqual(['readA', 'readB', 'readC', 'readD'])
  expect(product.flatMap(({ text }) => functionsIn(text)).length).toBeGreaterThan(200)
})

function definedTwice(): ReadonlyMap<string, readonly string[]> {
  const places = new Map<string, string[]>()
  for (const { path, text } of product) {
    for (const name of functionsIn(text)) places.set(name, [...(places.get(name) ?? []), path])
  }
  const isAllowed = (name: string, paths: readonly string[]) =>
    samePerAdapter.has(name) && paths.every((path) => path.startsWith('adapters/') || path === 'src/mcp/context.ts')
  return new Map([...places].filter(([name, paths]) => paths.length > 1 && !isAllowed(name, paths)))
}

/** Functions of the module itself: those inside another function are named by it. */
function functionsIn(text: string): readonly string[] {
  const declarations =
    /^(?:export )?(?:(?:async )?function\*? (\w+)|const (\w+)(?::[^=\n]*)? = (?:async )?(?:<[^>]*>)?(?:\([^)\n]*\)(?:: [^=\n]+)?|\w+) =>)/gm
  return [...text.matchAll(declarations)].map(([, declared, assigned]) => (declared ?? assigned) as string)
}
