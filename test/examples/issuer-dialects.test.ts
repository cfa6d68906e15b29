import type { AgentContext, DialectName, RefusalCode } from 'onbehalf'
import { describe, expect, test } from 'vitest'
import { dialectNames, NotIssuedError, writeAs } from '../../examples/issuer/dialects/index.ts'
import { type Loss, losses } from '../../examples/issuer/dialects/losses.ts'
import { dialects } from '../../src/token/dialects/index.ts'
import { readDocument, tableAfter } from '../package/documents.ts'
import { contextIn, outcomeOf } from '../support/kit.ts'
import { expectedReading, readingOf } from './dialect-readings.ts'
import {
  forge,
  issuer,
  type Relaxation,
  readAs,
  relaxationsFor,
  send,
  situations,
  strict,
  trustFor,
} from './dialect-tokens.ts'

const [itself, forPerson, asked] = situations
const cases = dialectNames.flatMap((dialect) => situations.map((situation) => [dialect, situation] as const))
const relaxedCases = cases.flatMap(([dialect, situation]) =>
  relaxationsFor(dialect, situation).map((option) => [dialect, situation, option] as const),
)

/** What refuses a token where an option that it needs is left out. */
const refusals: Readonly<Record<Relaxation, RefusalCode>> = {
  audience: 'token_audience',
  allowMissingAudience: 'token_audience',
  allowUnbound: 'binding_missing',
  optionalClaims: 'token_claim',
}

test('Examples: the issuer writes every dialect that onbehalf reads', () => {
  expect([...dialectNames].sort()).toEqual(Object.keys(dialects).sort())
})

describe.each(cases)('Examples: %s, %s', (dialect, situation) => {
  test('is read as the product means it, with the options that it needs', async () => {
    const context = contextIn(await readAs(dialect, situation))
    expect(readingOf(context)).toEqual(expectedReading(dialect, situation))
    expect(context.principal.issuer).toBe(issuer)
    expect(context.token).toMatchObject({ issuedAt: strict[situation].iat, expiresAt: strict[situation].exp })
  })
})

test.each(relaxedCases)('Examples: %s, %s, needs %s', async (dialect, situation, option) => {
  const others = relaxationsFor(dialect, situation).filter((name) => name !== option)
  const written = writeAs(dialect, strict[situation])
  const verdict = await send(written, trustFor(dialect, written.claims, others))
  expect(outcomeOf(verdict)).toBe(refusals[option])
})

describe('with the default options', () => {
  const products = cases.filter(([dialect]) => dialect !== 'rfc9068' && dialect !== 'actor-profile')

  test.each(products)('RFC 9068 §4: %s, %s, is refused', async (dialect, situation) => {
    expect(outcomeOf(await send(writeAs(dialect, strict[situation]), forge.trust))).toBe('token_type')
  })

  test.each(situations)('Examples: RFC 9068 alone says less: %s', async (situation) => {
    const [plain, full] = [writeAs('rfc9068', strict[situation]), writeAs('actor-profile', strict[situation])]
    expect(contextIn(await send(plain, forge.trust)).involvesAgent).toBe(false)
    expect(contextIn(await send(full, forge.trust)).involvesAgent).toBe(true)
  })
})

test.each(dialectNames)('Examples: the losses of %s are those that its tokens show', async (dialect) => {
  expect([...losses[dialect]].sort()).toEqual([...(await lossesOf(dialect))].sort())
})

