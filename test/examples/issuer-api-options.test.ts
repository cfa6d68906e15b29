import { describe, expect, test } from 'vitest'
import { apiOptions } from '../../examples/issuer/dialects/api-options.ts'
import { dialectNames, writeAs } from '../../examples/issuer/dialects/index.ts'
import { outcomeOf, resource } from '../support/kit.ts'
import { forge, issuer, relaxationsFor, send, situations, strict } from './dialect-tokens.ts'

const [itself, forPerson] = situations

describe.each(dialectNames)('Examples: the options for an API that reads %s', (dialect) => {
  const options = apiOptions(dialect, { issuer, resource, agents: ['travel-7'] })

  test.each([itself, forPerson])('admit the token of %s', async (situation) => {
    const written = writeAs(dialect, strict[situation])
    expect(outcomeOf(await send(written, { ...forge.trust, ...options }))).toBe('admitted')
  })

  test('relax what the tokens need, and nothing else', () => {
    const { issuer: _issuer, dialect: _dialect, dangerously = {}, ...others } = options
    const needed = new Set([...relaxationsFor(dialect, itself), ...relaxationsFor(dialect, forPerson)])
    expect([...Object.keys(others), ...Object.keys(dangerously)].sort()).toEqual([...needed].sort())
  })
})
