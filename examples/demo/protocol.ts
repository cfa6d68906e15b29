import type { ApiAnswer } from '../agents/agent.ts'
import type { TokenRequest } from '../agents/authorization-server.ts'
import type { ClientAuthentication, RegisteredClient, RegisteredUser } from '../issuer/registry.ts'

/** What the stage asks of each process. Only public halves of keys, tokens and HTTP answers pass; keys stay where they were made. */

export type IssuerCommands = {
  start(input: Record<never, never>): Promise<{ issuer: string; cert: string }>
  /** The operator's work: it is not reachable over HTTP. */
  register(input: {
    clients: readonly RegisteredClient[]
    users: readonly RegisteredUser[]
    resources: readonly string[]
  }): Promise<null>
}

/** What every client is told when it starts. */
export interface ClientSettings {
  readonly id: string
  readonly issuer: string
  /** Certificates of the servers, as there is no public authority for loopback. */
  readonly trust: readonly string[]
}

export type ClientCommands = {
  /** What is to be registered of this client: the public half of the key it has made. */
  introduce(input: Record<never, never>): Promise<ClientAuthentication>
}

export type UnboundAgentCommands = ClientCommands & {
  ownToken(input: TokenRequest): Promise<string>
  call(input: { method: string; url: string; accessToken: string }): Promise<ApiAnswer>
}

export type AgentCommands = UnboundAgentCommands & {
  tokenOnBehalf(input: TokenRequest & { subjectToken: string }): Promise<string>
}

export type PortalCommands = ClientCommands & {
  tokenForUser(input: TokenRequest & { user: string }): Promise<string>
}

/** The thief has what it read on the wire, a key and a certificate of its own, and nothing else. */
export type ThiefCommands = {
  send(input: { method: string; url: string; headers: Readonly<Record<string, string>> }): Promise<ApiAnswer>
  sendWithOwnProof(input: { method: string; url: string; accessToken: string }): Promise<ApiAnswer>
  sendOverTls(input: {
    method: string
    url: string
    headers: Readonly<Record<string, string>>
    withOwnCertificate: boolean
  }): Promise<ApiAnswer>
}
