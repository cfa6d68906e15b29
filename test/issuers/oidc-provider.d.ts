/** What the tests use of oidc-provider. Its types come with those of Koa, which do not compile beside Express 5. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'

  export interface ResourceServer {
    scope: string
    accessTokenFormat: 'jwt' | 'opaque'
    /** Seconds. */
    accessTokenTTL?: number
  }

  export class Provider {
    constructor(issuer: string, configuration: object)
    callback(): RequestListener
  }
}
