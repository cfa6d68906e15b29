/** How many of the tokens of each product are taken, as docs/issuers.md says. */
import { createVerifier, type IssuerOptions } from 'onbehalf'
import { requestView } from 'onbehalf/testing'
import type { Forge } from '../support/forge.ts'
import { url } from '../support/kit.ts'
import { type Fixture, type Issued, issue } from './fixture.ts'
import { plainOptions, waivedOptions } from './issuer-options.ts'
import { requestFor } from './request.ts'

const products: readonly (readonly [title: string, prefix: string])[] = [
  ['Auth0', 'auth0'],
  ['Okta', 'okta'],
  ['Microsoft Entra ID', 'entra'],
  ['Keycloak', 'keycloak'],
  ['ZITADEL', 'zitadel'],
  ['WorkOS', 'workos'],
  ['Amazon Cognito', 'cognito'],
  ['Scalekit', 'scalekit'],
  ['Stytch', 'stytch'],
  ['FusionAuth', 'fusionauth'],
  ['WSO2', 'wso2'],
  ['ZeroID', 'zeroid'],
  ['authgent', 'authgent'],
  ['Descope', 'descope'],
  ['kagenti', 'kagenti'],
  ['QAuth', 'qauth'],
  ['ToolHive', 'toolhive'],
  ['Actor profile and its relatives', 'draft-(?:actor-profile|ai-agent-instance|mission|mw)'],
  ['AAP', 'draft-aap'],
  ['On behalf of a user', 'draft-obo-user'],
  ['Grants, transaction tokens, AAuth', 'draft-(?:id-jag|wag|txn|aauth)'],
]

type Options = (issued: Issued) => IssuerOptions

const generic = (issued: Issued): Issued => ({ ...issued, dialect: 'rfc9068' })

/** Columns of the table: without a dialect and with it, each without and with the options that the token needs. */
const readings: readonly Options[] = [
  (issued) => plainOptions(generic(issued)),
  (issued) => waivedOptions(generic(issued)),
  plainOptions,
  waivedOptions,
]

/** Rows of the table, the sum last. */
export async function countTaken(fixtures: readonly Fixture[], forge: Forge): Promise<readonly (readonly string[])[]> {
  const rows: [title: string, ...counts: number[]][] = []
  for (const [title, prefix] of products) {
    const own = fixtures.filter(({ name }) => new RegExp(`^${prefix}-`).test(name))
    const counts: number[] = []
    for (const options of readings) counts.push(await countWith(options, own, forge))
    rows.push([title, own.length, ...counts])
  }
  const sum = [0, 1, 2, 3, 4].map((column) => rows.reduce((total, [, ...counts]) => total + (counts[column] ?? 0), 0))
  return [...rows, ['all', ...sum]].map((row) => row.map(String))
}

async function countWith(options: Options, fixtures: readonly Fixture[], forge: Forge): Promise<number> {
  let taken = 0
  for (const fixture of fixtures) {
    const issued = issue(fixture, forge)
    const issuer = { ...options(issued), jwks: forge.trust.jwks }
    const headers = await requestFor(issued, forge).headers()
    const verdict = await createVerifier({ ...forge.options, issuer }).check(requestView({ url, headers }))
    if (verdict.ok) taken += 1
  }
  return taken
}
