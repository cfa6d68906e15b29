/** What this program uses of oidc-provider. Its types on npm come with those of Koa, which do not compile beside Express 5. */
declare module 'oidc-provider' {
  import type { X509Certificate } from 'node:crypto'
  import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

  /** Where models are kept: one adapter for each kind of them. */
  export interface Adapter {
    upsert(id: string, payload: StoredModel, expiresIn?: number): Promise<void>
    find(id: string): Promise<StoredModel | undefined>
    findByUid(uid: string): Promise<StoredModel | undefined>
    findByUserCode(userCode: string): Promise<StoredModel | undefined>
    consume(id: string): Promise<void>
    destroy(id: string): Promise<void>
    revokeByGrantId(grantId: string): Promise<void>
  }

  /** The members that an adapter has to know, of whatever kind a model is. */
  export interface StoredModel {
    uid?: string
    userCode?: string
    grantId?: string
    accountId?: string
    clientId?: string
    consumed?: number
    [member: string]: unknown
  }

  export interface ResourceServer {
    scope: string
    audience?: string
    accessTokenFormat: 'jwt' | 'opaque'
    /** Seconds. */
    accessTokenTTL?: number
    jwt?: { sign: { alg: string } }
  }

  /** A registered client. Extra metadata are members by their own names. */
  export interface Client {
    readonly clientId: string
    readonly clientName?: string
    readonly scope?: string
    readonly tlsClientCertificateBoundAccessTokens?: boolean
    metadata(): Record<string, unknown>
  }

  export interface Token {
    readonly kind: string
    readonly clientId: string
    readonly accountId?: string
    readonly grantId?: string
    jti: string
    scope?: string
    jkt?: string
    'x5t#S256'?: string
    exp?: number
    readonly resourceServer: { readonly audience: string }
    readonly expiration: number
    readonly tokenType: string
    setThumbprint(kind: 'x5t', certificate: string | X509Certificate): void
    save(): Promise<string>
  }

  export interface StoredDetail {
    readonly type: string
    readonly [member: string]: unknown
  }

  export interface Grant {
    readonly jti: string
    readonly exp?: number
    readonly accountId: string
    readonly clientId: string
    readonly resources?: Readonly<Record<string, string>>
    /** RFC 9396. */
    readonly rar?: readonly StoredDetail[]
    addOIDCScope(scope: string): void
    addResourceScope(resource: string, scope: string): void
    addRar(detail: StoredDetail): void
    save(): Promise<string>
    destroy(): Promise<void>
  }

  /** An authorization or device code, as it stands behind a token. */
  export interface CodeSource {
    readonly clientId?: string
    /** Why the person's way has ended without consent. */
    readonly error?: string
    readonly authTime?: number
    readonly acr?: string
    readonly amr?: readonly string[]
  }

  export interface Interaction {
    readonly uid: string
    readonly prompt: { readonly name: string; readonly details: Record<string, unknown> }
    readonly params: Readonly<Record<string, unknown>>
    readonly session?: { readonly accountId: string }
    readonly grantId?: string
    readonly deviceCode?: string
  }

  /** The context of Koa, with what the server adds to it. */
  export interface Context {
    readonly req: IncomingMessage
    readonly res: ServerResponse
    readonly request: object
    readonly method: string
    readonly path: string
    /** The address of the client. */
    readonly ip: string
    status: number
    type: string
    body: unknown
    get(header: string): string
    set(header: string, value: string): void
    readonly oidc: {
      readonly provider: Provider
      readonly route?: string
      readonly client: Client
      readonly params: Readonly<Record<string, string | undefined>>
      readonly body?: Record<string, unknown>
      readonly entities: {
        readonly Client?: Client
        readonly Grant?: Grant
        readonly AuthorizationCode?: CodeSource
        readonly DeviceCode?: CodeSource
        readonly InitialAccessToken?: { readonly jti: string }
      }
      readonly session?: { readonly accountId?: string }
      /** What the interaction that just ended has brought. */
      readonly result?: { readonly consent?: { readonly grantId?: string } }
      entity(kind: string, model: unknown): void
    }
  }

  export interface Cookies {
    /** Null removes it. */
    set(name: string, value: string | null, options: object): void
  }

  type Model<Content, Made> = {
    new (content: Content): Made
    find(id: string): Promise<Made | undefined>
  }

  export class Provider {
    constructor(issuer: string, configuration: object)
    readonly issuer: string
    readonly AccessToken: Model<Record<string, unknown>, Token>
    readonly Client: { find(id: string): Promise<Client | undefined> }
    readonly Grant: Model<{ accountId: string; clientId: string; expiresIn: number }, Grant>
    readonly InitialAccessToken: Model<{ expiresIn: number; policies: readonly string[] }, Token>
    readonly Session: {
      new (content: Record<string, unknown>): { readonly jti: string; save(seconds: number): Promise<string> }
      get(context: Pick<Context, 'req' | 'res'>): Promise<{ readonly accountId?: string; destroy(): Promise<void> }>
    }
    cookieName(kind: 'session'): string
    createContext(
      request: IncomingMessage,
      response: ServerResponse,
    ): Pick<Context, 'req' | 'res' | 'request'> & { readonly cookies: Cookies }
    callback(): RequestListener
    use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): this
    on(event: string, listener: (...details: never[]) => void): this
    registerGrantType(
      name: string,
      handler: (context: Context) => Promise<void>,
      parameters: readonly string[],
      repeatable?: readonly string[],
    ): void
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: object,
      options?: { mergeWithLastSubmission: boolean },
    ): Promise<void>
  }

  /** The errors of OAuth: each has its code and status; the text becomes `error_description`. */
  export const errors: Readonly<
    Record<
      | 'AccessDenied'
      | 'InvalidAuthorizationDetails'
      | 'InvalidClientAuth'
      | 'InvalidClientMetadata'
      | 'InvalidGrant'
      | 'InvalidRequest'
      | 'InvalidScope'
      | 'InvalidTarget'
      | 'InvalidToken'
      | 'SessionNotFound',
      new (
        description?: string,
      ) => Error & { readonly error: string; readonly statusCode: number }
    >
  >
}

/** What a grant type of one's own needs: the checks of DPoP and mutual TLS that the built-in ones use. */
declare module 'oidc-provider/lib/helpers/validate_dpop.js' {
  import type { Context, Provider } from 'oidc-provider'

  // biome-ignore lint/style/noDefaultExport: that is how this module exports it.
  export default function validateDpop(
    provider: Provider,
    context: Context,
  ): Promise<{ readonly thumbprint: string; readonly jti: string } | undefined>
  export function checkDpopReplay(provider: Provider, context: Context, proof: object, clientId: string): Promise<void>
}

declare module 'oidc-provider/lib/helpers/sender_constraints.js' {
  import type { X509Certificate } from 'node:crypto'
  import type { Context, Provider } from 'oidc-provider'

  export function checkMtlsCert(provider: Provider, context: Context): X509Certificate | undefined
  export function checkDpopRequired(provider: Provider, context: Context, proof: object | undefined): void
}