async function lossesOf(dialect: DialectName): Promise<readonly Loss[]> {
  const read = async (situation: (typeof situations)[number]) => contextIn(await readAs(dialect, situation))
  const [own, one, two] = [await read(itself), await read(forPerson), await read(asked)]
  const all = situations.map((situation) => writeAs(dialect, strict[situation]).claims)
  const certified = writeAs(dialect, { ...strict[forPerson], cnf: { 'x5t#S256': 'x' } }).claims
  const contexts = [own, one, two]
  const showsActors = isNamed(one.actor, 'travel-7') && isNamed(two.actor, 'planner-2')
  const isClient = ({ client }: AgentContext, name: string) => client?.id.endsWith(name) === true
  const lost: Readonly<Record<Loss, boolean>> = {
    'who the person is': one.principal.subject !== 'alice' || two.principal.subject !== 'alice',
    'the kind of the person': one.principal.kind !== 'human' || two.principal.kind !== 'human',
    'who acts': !showsActors,
    'the kind of the actor': showsActors && (one.actor.kind !== 'agent' || two.actor.kind !== 'agent'),
    'the kind of an agent that acts for itself': own.actor.kind !== 'agent',
    'which agent asked': ![two.principal, ...(two.delegation?.chain ?? [])].some((party) => isNamed(party, 'travel-7')),
    'the client': !isClient(own, 'travel-7') || !isClient(one, 'travel-7') || !isClient(two, 'planner-2'),
    'the scopes': contexts.some((context) => grantedBy(context).length !== 2),
    'the details': one.authorizationDetails.length === 0,
    'the API': all.some(({ aud, client_id: client }) => aud === undefined || [aud].flat()[0] === client),
    'the key': contexts.some(({ sender }) => sender.method === 'none'),
    'the certificate': certified['cnf'] === undefined,
    'the grant': [one, two].some(({ delegation }) => delegation?.grantId === undefined),
    'the end of the grant': [one, two].some(({ delegation }) => delegation?.expiresAt === undefined),
    'who may act next': all[1]?.['may_act'] === undefined,
    'the sign-in': [one, two].some(({ authentication: { acr, amr, time } }) => !acr || !amr[0] || !time),
    'the id of the token': contexts.some(({ token }, index) => !token.id.endsWith(`token-${index + 1}`)),
  }
  return (Object.keys(lost) as Loss[]).filter((loss) => lost[loss])
}

/** Products put a prefix before some names. */
function isNamed({ subject }: { readonly subject: string }, name: string): boolean {
  return subject.endsWith(name)
}

function grantedBy({ scopes, roles, permissions }: AgentContext): readonly string[] {
  return [...scopes, ...roles, ...permissions]
}

describe('what docs/issuers.md says of a product', () => {
  const titles: Partial<Record<DialectName, string>> = {
    auth0: 'Auth0',
    okta: 'Okta',
    entra: 'Microsoft Entra ID',
    keycloak: 'Keycloak',
    zitadel: 'ZITADEL',
    workos: 'WorkOS',
    'workos-agents': 'WorkOS',
    cognito: 'Amazon Cognito',
    scalekit: 'Scalekit',
    stytch: 'Stytch',
    fusionauth: 'FusionAuth',
    wso2: 'WSO2',
  }
  const documented = dialectNames.filter((dialect) => titles[dialect] !== undefined)
  const table = tableAfter('docs/issuers.md', '## What each product sends')

  test.each(documented)('DOCS: %s needs the options that its section names', (dialect) => {
    const title = titles[dialect] ?? ''
    const [, after = ''] = readDocument('docs/issuers.md').split(`\n## ${title}\n`)
    const [section = ''] = after.split('\n## ')
    const used = new Set(situations.flatMap((situation) => relaxationsFor(dialect, situation)))
    for (const option of used) expect(section).toContain(option)
    const row = table.find(([product]) => product?.startsWith(`[${title}]`)) ?? []
    const others = (row[3] ?? '')
      .trim()
      .split(', ')
      .filter((option) => !used.has(option as Relaxation))
    // The life stays that of the issuer, and a product that can bind tokens does.
    const canBind = writeAs(dialect, strict[forPerson]).claims['cnf'] !== undefined
    const notNeeded = ['maxTokenSeconds', ...(canBind ? ['allowUnbound'] : [])]
    expect(notNeeded).toEqual(expect.arrayContaining(others))
  })
})

describe('what a product does not issue', () => {
  const person = { ...strict[forPerson], client_profile: 'service' } as const
  const { act: _act, ...unexchanged } = person

  test.each(['workos-agents', 'zeroid', 'aap'] as const)('Examples: %s has no token of a person', (dialect) => {
    expect(() => writeAs(dialect, unexchanged)).toThrow(NotIssuedError)
  })

  test('Examples: entra acts for people alone', () => {
    const forAgent = { ...strict[itself], act: { iss: issuer, sub: 'planner-2', sub_profile: 'ai_agent' } } as const
    expect(() => writeAs('entra', forAgent)).toThrow(NotIssuedError)
  })

  const foreign = {
    ...person,
    act: { iss: 'https://other.example.test', sub: 'travel-7', sub_profile: 'ai_agent' },
  } as const

  test.each(dialectNames)('RFC 8693 §4.1: %s never takes an actor of another issuer for its own', (dialect) => {
    const said = (): unknown => writeAs(dialect, foreign).claims['act']
    if (['rfc9068', 'actor-profile', 'auth0', 'zitadel'].includes(dialect)) {
      expect(said()).toMatchObject({ iss: 'https://other.example.test', sub: 'travel-7' })
    } else {
      expect(said).toThrow(NotIssuedError)
    }
  })
})
