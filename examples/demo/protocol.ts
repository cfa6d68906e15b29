import type { AuditEvent } from 'onbehalf'
import type { ApiAnswer } from '../agents/agent.ts'
import type { TokenRequest } from '../agents/authorization-server.ts'
import type { ClientMetadata } from '../issuer/registration.ts'
import type { Resource } from '../issuer/resources.ts'

/** What the stage asks of each process. Only public halves of keys, tokens and HTTP answers pass; keys stay where they were made. */

/** What a process tells without being asked. */
export type Note = { readonly audit: AuditEvent } | { readonly line: string }

/** The keys of a client, as they are registered: RFC 7591 §2. */
export type PublicKeys = Pick<ClientMetadata, 'token_endpoint_auth_method' | 'jwks'> &
  Pick<Partial<ClientMetadata>, 'dpop_bound_access_tokens' | 'tls_client_certificate_bound_access_tokens'>

/** The operator's work: none of it is reachable over HTTP. */
export type IssuerCommands = {
  start(input: {
    people: readonly { id: string; name: string; password: string }[]
  }): Promise<{ issuer: string; cert: string }>
  register(input: { clients: readonly ClientMetadata[]; resources: readonly Resource[] }): Promise<null>
  revokeAgent(input: { id: string }): Promise<null>
}

/** What every client is told when it starts. */
export interface ClientSettings {
  readonly id: string
  readonly issuer: string
  /** Certificates of the servers, as there is no public authority for loopback. */
  readonly trust: readonly string[]
}

export type ClientCommands = {
  /** The public half of the key it has made. */
  introduce(input: Record<never, never>): Promise<PublicKeys>
}

/** The code of the RFC with which the issuer refused, and its status; or the token. */
export type TokenAnswer = { readonly token: string } | { readonly status: number; readonly error: string }

export type AgentCommands = ClientCommands & {
  ownToken(input: TokenRequest): Promise<TokenAnswer>
  /** An actor token of its own, unless it is given one. */
  tokenOnBehalf(input: TokenRequest & { subjectToken: string; actorToken?: string }): Promise<TokenAnswer>
  call(input: { method: string; url: string; accessToken: string }): Promise<ApiAnswer>
}

export type DpopAgentCommands = AgentCommands & {
  /** What it shows its person. */
  askForConsent(input: TokenRequest): Promise<{ userCode: string; verificationUri: string }>
  /** Once the person has consented. */
  consentedToken(input: Record<never, never>): Promise<TokenAnswer>
  /** The application at which a person signs in: where it sends their browser, and what it gets for the way back. */
  askForCode(input: TokenRequest & { redirectUri: string }): Promise<string>
  redeemCode(input: { returned: string }): Promise<TokenAnswer>
  openStream(input: { url: string; accessToken: string }): Promise<Pick<ApiAnswer, 'status' | 'body'>>
  /** Answers once the API has ended the stream. */
  awaitEndOfStream(input: Record<never, never>): Promise<null>
}

/** A service of the chain: an API, and a client of the next one. It listens before it knows what comes after it. */
export type ServiceCommands = AgentCommands & {
  /** Its resource identifier, and the certificate of its server. */
  listen(input: Record<never, never>): Promise<{ resource: string; cert: string }>
  /** Answers from now on; the next one is the resource that it uses. */
  open(input: { next: string }): Promise<null>
}

export type PersonCommands = {
  allowDevice(input: { userCode: string; verificationUri: string }): Promise<null>
  /** Gives the address that the browser was sent back to. */
  signIn(input: { url: string }): Promise<string>
  takeBack(input: { from: string; grants: string }): Promise<null>
}

type Headers = Readonly<Record<string, string>>

/** The thief has what it read on the wire, a key and a certificate of its own, and nothing else. */
export type ThiefCommands = {
  send(input: { method: string; url: string; headers: Headers }): Promise<ApiAnswer>
  sendWithOwnProof(input: { method: string; url: string; accessToken: string }): Promise<ApiAnswer>
  sendOverTls(input: { method: string; url: string; headers: Headers; withOwnCertificate: boolean }): Promise<ApiAnswer>
}
