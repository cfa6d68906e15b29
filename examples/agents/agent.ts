import type { Token, TokenRequest } from './authorization-server.ts'

/** An agent, however it proves its key. */
export interface Agent {
  readonly id: string
  /** A token to act for itself. */
  ownToken(request: TokenRequest): Promise<Token>
  /**
   * A token to act on behalf of the subject of the token it was handed. The actor token shows that it acts in its own name;
   * left out, the agent asks for one.
   */
  tokenOnBehalf(subjectToken: string, request: TokenRequest, actorToken?: string): Promise<Token>
  call(method: string, url: string, accessToken: string): Promise<ApiAnswer>
}

export interface ApiAnswer {
  readonly status: number
  readonly challenge: string | null
  readonly body: unknown
  /** The headers as they went over the wire. */
  readonly sent: Readonly<Record<string, string>>
}
