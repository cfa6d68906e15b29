import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { format, type Results } from '../../bench/results.ts'
import { readDocument, tableAfter } from '../package/documents.ts'
import { root } from './tree.ts'

const { sections } = JSON.parse(readFileSync(join(root, 'bench/results.json'), 'utf8')) as Results

test('README: the sentence about speed has the figure that was measured', () => {
  const [, percent] = /takes (\d+) % longer than the one signature verification/.exec(readDocument('README.md')) ?? []
  const hot = sections['pipeline']?.measurements.find(({ name }) => name === 'hot DPoP request')
  expect(Number(percent)).toBe(Math.round(((hot?.value ?? Number.NaN) - 1) * 100))
})

test.each(tableAfter('docs/performance.md', '# Performance'))(
  'DOCS: %s: %s is what the command measured',
  (_what, value, command) => {
    const section = /^npm run bench -- ([\w-]+)$/.exec(command ?? '')?.[1] ?? ''
    const measured = sections[section]?.measurements.map((one) => format(one.value, one.unit))
    expect(measured).toContain(value)
  },
)
