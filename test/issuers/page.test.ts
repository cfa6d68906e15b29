import type { IssuerOptions } from 'onbehalf'
import * as presets from 'onbehalf/issuers'
import { describe, expect, test } from 'vitest'
import { tableAfter } from '../package/documents.ts'
import { defaultTokens, type Product } from './default-tokens.ts'
import { forge, now, optionsOf, refusalWith, sectionOf } from './page-kit.ts'

/**
 * What docs/issuers.md says, held against tokens as a default tenant writes them: they are admitted with the options of the
 * page, and with no fewer.
 */

const samples = defaultTokens(now, forge.agent.jkt)
const products = (Object.keys(samples) as Product[]).map((name) => ({
  name,
  ...samples[name],
  options: optionsOf(name),
}))

describe.each(products)('$title', ({ name, title, options, ...sample }) => {
  const needed = neededBy(options)

  test('DOCS: its default token is admitted with the options of the page', async () => {
    expect(await refusalWith(options, sample)).toBeUndefined()
  })

  test('DOCS: it is refused by the preset alone', async () => {
    const alone = needed.reduce(without, options)
    const hint = (await refusalWith(alone, sample))?.facts.hint
    expect(needed.map(lastOf)).toContain(lastOf(hint))
  })

  test('DOCS: without any one of the options it is refused, and the hint names that one', async () => {
    for (const path of needed) {
      const refusal = await refusalWith(without(options, path), sample)
      expect([path, lastOf(refusal?.facts.hint)]).toEqual([path, lastOf(path)])
    }
  })

  test('DOCS: the table names these options, and the section has the snippet', () => {
    const row = tableAfter('docs/issuers.md', '## What each product sends').find(([cell]) =>
      cell?.includes(`[${title}]`),
    )
    expect(row?.[3]?.split(', ').sort()).toEqual(needed.map(lastOf).sort())
    expect(sectionOf(title)).toContain(`\`\`\`ts ${name}.ts`)
  })
})

test('DOCS: a token with another typ hints at the dialect, where none is named', async () => {
  const others = products.filter(({ typ }) => typ !== 'at+jwt')
  for (const { options, ...sample } of others) {
    const refusal = await refusalWith({ ...options, dialect: undefined }, sample)
    expect([sample.name, refusal?.code, refusal?.facts.hint]).toEqual([sample.name, 'token_type', 'issuer.dialect'])
  }
  expect(others.length).toBeGreaterThan(8)
})

test('DOCS: every preset has a section, a row and a default token', () => {
  expect(
    Object.keys(samples)
      .filter((name) => name !== 'oidc-provider')
      .sort(),
  ).toEqual(Object.keys(presets).sort())
  expect(tableAfter('docs/issuers.md', '## What each product sends')).toHaveLength(products.length)
})

/** Paths of the options on the page that relax a check or name another audience. */
function neededBy({ audience, maxTokenSeconds, dangerously = {} }: IssuerOptions): readonly string[] {
  return [
    ...(audience === undefined ? [] : ['audience']),
    ...(maxTokenSeconds === undefined ? [] : ['maxTokenSeconds']),
    ...Object.keys(dangerously).map((name) => `dangerously.${name}`),
  ]
}

function without(options: IssuerOptions, path: string): IssuerOptions {
  const name = lastOf(path)
  return name === path
    ? { ...options, [path]: undefined }
    : { ...options, dangerously: { ...options.dangerously, [name]: undefined } }
}

function lastOf(path: string | undefined): string {
  return path?.split('.').at(-1) ?? ''
}
