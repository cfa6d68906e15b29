import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './tree.ts'

const doors = ['express', 'fastify', 'fetch', 'mcp', 'node', 'otel', 'prometheus', 'redis'].map(
  (name) => `adapters/${name}.ts`,
)

const inner = ['audit-log', 'client', 'issuers', 'report', 'revocations', 'testing'].map(
  (name) => `src/${name}/index.ts`,
)

test.each(['src/index.ts', ...doors, ...inner])('SURFACE: %s exports these names', (path) => {
  expect(exportsOf(readFileSync(join(root, path), 'utf8'))).toMatchSnapshot()
})

test('SURFACE: package.json exports these entries, and depends on no more than these', () => {
  const { exports, dependencies, peerDependencies, engines } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  expect({
    exports: Object.keys(exports),
    dependencies: Object.keys(dependencies),
    peerDependencies,
    engines,
  }).toMatchSnapshot()
})

/** Names, types marked as such: from the text, since types are gone at run time. */
function exportsOf(source: string): readonly string[] {
  const lists = [...source.matchAll(/^export (type )?\{([\s\S]*?)\}/gm)].flatMap(([, type = '', names = '']) =>
    names.split(',').flatMap((name) => (name.trim() === '' ? [] : [`${type}${name.trim()}`])),
  )
  const declared = [...source.matchAll(/^export (?:async )?(function|const|class|interface|type) (\w+)/gm)].map(
    ([, kind = '', name = '']) => (/^(?:interface|type)$/.test(kind) ? `type ${name}` : name),
  )
  return [...lists, ...declared].sort()
}
