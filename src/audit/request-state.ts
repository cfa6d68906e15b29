import type { Credentials, Scheme } from '../credentials.ts'
import type { BoundToken } from '../sender/sender.ts'
import type { PreparedToken } from '../token/prepared-token.ts'
import type { RequestView } from '../types/request.ts'
import { Trail } from './trail.ts'

/** What one request has shown so far. Only the verifier and the audit know it; no step decides by it. */
export class RequestState {
  readonly view: RequestView
  /** The framework's object. */
  readonly request: object
  /** Of the monotonic clock; undefined where no event was expected. */
  readonly startedAt: number | undefined
  /** How often the clock had failed before. */
  readonly clockFailures: number
  scheme: Scheme | undefined = undefined
  tokenHash: string | undefined = undefined
  /** Set once its signature, issuer and claims held. */
  token: PreparedToken | undefined = undefined
  /** Set once every key was proven and every proof used up. */
  bound: BoundToken | undefined = undefined
  /** That a certificate header came from somebody else than the proxy, and counted for nothing. */
  isCertificateIgnored = false
  #trail: Trail | undefined

  constructor(view: RequestView, request: object, startedAt?: number, clockFailures = 0) {
    this.view = view
    this.request = request
    this.startedAt = startedAt
    this.clockFailures = clockFailures
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

  /** Made only for an event. */
  get trail(): Trail {
    this.#trail ??= new Trail(this.view)
    return this.#trail
  }
}
