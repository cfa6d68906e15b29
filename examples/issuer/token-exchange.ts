import { type Context, errors, type Provider } from 'oidc-provider'
import { checkDpopRequired, checkMtlsCert } from 'oidc-provider/lib/helpers/sender_constraints.js'
import validateDpop, { checkDpopReplay } from 'oidc-provider/lib/helpers/validate_dpop.js'
import type { Confirmation } from './actor-profile-claims.ts'
import type { Exchanged } from './claims.ts'
import { decideExchange, type ExchangeSettings } from './exchange-rules.ts'
import type { Ledger } from './ledger.ts'
import { rightsOf } from './registration.ts'

export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'

const parameters = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'resource',
  'audience',
  'scope',
  'authorization_details',
]

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'

/** RFC 8693 §2: the grant type, beside those that oidc-provider has. */
export function addTokenExchange(
  provider: Provider,
  ledger: Ledger,
  settings: ExchangeSettings & { keep(context: Context, exchanged: Exchanged): void },
): void {
  async function exchange(context: Context): Promise<void> {
    const { client, params } = context.oidc
    const proof = await validateDpop(provider, context)
    checkDpopRequired(provider, context, proof)
    const certificate = checkMtlsCert(provider, context)
    checkTypes(params)
    const token = new provider.AccessToken({ client, gty: 'token_exchange' })
    if (certificate !== undefined) token.setThumbprint('x5t', certificate)
    if (proof !== undefined) {
      await checkDpopReplay(provider, context, proof, client.clientId)
      token.jkt = proof.thumbprint
    }
    const decided = decideExchange(
      {
        client: { id: client.clientId, ...rightsOf(client) },
        key: confirmationOf(token),
        subject: (await ledger.find(params['subject_token'] ?? ''))?.claims,
        actor: (await ledger.find(params['actor_token'] ?? ''))?.claims,
        resource: params['resource'],
        scope: params['scope'],
        details: params['authorization_details'],
      },
      settings,
    )
    settings.keep(context, decided)
    const { subject, resource, scope, details: rar, lifetimeSeconds: expiresIn } = decided
    const resourceServer = settings.resourceServer(resource)
    Object.assign(token, { accountId: subject.sub, scope, rar, expiresIn, resourceServer })
    context.oidc.entity('AccessToken', token)
    context.body = {
      access_token: await token.save(),
      issued_token_type: accessTokenType,
      token_type: token.tokenType,
      expires_in: token.expiration,
      scope,
      ...(rar !== undefined && { authorization_details: rar }),
    }
  }
  // RFC 8707 §2.2 lets a client repeat it; this issuer then says that it gives tokens for one.
  provider.registerGrantType(tokenExchangeGrant, exchange, parameters, ['resource'])
}

function checkTypes(params: Readonly<Record<string, string | undefined>>): void {
  for (const type of ['subject_token_type', 'actor_token_type']) {
    if (params[type] !== accessTokenType) throw new errors.InvalidRequest(`${type} must be the one of access tokens`)
  }
  if ((params['requested_token_type'] ?? accessTokenType) !== accessTokenType) {
    throw new errors.InvalidRequest('requested_token_type must be the one of access tokens')
  }
  if (Array.isArray(params['resource'])) throw new errors.InvalidTarget('a token is for one resource')
  // RFC 8693 §2.1: a logical name. This issuer knows resources alone.
  if (params['audience'] !== undefined) throw new errors.InvalidTarget('name the target by resource, not by audience')
}

function confirmationOf(token: { jkt?: string; 'x5t#S256'?: string }): Confirmation {
  const { jkt, 'x5t#S256': thumbprint } = token
  if (jkt !== undefined) return { jkt }
  if (thumbprint !== undefined) return { 'x5t#S256': thumbprint }
  throw new errors.InvalidRequest('a token is bound to the key that asks for it')
}
