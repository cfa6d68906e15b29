import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type RefusalCode, refusals } from 'onbehalf'
import { expect, test } from 'vitest'
import { readBlocks, readDocument, tableAfter } from '../package/documents.ts'
import { root } from './tree.ts'

const readme = readDocument('README.md')
const steps = tableAfter('README.md', '## What happens to a request')

test('README: has at most 220 lines', () => {
  expect(readme.split('\n').length - 1).toBeLessThanOrEqual(220)
})

test('README: first what it is, what gets in, the installation, the line and its output, then seven steps', () => {
  const order = ['# onbehalf\n', '**What gets in:**', 'npm install onbehalf', 'app.use(agentAuth(', '```json', '| step']
  const places = order.map((text) => readme.indexOf(text))
  expect(places).toEqual([...places].sort((a, b) => a - b))
  expect(places[0]).toBe(0)
  expect(steps).toHaveLength(7)
})

test('README: what gets in is one line, which leads to the options', () => {
  const line = readme.split('\n').find((text) => text.startsWith('**What gets in:**'))
  expect(line).toContain('(docs/options.md#if-your-tokens-look-different)')
})

test('README: the context it shows has fewer than 25 lines', () => {
  const shown = readBlocks(readme).find(({ language }) => language === 'json')
  expect(shown?.text.trimEnd().split('\n').length).toBeLessThan(25)
})

test('README: every refusal that the steps name is one', () => {
  const words = steps.flatMap((cells) => cells.join(' ').match(/\b[a-z]+_(?:[a-z_]+|\*)(?![\w(])/g) ?? [])
  expect(words.filter((word) => !Object.keys(refusals).some((code) => matches(word, code as RefusalCode)))).toEqual([])
  expect(words.length).toBeGreaterThan(8)
})

test('README: cors(), public routes, agentAuth and the API stand in this order', () => {
  const order = ['## Where it goes', 'app.use(cors())', "app.get('/health'", 'app.use(agentAuth(', "app.get('/tools'"]
  const section = readme.slice(readme.indexOf('## Where it goes'))
  const places = order.map((text) => section.indexOf(text))
  expect(places).toEqual([...places].sort((a, b) => a - b))
  expect(places[0]).toBe(0)
})

test('README: beside handOver it says what stays done', () => {
  const lines = readme.split('\n').filter((line) => line.includes('handOver'))
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain('`agentContext`')
  expect(lines[0]).toContain('(docs/refusals.md#changing-the-answer)')
})

test('README: its list of pages has every page in docs', () => {
  const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
  expect(pages.filter((name) => !readme.includes(`(docs/${name})`))).toEqual([])
})

function matches(word: string, code: RefusalCode): boolean {
  return word.endsWith('*') ? code.startsWith(word.slice(0, -1)) : code === word
}
