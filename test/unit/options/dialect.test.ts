import { expect, test } from 'vitest'
import { createVerifier, type Dialect, OptionsError } from '../../../src/index.ts'
import { issuerUrl, resource } from '../../support/kit.ts'

function pathsOf(dialect: unknown): readonly string[] {
  try {
    createVerifier({ issuer: { issuer: issuerUrl, dialect: dialect as Dialect }, resource })
    return []
  } catch (error) {
    if (error instanceof OptionsError) return error.problems.map(({ path }) => path)
    throw error
  }
}

test.each([
  [['rfc9069', '', 7, null, [], new (class Own {})()], 'issuer.dialect'],
  [[{}, { name: '' }, { name: 7 }], 'issuer.dialect.name'],
  [[{ name: 'x', typ: 'JWT' }], 'issuer.dialect.typ'],
  [
    [
      { name: 'x', types: 'JWT' },
      { name: 'x', types: [] },
    ],
    'issuer.dialect.types',
  ],
  [
    [
      { name: 'x', types: [7] },
      { name: 'x', types: ['oauth-id-jag+jwt'] },
      { name: 'x', types: ['application/DPoP+JWT'] },
      { name: 'x', types: ['aa-auth+jwt'] },
      { name: 'x', types: ['txntoken+jwt'] },
      { name: 'x', types: ['oauth-client-attestation-pop+jwt'] },
    ],
    'issuer.dialect.types[0]',
  ],
  [[{ name: 'x', optionalClaims: ['exp'] }], 'issuer.dialect.optionalClaims[0]'],
  [
    [
      { name: 'x', clientId: 'cid' },
      { name: 'x', clientId: [] },
    ],
    'issuer.dialect.clientId',
  ],
  [[{ name: 'x', tokenId: 'uti' }], 'issuer.dialect.tokenId'],
  [[{ name: 'x', scopes: ['scpx'] }], 'issuer.dialect.scopes[0]'],
  [[{ name: 'x', parties: {} }], 'issuer.dialect.parties'],
  [[{ name: 'x', refuse: 'typ' }], 'issuer.dialect.refuse'],
])('Options: %j is refused at %s', (values, path) => {
  for (const value of values) expect(pathsOf(value)).toContain(path)
})

test('Options: a dialect is copied, and describe() tells its name', () => {
  const dialect: Dialect = { name: 'mine', types: ['JWT'] }
  const verifier = createVerifier({ issuer: [{ issuer: issuerUrl, dialect }, 'https://b.example.test'], resource })
  dialect.name = 'changed'
  expect(verifier.describe().issuers.map((issuer) => issuer.dialect)).toEqual(['mine', 'rfc9068'])
})
