import type { AccessRequirement, AgentContext } from 'onbehalf'
import { describe, expect, test } from 'vitest'
import { compileRequirement, type Requirement } from '../../../src/access/requirement.ts'
import {
  declareOperations,
  declareRouteGuard,
  type GuardedRoute,
  operationsOf,
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

test('Access: a detail of the only type that is asked for leaves it to the request', async () => {
  const details = { type: 'trip', allows: () => false }
  expect(await reachOf({ details }, { authorization_details: [{ type: 'trip' }] })).toBe('depends')
  expect(await reachOf({ details }, { authorization_details: [{ type: 'other' }] })).toBe('details_missing')
})

test('Access: a requirement that is only reported keeps no context away', async () => {
  expect(await reachOf({ scopes: ['write'], reportOnly: true })).toBe('yes')
  const route = routeWith([{ where: () => true, reportOnly: true }, { scopes: ['write'] }])
  expect(summarizeRoutes([route], await contextOf(), now).routes).toMatchObject([{ code: 'scope_missing' }])
})

test('Access: a rule about another issuer than that of the token is left to the verifier, where it is not refused', async () => {
  const context = await contextOf()
  const principal = { ...context.principal, issuer: null, assertedBy: 'https://other.test' }
  const route = routeWith([{ principal: { issuer: 'https://other.test' } }])
  expect(summarizeRoutes([route], { ...context, principal }, now).routes).toMatchObject([{ reachable: 'depends' }])
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

describe('operations of one route', () => {
  const read = { operation: 'tools/call read', requirement: compileRequirement({ scopes: ['read'] }) }
  const write = { operation: 'tools/call write', requirement: compileRequirement({ scopes: ['write'] }) }

  test('Access: they are found by the handler that judges them, and by nothing else', () => {
    const handler = () => {}
    const operations = [read, write]
    expect(declareOperations(handler, operations)).toBe(handler)
    expect(operationsOf(handler)).toBe(operations)
    expect(requirementOf(handler)).toBeUndefined()
    for (const other of [() => {}, {}, 'handler', undefined, null]) expect(operationsOf(other)).toBeUndefined()
  })

  test('Access: each has a row, with the requirements of its route before its own', async () => {
    const found = [routeWith([{ maxDepth: 1 }], { operations: [read, write] }), routeWith([], { path: '/me' })]
    const row = { method: 'GET', path: '/tools' }
    expect(summarizeRoutes(found, undefined, now).routes).toStrictEqual([
      { ...row, operation: 'tools/call read', requirements: [{ maxDepth: 1 }, { scopes: ['read'] }] },
      { ...row, operation: 'tools/call write', requirements: [{ maxDepth: 1 }, { scopes: ['write'] }] },
      { method: 'GET', path: '/me', requirements: [] },
    ])
    expect(
      summarizeRoutes(found, await contextOf(), now)
        .toMarkdown()
        .split('\n')
        .slice(2),
    ).toEqual([
      '| GET | `/tools tools/call read` | maxDepth: 1; and scopes: ["read"] | yes |',
      '| GET | `/tools tools/call write` | maxDepth: 1; and scopes: ["write"] | no: `scope_missing` |',
      '| GET | `/me` | an admitted request | yes |',
    ])
  })

  test('Access: a context that its route keeps away reaches none of them', async () => {
    const found = [routeWith([{ scopes: ['admin'] }], { operations: [read, write] })]
    const { routes } = summarizeRoutes(found, await contextOf(), now)
    expect(routes.map(({ reachable }) => reachable)).toEqual(['no', 'no'])
  })

  test('Access: their scopes are listed after those of the route', () => {
    expect(scopesOf([routeWith([{ scopes: ['base'] }], { operations: [read, write] })])).toEqual([
      'base',
      'read',
      'write',
    ])
  })
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

test('Access: the table of an app without a route is its head', async () => {
  for (const context of [undefined, await contextOf()]) {
    expect(summarizeRoutes([], context, now).toMarkdown()).toBe('| method | path | requires |\n| --- | --- | --- |')
  }
})
