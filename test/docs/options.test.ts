import { createVerifier, OptionsError, type PolicyDescription, type VerifierOptions } from 'onbehalf'
import { describe, expect, test } from 'vitest'
import { tableAfter } from '../package/documents.ts'

/** The defaults and bounds in the tables of docs/options.md, tried out. */

const issuer = 'https://as.example.com'
const required = { issuer, resource: 'https://api.example.com' }
const secret = 'a secret of more than thirty-two bytes'

interface Row {
  /** As an OptionsError names it. */
  readonly path: string
  readonly standard: string
  readonly least: number
  readonly most: number
}

const rows: readonly Row[] = [
  ...rowsOf('## The verifier', ''),
  ...rowsOf('## An issuer', 'issuer.'),
  ...rowsOf('## DPoP', 'dpop.'),
]

describe.each(rows)('DOCS: $path', ({ path, standard, least, most }) => {
  test('DOCS: takes its bounds and nothing beyond them', () => {
    const tried = [least - 1, least, most, most + 1].map((value) => problemsWith(path, value).includes(path))
    expect(tried).toEqual([true, false, false, true])
  })

  test('DOCS: has the default that the table names', () => {
    const given = path.startsWith('dpop.nonce.') ? { ...required, dpop: { nonce: { secret } } } : required
    const shown = describedAs(path, createVerifier(given).describe())
    if (shown !== undefined) expect(String(shown)).toBe(standard)
  })
})

test('DOCS: the tables have the options with bounds', () => {
  expect(rows.length).toBe(16)
})

function rowsOf(heading: string, prefix: string): readonly Row[] {
  return tableAfter('docs/options.md', heading).flatMap(([name = '', standard = '', allowed = '']) => {
    const [, least, most] = /^(\d+) to (\d+)$/.exec(allowed) ?? []
    if (least === undefined || most === undefined) return []
    return [{ path: prefix + name, standard, least: Number(least), most: Number(most) }]
  })
}

/** Beside another wrong option, so that no verifier of this size is made. */
function problemsWith(path: string, value: number): readonly string[] {
  try {
    createVerifier({ ...optionsWith(path.split('.'), value), audience: '' })
    throw new Error('an empty audience was taken')
  } catch (error) {
    if (error instanceof OptionsError) return error.problems.map((problem) => problem.path)
    throw error
  }
}

function optionsWith([first = '', ...rest]: readonly string[], value: number): VerifierOptions {
  const given = rest.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as object
  if (first === 'issuer') return { ...required, issuer: { issuer, ...given } }
  return { ...required, [first]: rest[0] === 'nonce' ? { nonce: { secret, seconds: value } } : given }
}

/** Undefined where the description leaves it out. */
function describedAs(path: string, policy: PolicyDescription): unknown {
  const [first = '', ...rest] = path.split('.')
  const start: unknown = first === 'issuer' ? policy.issuers[0] : (policy as unknown as Record<string, unknown>)[first]
  return rest.reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], start)
}
