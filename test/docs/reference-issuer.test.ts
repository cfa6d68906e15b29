import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Actor, ActorProfileClaims } from '../../examples/issuer/actor-profile-claims.ts'
import { readArguments } from '../../examples/issuer/arguments.ts'
import { losses } from '../../examples/issuer/dialects/losses.ts'
import { decideExchange, type ExchangeRequest } from '../../examples/issuer/exchange-rules.ts'
import { rightsMembers } from '../../examples/issuer/registration.ts'
import { createResources } from '../../examples/issuer/resources.ts'
import { tableAfter } from '../package/documents.ts'
import { root } from './tree.ts'

const page = 'docs/reference-issuer.md'
const folder = join(root, 'examples', 'issuer')

test('DOCS: the table of dialects says what each loses', () => {
  const shown = tableAfter(page, '## Dialects').map(([dialect, lost = '']) => [dialect, lost.split(', ')])
  expect(Object.fromEntries(shown)).toEqual({ ...losses, 'actor-profile': ['(says all)'] })
})

test('DOCS: the page of the reference issuer names every file of it', () => {
  const files = tableAfter(page, '## What is configured').flatMap(([names = '']) => names.split(', '))
  const there = readdirSync(folder, { withFileTypes: true }).map(
    (entry) => entry.name + (entry.isDirectory() ? '/' : ''),
  )
  expect(files.sort()).toEqual(there.filter((name) => !name.endsWith('.d.ts')).sort())
})

test('DOCS: the options of npm run issuer and their defaults are those of its page', () => {
  const rows = tableAfter(page, '## Run it').map(([option = '', standard = '']) => [option.slice(2), standard] as const)
  expect(rows.at(-1)).toEqual(['help', ''])
  expect(readArguments(['--help'])).toBeUndefined()
  const { port, ...others } = readArguments([]) ?? {}
  expect(Object.fromEntries(rows.slice(0, -1))).toEqual({ port: String(port), ...others })
})

test('DOCS: the members of a registration are those that the issuer keeps', () => {
  const members = tableAfter(page, '## Registration').map(([member]) => member)
  expect(members.sort()).toEqual([...rightsMembers, 'scope', 'authorization_details_types'].sort())
})

test('DOCS: the operations of the page are those of the journal', () => {
  const journal = readFileSync(join(folder, 'journal.ts'), 'utf8')
  const operations = tableAfter(page, '## Keys, revocation, audit').map(([operation]) => operation)
  expect(operations.sort()).toEqual([...journal.matchAll(/^ {2}\| '(\w+)'$/gm)].map(([, name]) => name).sort())
})

const iss = 'https://as.example.test'
const [trips, booking] = ['https://trips.example.test', 'https://booking.example.test']
const resources = createResources(iss, [
  { id: trips, scopes: ['trip:book', 'pay'] },
  { id: booking, scopes: ['trip:book'], detailTypes: ['payment'] },
])
const key = { jkt: 'key of the client' }
const claims = { iss, client_id: 'x', client_profile: 'ai_agent', cnf: key, iat: 0, exp: 300, jti: 'x' } as const
const agent = { iss, sub: 'planner', sub_profile: 'ai_agent' } as const
const subject: ActorProfileClaims = {
  ...{ ...claims, sub: 'alice', sub_profile: 'user', aud: trips, scope: 'trip:book pay', act: agent },
}
const actor: ActorProfileClaims = {
  ...claims,
  client_id: 'booker',
  sub: 'booker',
  sub_profile: 'ai_agent',
  aud: iss,
  scope: 'agent:act',
}
const good: ExchangeRequest = {
  client: {
    ...{ id: 'booker', owner: 'Booking team', client_profile: 'ai_agent', scope: 'trip:book pay more' },
    ...{ may_reach: [booking, 'https://unknown.example.test'], may_exchange: [trips], may_follow: ['planner'] },
  },
  ...{ key, subject, actor, resource: booking, scope: 'trip:book', details: undefined },
}

const own = (claimsOfPerson: Partial<ActorProfileClaims>): ActorProfileClaims => {
  const { act: _, ...rest } = subject
  return { ...rest, ...claimsOfPerson }
}
const client = (rights: Partial<ExchangeRequest['client']>) => ({ client: { ...good.client, ...rights } })
const long: Actor = { ...agent, act: { ...agent, act: { ...agent, act: { ...agent, act: agent } } } }

/** What differs from the good request, by the cause as the page words it. */
const causes: Readonly<Record<string, Partial<ExchangeRequest>>> = {
  'the subject token is not alive, or of another issuer': { subject: undefined },
  'the actor token is not alive, or of another issuer': { actor: undefined },
  'the actor token is of another client': { actor: { ...actor, sub: 'other' } },
  'the actor token is delegated itself': { actor: { ...actor, act: agent } },
  'the actor token is for an API, not for the issuer': { actor: { ...actor, aud: trips } },
  'the actor token is bound to another key than the request': { actor: { ...actor, cnf: { jkt: 'other' } } },
  'the client is the subject itself': { subject: own({ sub: 'booker', sub_profile: 'ai_agent' }) },
  'may_act names another party': { subject: own({ may_act: { iss, sub: 'other' } }) },
  "a person's own token without may_act": { subject: own({}) },
  'the client may not follow the actor': client({ may_follow: ['other'] }),
  'the chain is too long': { subject: { ...subject, act: long } },
  'the grant has ended': { subject: { ...subject, mission: { id: 'x', expires_at: 0 } } },
  'the client may not exchange tokens for this API': client({ may_exchange: [booking] }),
  'the client may not reach the resource, or names none': { resource: trips },
  'the resource is not known': { resource: 'https://unknown.example.test' },
  'a detail exceeds those of the subject token': { details: '[{"type":"payment"}]' },
  'a scope exceeds the subject token': { scope: 'more' },
  'a scope exceeds the client': client({ scope: 'pay' }),
  'a scope exceeds the resource': { scope: 'trip:book pay' },
}

test('DOCS: an exchange is refused with the errors of the page', () => {
  expect(errorOf(good)).toBe('none')
  const rows = tableAfter(page, '## When an exchange is refused')
  const found = Object.entries(causes).map(([cause, change]) => [cause, errorOf({ ...good, ...change })])
  expect(found).toEqual(rows)
  expect(errorOf({ ...good, resource: undefined })).toBe('invalid_target')
})

function errorOf(request: ExchangeRequest): string {
  try {
    decideExchange(request, {
      ...{ issuer: iss, maxDepth: 5, now: () => 10 },
      ...{ resourceServer: resources.server, detailTypesOf: resources.detailTypesOf },
    })
    return 'none'
  } catch (error) {
    return (error as { error: string }).error
  }
}
