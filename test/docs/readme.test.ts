import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type RefusalCode, refusals } from 'onbehalf'
import { describe, expect, test } from 'vitest'
import { readme, tableAfter } from '../package/readme.ts'
import { readTree, root } from './tree.ts'

/** The last line before the table of what a route may ask for. */
const requirements = "app.get('/trips', mayTravel"
const sources = readTree(join(root, 'src')).map(({ text }) => text)

describe('README', () => {
  test('README: its table of refusals is the one in code, in its order', () => {
    const rows = Object.entries(refusals).map(([code, { status, error, detail }]) => [
      code,
      String(status),
      error ?? 'none',
      detail,
    ])
    expect(tableAfter('## Refusals')).toEqual(rows)
  })

  test.each([
    ['VerifierOptions', '`issuer` and `resource` are required'],
    ['IssuerOptions', 'An issuer as an object:'],
    ['DpopOptions', 'DPoP:\n'],
    ['AccessRequirement', requirements],
    ['CommonContext, AgentContext', '`req.agentContext` is deep-frozen'],
  ])('README: the table of %s has the members of the type, no more and no fewer', (types, text) => {
    const shown = tableAfter(text).flatMap(([names = '']) => names.split(', '))
    expect(shown.sort()).toEqual(types.split(', ').flatMap(membersOf).sort())
  })

  test('README: every refusal a table of requirements or steps names is one', () => {
    const rows = [...tableAfter(requirements), ...tableAfter('What happens to a request')]
    const words = rows.flatMap((cells) => cells.join(' ').match(/\b[a-z]+_(?:[a-z_]+|\*)(?![\w(])/g) ?? [])
    const codes = words.filter((word) => !Object.keys(refusals).some((code) => matches(word, code as RefusalCode)))
    expect(codes).toEqual([])
    expect(words.length).toBeGreaterThan(10)
  })

  test('README: the first screen has the sentence, the installation, the line, its output, and seven steps', () => {
    const start = readme.slice(0, readme.indexOf('\n## '))
    const order = ['# onbehalf', 'npm install onbehalf', 'app.use(agentAuth(', '```json', 'What happens to a request']
    const places = order.map((text) => start.indexOf(text))
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(places[0]).toBe(0)
    expect(tableAfter('What happens to a request')).toHaveLength(7)
  })

  test('README: names the commands of the repository, and they exist', () => {
    for (const command of ['npm run demo', 'npm test', 'npm run bench']) expect(readme).toContain(command)
  })

  test('README: what it links to exists', () => {
    const targets = [...readme.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, target = '']) => target)
    const headings = new Set([...readme.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => anchorOf(title)))
    const broken = targets.filter((target) =>
      target.startsWith('#') ? !headings.has(target) : !existsSync(join(root, target)),
    )
    expect(broken).toEqual([])
    expect(targets.length).toBeGreaterThan(10)
  })
})

/** Names of an interface's members, or of those each form of a union adds. */
function membersOf(type: string): readonly string[] {
  const source = sources.find(
    (text) => text.includes(`export interface ${type}`) || text.includes(`export type ${type}`),
  )
  if (source === undefined) throw new Error(`no type ${type} in src`)
  const declaration =
    source.match(new RegExp(`^export (?:interface|type) ${type}\\b[\\s\\S]*?(?:^}|\\n\\n)`, 'm'))?.[0] ?? ''
  const members = declaration.startsWith('export interface')
    ? declaration.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)
    : declaration.matchAll(/\breadonly (\w+)\??:/g)
  return [...new Set([...members].map(([, name = '']) => name))]
}

function matches(word: string, code: RefusalCode): boolean {
  return word.endsWith('*') ? code.startsWith(word.slice(0, -1)) : code === word
}

/** As the usual renderers make them. */
function anchorOf(title: string): string {
  return `#${title
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-')}`
}
