import { join } from 'node:path'
import { refusals } from 'onbehalf'
import { expect, test } from 'vitest'
import { documents, tableAfter } from '../package/documents.ts'
import { readTree, root } from './tree.ts'

const sources = readTree(join(root, 'src')).map(({ text }) => text)

/** Members that have one possible value, or that no code fills. No document names them. */

test('DOCS: the table of refusals is the one in code, in its order', () => {
  const rows = Object.entries(refusals).map(([code, { status, error, detail }]) => [
    code,
    String(status),
    error ?? 'none',
    detail,
  ])
  expect(tableAfter('docs/refusals.md', '# Refusals')).toEqual(rows)
})

test.each([
  ['VerifierOptions', 'options.md', '## The verifier'],
  ['IssuerOptions', 'options.md', '## An issuer'],
  ['IssuerResolver', 'issuers.md', '## Tenants at run time'],
  ['DpopOptions', 'options.md', '## DPoP'],
  ['AccessRequirement', 'access.md', '## Rules'],
  ['CommonContext, AgentContext', 'context.md', '## Members'],
  ['Party', 'context.md', '## Parties'],
  ['AuditEvent', 'operating.md', '## Audit'],
  ['Health', 'operating.md', '## Health'],
])('DOCS: the table of %s has the members of the type, no more and no fewer', (types, page, heading) => {
  const shown = new Set(namesIn(page, heading).map((name) => name.split('.')[0]))
  expect([...shown].sort()).toEqual(types.split(', ').flatMap(membersOf).sort())
})

test.each([
  ['TokenOptions', 'token', '## The verifier'],
  ['NonceOptions', 'nonce', '## DPoP'],
])('DOCS: the rows of %s have the members of the type', (type, member, heading) => {
  const inner = namesIn('options.md', heading).flatMap((name) => {
    return name.startsWith(`${member}.`) ? [name.slice(member.length + 1)] : []
  })
  expect(inner.sort()).toEqual([...membersOf(type)].sort())
})

test('DOCS: the table of warnings has the codes of the type', () => {
  const declared = sources.join('\n').match(/^export type WarningCode =([\s\S]*?)\n\n/m)?.[1] ?? sources.join('\n')
  const codes = [...declared.matchAll(/\| '(\w+)'/g)].map(([, code = '']) => code)
  expect(tableAfter('docs/context.md', '## Warnings').map(([code]) => code)).toEqual(codes)
})

test('DOCS: every word in the form of a refusal code is one', () => {
  const families = new Set(Object.keys(refusals).map((code) => code.slice(0, code.indexOf('_'))))
  const known = new Set([...Object.keys(refusals), ...Object.values(refusals).map(({ error }) => error)])
  const unknown = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/`([a-z]+)_([a-z_]+)`/g)].flatMap(([, family = '', rest = '']) => {
      const word = `${family}_${rest}`
      return families.has(family) && !known.has(word) && !claims.has(word) ? [`${path}: ${word}`] : []
    }),
  )
  expect(unknown).toEqual([])
})

/** Claims and methods of the same form. */
const claims: ReadonlySet<string> = new Set([
  // Warnings.
  'actor_conflict',
  'certificate_header_ignored',
  'proof_time_reported',
  'access_token',
  'token_exchange',
  'introspection_endpoint',
  'authorization_details',
  'private_key_jwt',
  'actor_unclassified',
])

function namesIn(page: string, heading: string): readonly string[] {
  return tableAfter(`docs/${page}`, heading).map(([name = '']) => name)
}

/** Names of an interface's members, or of those each form of a union adds. */
function membersOf(type: string): readonly string[] {
  const source = sources.find((text) => new RegExp(`^export (?:interface|type) ${type}\\b`, 'm').test(text))
  if (source === undefined) throw new Error(`no type ${type} in src`)
  const declaration =
    source.match(new RegExp(`^export (?:interface|type) ${type}\\b[\\s\\S]*?(?:^}|\\n\\n)`, 'm'))?.[0] ?? ''
  const members = declaration.startsWith('export interface')
    ? declaration.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)
    : declaration.matchAll(/\breadonly (\w+)\??:/g)
  return [...new Set([...members].map(([, name = '']) => name))]
}
