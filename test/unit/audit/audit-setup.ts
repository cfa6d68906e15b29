import { type AuditEvent, createVerifier, type RequestView, type Verifier, type VerifierOptions } from 'onbehalf'
import { createTestIssuer, requestView, type TestAgent, type TestIssuer } from 'onbehalf/testing'

export const resource = 'https://api.example.test'
export const url: string = `${resource}/tools`

export interface AuditKit {
  readonly issuer: TestIssuer
  readonly agent: TestAgent
  verifier(more?: Partial<VerifierOptions>): Verifier
  /** A request that holds, unless the changes see to it. */
  request(input?: Omit<Parameters<TestIssuer['token']>[0], 'agent'>, token?: string): Promise<RequestView>
}

export async function createAuditKit(): Promise<AuditKit> {
  const issuer = await createTestIssuer({ resource })
  const agent = await issuer.agent('travel-7')
  return {
    issuer,
    agent,
    verifier: (more = {}) => createVerifier({ issuer: issuer.options, resource, clock: issuer.clock, ...more }),
    async request(input = { human: 'alice' }, token) {
      const presented = token ?? (await issuer.token({ ...input, agent }))
      return requestView({ url, headers: await agent.headers('GET', url, presented) })
    },
  }
}

/** Keeps what it is given. */
export function memorySink(): { readonly events: AuditEvent[]; write(event: AuditEvent): void } {
  const events: AuditEvent[] = []
  return { events, write: (event) => void events.push(event) }
}
