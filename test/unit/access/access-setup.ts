import type { VerifierOptions } from 'onbehalf'
import { type AccessRequirement, type AgentContext, createVerifier, type Decision, type Verifier } from 'onbehalf'
import { createTestIssuer, requestView, type TestAgent, type TestIssuer } from 'onbehalf/testing'

export const resource = 'https://api.example.test'
const url: string = `${resource}/tools`

export interface AccessKit {
  readonly issuer: TestIssuer
  readonly agent: TestAgent
  readonly verifier: Verifier
  /** The context of a request that was admitted with these claims; without `human` the agent acts for itself. */
  contextOf(input?: Omit<Parameters<TestIssuer['token']>[0], 'agent'>, by?: TestAgent): Promise<AgentContext>
  /** Code of the decision on such a context; undefined: allowed. */
  judge(context: AgentContext, requirement: AccessRequirement<never>): Promise<string | undefined>
  decide(context: AgentContext, requirement: AccessRequirement<never>): Promise<Decision>
}

export async function createAccessKit(more: Partial<VerifierOptions> = {}): Promise<AccessKit> {
  const issuer = await createTestIssuer({ resource })
  const agent = await issuer.agent('travel-7')
  const verifier = createVerifier({ issuer: issuer.options, resource, clock: issuer.clock, ...more })
  const decide = (context: AgentContext, requirement: AccessRequirement<never>) =>
    verifier.authorize<never>(context, requirement)
  return {
    issuer,
    agent,
    verifier,
    async contextOf(input = { human: 'alice' }, by = agent) {
      return verifier.verify(await presented(issuer, by, input))
    },
    async judge(context, requirement) {
      const decision = await decide(context, requirement)
      return decision.ok ? undefined : decision.refusal.code
    },
    decide,
  }
}

/** A request as the agent makes it with a fresh token and, where one is owed, a fresh proof. */
export async function presented(
  issuer: TestIssuer,
  agent: TestAgent,
  input: Omit<Parameters<TestIssuer['token']>[0], 'agent'> = {},
): Promise<ReturnType<typeof requestView>> {
  const headers = await agent.headers('GET', url, await issuer.token({ ...input, agent }))
  const certificate = agent.certificate?.der
  return requestView({ url, headers, certificate })
}

export function challengeOf(decision: Decision): string {
  if (decision.ok) return ''
  return decision.refusal.headers.find(([name]) => name === 'WWW-Authenticate')?.[1] ?? ''
}
