import type { DialectName } from 'onbehalf'
import { describe, expect, test } from 'vitest'
import { outcomeOf, resource } from '../support/kit.ts'
import { grants, otherClasses } from './classes.ts'
import { dialectNames, read, verifierFor } from './reader.ts'

/**
 * What no claim tells apart: an ID token that has neither a nonce nor a hash, and whose audience is this resource, where
 * `optionalClaims` gives up both claims that it lacks. These dialects take the type `JWT`, and their own products' ID tokens
 * have other marks.
 */
const indistinguishable: readonly (readonly [title: string, dialects: readonly DialectName[]])[] = [
  ['ID token of Auth0', ['keycloak', 'scalekit', 'aap']],
  ['ID token of Entra ID', ['auth0', 'keycloak', 'scalekit', 'aap']],
]

describe.each(dialectNames)('another class of token under %s', (dialect) => {
  const strict = verifierFor(dialect)
  const lax = verifierFor(dialect, { optionalClaims: ['client_id', 'jti', 'iat'] })
  const classes = [...otherClasses, ...grants]

  test.each(classes)('RFC 8725 §3.12: $title is refused', ({ typ, claims }) => {
    for (const type of [typ, 'JWT', null]) expect(outcomeOf(read(strict, type, claims))).not.toBe('admitted')
  })

  test.each(classes)('RFC 8725 §3.12: $title is refused where claims are optional', ({ title, typ, claims }) => {
    const admitted = [typ, 'JWT', null].some((type) => read(lax, type, claims).ok)
    const isListed = indistinguishable.some(([name, dialects]) => name === title && dialects.includes(dialect))
    expect(admitted).toBe(isListed)
  })

  test.each(grants)('RFC 8725 §3.12: $title for this resource is refused by its type', ({ typ, claims }) => {
    expect(outcomeOf(read(lax, typ, { ...claims, aud: resource }))).toBe('token_type')
  })
})
