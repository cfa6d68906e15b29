import { randomUUID } from 'node:crypto'
import type { Credentials, Scheme } from '../credentials.ts'
import type { BoundToken } from '../sender/sender.ts'
import type { PreparedToken } from '../token/prepared-token.ts'
import type { RequestView } from '../types/request.ts'

/** What one request has shown so far. Only the verifier and the audit know it; no step decides by it. */
export class RequestState {
  readonly view: RequestView
  scheme: Scheme | undefined = undefined
  tokenHash: string | undefined = undefined
  /** Set once its signature, issuer and claims held. */
  token: PreparedToken | undefined = undefined
  /** Set once every key was proven and every proof used up. */
  bound: BoundToken | undefined = undefined
  #requestId: string | undefined
  #events = 0

  constructor(view: RequestView) {
    this.view = view
  }

  presented(credentials: Credentials): Credentials {
    this.scheme = credentials.scheme
    this.tokenHash = credentials.tokenHash
    return credentials
  }

  verified(token: PreparedToken): PreparedToken {
    this.token = token
    return token
  }

  proven(bound: BoundToken): BoundToken {
    this.bound = bound
    return bound
  }

  /** Made only when an event is. */
  get requestId(): string {
    this.#requestId ??= randomUUID()
    return this.#requestId
  }

  /** Id of the next event, `<requestId>-<n>`: one UUID per request is costly enough. */
  nextEventId(): string {
    return `${this.requestId}-${++this.#events}`
  }
}
