import type { AccessRequirement, AgentContext } from 'onbehalf'
import { expect, test } from 'vitest'
import { compileRequirement, type Requirement } from '../../../src/access/requirement.ts'
import {
  declareRouteGuard,
  type GuardedRoute,
  requirementOf,
  scopesOf,
  summarizeRoutes,
} from '../../../src/access/route-summary.ts'
import { createForge, type Forge } from '../../support/forge.ts'

/** The summary of routes, without a framework. */

const forge: Forge = await createForge()
const now = forge.clock.now()

function routeWith(requirements: readonly AccessRequirement<never>[], more: Partial<GuardedRoute> = {}): GuardedRoute {
  const compiled: readonly Requirement[] = requirements.map((requirement) => compileRequirement(requirement))
  return { method: 'GET', path: '/tools', requirements: compiled, ...more }
}

async function contextOf(claims: object = {}): Promise<AgentContext> {
  return forge.context({ token: forge.token({ scope: 'read', ...claims }) })
}

async function reachOf(requirement: AccessRequirement<never>, claims: object = {}): Promise<unknown> {
  const [route] = summarizeRoutes([routeWith([requirement])], await contextOf(claims), now).routes
  return route?.code ?? route?.reachable
}

test('Access: the requirement of a guard is found by its handler, and by nothing else', () => {
  const requirement = compileRequirement({ scopes: ['read'] })
  const handler = () => {}
  expect(declareRouteGuard(handler, requirement)).toBe(handler)
  expect(requirementOf(handler)).toBe(requirement)
  for (const other of [() => {}, {}, 'handler', undefined, null]) expect(requirementOf(other)).toBeUndefined()
})

test('Access: without a context a summary names the requirements and judges nothing', () => {
  const { routes } = summarizeRoutes([routeWith([{ scopes: ['read'] }, { maxDepth: 1 }])], undefined, now)
  expect(routes).toEqual([{ method: 'GET', path: '/tools', requirements: [{ scopes: ['read'] }, { maxDepth: 1 }] }])
})

test('Access: open and unclear are told where they hold, and an unclear route is not judged', async () => {
  const found = [routeWith([], { open: true }), routeWith([], { unclear: true })]
  const { routes } = summarizeRoutes(found, await contextOf(), now)
  expect(routes).toEqual([
    { method: 'GET', path: '/tools', requirements: [], open: true, reachable: 'yes' },
    { method: 'GET', path: '/tools', requirements: [], unclear: true, reachable: '?' },
  ])
})

test.each<[string, AccessRequirement<never>, unknown]>([
  ['a scope it has', { scopes: ['read'] }, 'yes'],
  ['a scope it lacks', { scopes: ['write'] }, 'scope_missing'],
  ['a rule about the request', { where: () => false }, 'depends'],
  ['a rule about the request that it cannot reach', { scopes: ['write'], where: () => true }, 'scope_missing'],
  ['a detail it lacks', { details: { type: 'trip', allows: () => true } }, 'details_missing'],
  ['a subject of its issuer', { principal: { subject: 'alice' } }, 'yes'],
  ['another subject', { principal: { subject: 'bob' } }, 'actor_unauthorized'],
  [
    'a subject of another issuer',
    { principal: { subject: 'alice', issuer: 'https://other.test' } },
    'actor_unauthorized',
  ],
])('Access: what a route with %s says of a context', async (_name, requirement, expected) => {
  expect(await reachOf(requirement)).toBe(expected)
})

test('Access: with a detail of the type the request decides, and no rule is asked', async () => {
  let asked = 0
  const allows = () => {
    asked += 1
    return true
  }
  const claims = { authorization_details: [{ type: 'other' }, { type: 'trip' }] }
  expect(await reachOf({ details: { type: 'trip', allows } }, claims)).toBe('depends')
  expect(asked).toBe(0)
})

test('Access: the first requirement that refuses decides for the route', async () => {
  const route = routeWith([{ where: () => true }, { scopes: ['write'] }, { maxDepth: 1 }])
  const [summary] = summarizeRoutes([route], await contextOf(), now).routes
  expect([summary?.reachable, summary?.code]).toEqual(['no', 'scope_missing'])
})

test('Access: the age of an authentication is judged at the given time, in seconds', async () => {
  const claims = { auth_time: now / 1_000 - 60 }
  expect(await reachOf({ maxAuthAgeSeconds: 60 }, claims)).toBe('yes')
  expect(await reachOf({ maxAuthAgeSeconds: 59 }, claims)).toBe('authentication_insufficient')
})

test('Access: the scopes of routes are listed once each, without those of hidden routes', () => {
  const found = [
    routeWith([{ scopes: ['a', 'b'] }, { anyScope: ['c', 'a'] }]),
    routeWith([{ scopes: ['d'], hidden: true }]),
  ]
  expect(scopesOf(found)).toEqual(['a', 'b', 'c'])
})

test('Access: the table of routes without a context', () => {
  const found = [
    routeWith([{ scopes: ['read'], authority: 'delegated' }, { maxDepth: 1 }]),
    routeWith([], { open: true }),
    routeWith([], { path: '/me' }),
    routeWith([{ roles: ['r'] }], { unclear: true }),
    routeWith([{ where: { name: 'a | b\nc', test: () => true } }], { path: '/a|b' }),
  ]
  expect(summarizeRoutes(found, undefined, now).toMarkdown().split('\n')).toEqual([
    '| method | path | requires |',
    '| --- | --- | --- |',
    '| GET | `/tools` | scopes: ["read"], authority: delegated; and maxDepth: 1 |',
    '| GET | `/tools` | nothing |',
    '| GET | `/me` | an admitted request |',
    '| GET | `/tools` | roles: ["r"]; and ? |',
    '| GET | `/a\\|b` | where: a \\| b c() |',
  ])
})

test('Access: with a context the table has a column for it', async () => {
  const found = [
    routeWith([{ scopes: ['read'] }]),
    routeWith([{ scopes: ['write'] }]),
    routeWith([], { unclear: true }),
  ]
  expect(
    summarizeRoutes(found, await contextOf(), now)
      .toMarkdown()
      .split('\n'),
  ).toEqual([
    '| method | path | requires | reachable |',
    '| --- | --- | --- | --- |',
    '| GET | `/tools` | scopes: ["read"] | yes |',
    '| GET | `/tools` | scopes: ["write"] | no: `scope_missing` |',
    '| GET | `/tools` | ? | ? |',
  ])
})
