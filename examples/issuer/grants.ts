import { type AssertionRules, verifyAssertion } from './client-authentication.ts'
import type { Form } from './form.ts'
import { OAuthError } from './oauth-error.ts'
import { type GrantType, grantTypes, type RegisteredClient, type Registry } from './registry.ts'
import { accessTokenType, type ExchangeRules, exchangeToken } from './token-exchange.ts'
import type { TokenContent } from './tokens.ts'

export interface GrantRules extends ExchangeRules {
  readonly registry: Registry
  readonly assertions: AssertionRules
}

export interface Granted {
  readonly content: TokenContent
  /** The new token ends no later than the one it was made from. */
  readonly notAfter?: number
  /** RFC 8693 §2.2.1 */
  readonly issuedTokenType?: string
}

/** Decides what the token says; whom it is bound to is decided by the request that brought the grant. */
export async function grantToken(form: Form, client: RegisteredClient, rules: GrantRules): Promise<Granted> {
  const grant = grants.get(form.required('grant_type'))
  if (grant === undefined) throw new OAuthError('unsupported_grant_type', 'The grant type is not supported')
  if (!client.grants.includes(grant.type)) {
    throw new OAuthError('unauthorized_client', 'The client may not use this grant type')
  }
  return grant.run(form, client, rules)
}

interface Grant {
  readonly type: GrantType
  readonly run: (form: Form, client: RegisteredClient, rules: GrantRules) => Promise<Granted>
}

const grants: ReadonlyMap<string, Grant> = new Map(
  [
    { type: grantTypes.clientCredentials, run: forItself },
    { type: grantTypes.jwtBearer, run: forUserSignedInAtClient },
    { type: grantTypes.tokenExchange, run: onBehalf },
  ].map((grant): [string, Grant] => [grant.type, grant]),
)

/** RFC 6749 §4.4: the client acts for itself, so it is the subject (RFC 9068 §2.2). */
async function forItself(form: Form, client: RegisteredClient, { registry }: GrantRules): Promise<Granted> {
  return {
    content: {
      sub: client.id,
      sub_profile: client.profile,
      client_id: client.id,
      aud: readResource(form, registry),
      scope: narrowScope(form.optional('scope'), client.scopes),
    },
  }
}

/** RFC 7523 §2.1: the application at which a user signed in says so, signed with its registered key. */
async function forUserSignedInAtClient(form: Form, client: RegisteredClient, rules: GrantRules): Promise<Granted> {
  const assertion = form.required('assertion')
  const { sub } = await verifyAssertion(assertion, client, rules.assertions, invalidGrant)
  const user = client.vouchesFor?.includes(sub ?? '') ? rules.registry.users.get(sub ?? '') : undefined
  if (user === undefined) throw invalidGrant()
  return {
    content: {
      sub: user.id,
      sub_profile: 'user',
      client_id: client.id,
      aud: readResource(form, rules.registry),
      scope: narrowScope(form.optional('scope'), client.scopes),
      ...(user.mayAct !== undefined && { may_act: { iss: rules.issuer, sub: user.mayAct } }),
    },
  }
}

async function onBehalf(form: Form, client: RegisteredClient, rules: GrantRules): Promise<Granted> {
  const { subject, act } = await exchangeToken(form, client, rules)
  const aud = readResource(form, rules.registry)
  // RFC 8693 §2.2.2: a token for one resource does not become one for another, or each API could act at all others.
  if (aud !== subject.aud) throw new OAuthError('invalid_target', 'The subject token is for another resource')
  const inherited = subject.scope.split(' ').filter((scope) => client.scopes.includes(scope))
  return {
    content: {
      sub: subject.sub,
      sub_profile: subject.sub_profile,
      client_id: client.id,
      aud,
      scope: narrowScope(form.optional('scope'), inherited),
      act,
    },
    notAfter: subject.exp,
    issuedTokenType: accessTokenType,
  }
}

/** RFC 8707 §2: one token, one resource, so that no API can use it at another. */
function readResource(form: Form, registry: Registry): string {
  const [resource, ...others] = form.all('resource')
  if (resource === undefined || others.length > 0 || !registry.resources.has(resource)) {
    throw new OAuthError('invalid_target', 'The resource must be one that is registered here')
  }
  return resource
}

/** RFC 6749 §3.3: what is asked for must lie within what is allowed; asking for nothing means all of it. */
function narrowScope(requested: string | undefined, allowed: readonly string[]): string {
  const scopes = requested === undefined ? allowed : requested.split(' ')
  if (scopes.length === 0 || !scopes.every((scope) => allowed.includes(scope))) {
    throw new OAuthError('invalid_scope', 'The scope exceeds what this client or the subject token may have')
  }
  return [...new Set(scopes)].join(' ')
}

function invalidGrant(): OAuthError {
  return new OAuthError('invalid_grant', 'The assertion is not acceptable')
}
