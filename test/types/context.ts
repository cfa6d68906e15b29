import type { JWTPayload } from 'jose'
import type { AccessRequirement, AgentContext, Delegation, RefusalCode, RouteSummary, Verdict } from 'onbehalf'
import { requireAccess } from 'onbehalf/express'

/** Compiled, never run: what the context tells the compiler, and requirements that must not compile. */

export function narrowing(context: AgentContext): readonly unknown[] {
  if (context.authority === 'delegated') {
    const delegation: Delegation = context.delegation
    // @ts-expect-error frozen
    delegation.chain.push(context.actor)
    return delegation.chain
  }
  const none: null = context.delegation
  // @ts-expect-error always null here
  context.delegation.chain
  if (context.delegation !== null) {
    const never: never = context
    return [never]
  }
  return [none]
}

interface OurClaims extends JWTPayload {
  readonly tenant: string
  readonly plan?: 'free' | 'paid'
}

export function customClaims(context: AgentContext<OurClaims>, plain: AgentContext): string {
  const tenant: string = context.token.claims.tenant
  const plan: 'free' | 'paid' | undefined = context.token.claims.plan
  const unknown: unknown = plain.token.claims['tenant']
  const general: AgentContext = context
  // @ts-expect-error a claim nobody declared is not a string
  const text: string = plain.token.claims['tenant']
  // @ts-expect-error frozen
  context.token.claims.tenant = 'other'
  // @ts-expect-error declared narrower
  const other: 'paid' = context.token.claims.plan
  if (context.authority === 'delegated') return `${context.delegation.depth} ${context.token.claims.tenant}`
  return [tenant, plan, unknown, general.authority, text, other].join(' ')
}

export const requirement: AccessRequirement<{ readonly amount: number }> = {
  scopes: ['payments:write'],
  anyScope: ['a', 'b'],
  authority: 'delegated',
  principal: { kind: ['human', 'service'] },
  actor: ({ kind, assertedBy }) => kind === 'agent' && assertedBy === 'https://as.example.test',
  pair: (principal, actor) => principal.subject !== actor.subject,
  maxDepth: 2,
  denyIfAgentInvolved: false,
  sender: 'mtls',
  acr: ['urn:example:mfa'],
  maxAuthAgeSeconds: 300,
  details: {
    type: 'payment',
    allows: (detail, context, { amount }) => Number(detail['limit']) >= amount && context.scopes.length > 0,
  },
  where: { name: 'open', test: async (_context, { amount }) => amount > 0 },
  hidden: true,
}

export function wrongRequirements(): void {
  // @ts-expect-error unknown member
  requireAccess({ scope: ['tools:read'] })
  // @ts-expect-error a list
  requireAccess({ scopes: 'tools:read' })
  // @ts-expect-error not to be asked for
  requireAccess({ authority: 'undetermined' })
  // @ts-expect-error not a kind
  requireAccess({ actor: { kind: 'robot' } })
  // @ts-expect-error unknown member of a rule
  requireAccess({ principal: { sub: 'alice' } })
  // @ts-expect-error a promise is no answer
  requireAccess({ pair: async () => true })
  // @ts-expect-error a promise is no answer
  requireAccess({ details: { type: 'payment', allows: async () => true } })
  // @ts-expect-error a detail rule has a type
  requireAccess({ details: { allows: () => true } })
  // @ts-expect-error not a way to prove
  requireAccess({ sender: 'bearer' })
  // @ts-expect-error a named predicate has a test
  requireAccess({ where: { name: 'open' } })
  // @ts-expect-error a word is no answer
  requireAccess({ where: () => 'yes' })
  // @ts-expect-error a number
  requireAccess({ maxDepth: '2' })
}

export function answers(verdict: Verdict, route: RouteSummary): RefusalCode | undefined {
  // @ts-expect-error first it has to be asked whether it is ok
  verdict.context
  // @ts-expect-error not an answer
  if (route.reachable === 'maybe') return undefined
  return verdict.ok ? route.code : verdict.refusal.code
}
