import { errors } from 'oidc-provider'
import type { Actor, ActorProfileClaims, AuthorizationDetail, Confirmation } from './actor-profile-claims.ts'
import { narrowDetails } from './authorization-details.ts'
import { type Exchanged, maxTokenSeconds } from './claims.ts'
import { actorsOf } from './dialects/written-token.ts'
import type { Rights } from './registration.ts'

export interface ExchangeRequest {
  /** The authenticated client, which becomes the actor. */
  readonly client: Rights & { readonly id: string }
  /** What it has proved to hold with this request. */
  readonly key: Confirmation
  /** Undefined where the token is not of this issuer, or not alive. */
  readonly subject: ActorProfileClaims | undefined
  readonly actor: ActorProfileClaims | undefined
  readonly resource: string | undefined
  readonly scope: string | undefined
  /** `authorization_details` of the request, of types that the client may ask for. */
  readonly details: string | undefined
}

export interface ExchangeSettings {
  readonly issuer: string
  /** The longest chain of actors; APIs may accept less. */
  readonly maxDepth: number
  /** Seconds since the epoch. */
  now(): number
  /** The scopes of a resource, as oidc-provider takes them; throws `invalid_target` for an unknown one. */
  resourceServer(resource: string): { readonly scope: string }
  /** The types of authorization details that tokens of a client for a resource may carry. */
  detailTypesOf(resource: string, client: Rights): ReadonlySet<string>
}

export interface DecidedExchange extends Exchanged {
  readonly resource: string
  readonly scope: string
  readonly details: readonly AuthorizationDetail[] | undefined
  readonly lifetimeSeconds: number
}

/**
 * RFC 8693 §2.2.2: `invalid_request` for tokens that are not acceptable, `invalid_target`, `invalid_scope` and
 * `invalid_authorization_details` (RFC 9396 §5) for the rest.
 */
export function decideExchange(request: ExchangeRequest, settings: ExchangeSettings): DecidedExchange {
  const { client, subject } = request
  if (subject === undefined) throw refused('the subject token is not a live token of this issuer')
  checkActorToken(request, settings)
  const act = nextActor(subject, client, settings)
  const resource = checkTarget(request, subject)
  const scope = narrowScope(request, subject, settings.resourceServer(resource))
  const details = narrowDetails(
    request.details,
    subject.authorization_details,
    settings.detailTypesOf(resource, client),
  )
  // Never beyond what it was made from, nor beyond the consent.
  const end = Math.min(settings.now() + maxTokenSeconds, subject.exp, subject.mission?.expires_at ?? subject.exp)
  const lifetimeSeconds = end - settings.now()
  if (lifetimeSeconds <= 0) throw refused('the subject token has ended')
  return { subject, act, resource, scope, details, lifetimeSeconds }
}

/** The actor token shows that the client acts in its own name, with the key that it has proved just now. */
function checkActorToken({ actor, client, key }: ExchangeRequest, { issuer }: ExchangeSettings): void {
  if (actor === undefined) throw refused('the actor token is not a live token of this issuer')
  if (actor.sub !== client.id || actor.client_id !== client.id || actor.act !== undefined)
    throw refused('the actor token is not the own token of the client')
  // One that was sent to an API is known to that API.
  if (actor.aud !== issuer) throw refused('the actor token is not for this issuer')
  if (!isSameKey(actor.cnf, key)) throw refused('the actor token is bound to another key')
}

function isSameKey(one: Confirmation, other: Confirmation): boolean {
  if ('jkt' in one) return 'jkt' in other && one.jkt === other.jkt
  return 'x5t#S256' in other && one['x5t#S256'] === other['x5t#S256']
}

/** RFC 8693 §4.1: those who acted so far nest inside. */
function nextActor(subject: ActorProfileClaims, client: ExchangeRequest['client'], settings: ExchangeSettings): Actor {
  // The same agent goes on, at another resource: the chain stays as it is.
  if (subject.act?.sub === client.id) return subject.act
  if (subject.sub === client.id) throw refused('a client does not act on behalf of itself')
  checkMayAct(subject, client, settings.issuer)
  const profile = client.client_profile === 'ai_agent' ? 'ai_agent' : 'service'
  const act = {
    iss: settings.issuer,
    sub: client.id,
    sub_profile: profile,
    ...(subject.act && { act: subject.act }),
  } as const
  if (actorsOf({ act }).length > settings.maxDepth) throw refused('the chain of actors is too long')
  return act
}

/** Delegation is explicit: the token names the actor, or the registration says whose work the client takes over. */
function checkMayAct(subject: ActorProfileClaims, client: ExchangeRequest['client'], issuer: string): void {
  const { may_act: named, act } = subject
  // RFC 8693 §4.4: where the token says who may act, only that party may.
  if (named !== undefined) {
    if (named.iss === issuer && named.sub === client.id) return
    throw refused('the subject token lets another party act')
  }
  const before = act?.sub ?? (subject.sub_profile === 'user' ? undefined : subject.sub)
  if (before === undefined) throw refused('the subject token lets no party act')
  if (!client.may_follow?.includes(before)) throw refused('the client may not take over work of this actor')
}

/** A token for one API does not become one for another by itself: both ends are on the client's list. */
function checkTarget({ client, resource }: ExchangeRequest, subject: ActorProfileClaims): string {
  if (!client.may_exchange?.includes(subject.aud)) {
    // RFC 8693 §2.2.2: `invalid_target` is for what is asked, not for what is shown.
    throw refused('the client may not exchange tokens for the resource of the subject token')
  }
  if (resource === undefined || !client.may_reach.includes(resource)) {
    throw new errors.InvalidTarget('the client may not reach this resource')
  }
  return resource
}

/** RFC 6749 §3.3. Asking for nothing means all that subject token, client and resource have in common. */
function narrowScope(
  { client, scope }: ExchangeRequest,
  subject: ActorProfileClaims,
  target: { readonly scope: string },
): string {
  const [held, registered, known] = [subject.scope, client.scope, target.scope].map((text) => new Set(text.split(' ')))
  const isAllowed = (one: string) => one !== '' && held?.has(one) && registered?.has(one) && known?.has(one)
  const scopes = scope === undefined ? subject.scope.split(' ').filter(isAllowed) : scope.split(' ')
  if (scopes.length === 0 || !scopes.every(isAllowed)) {
    throw new errors.InvalidScope('the scope exceeds the subject token, the client or the resource')
  }
  return [...new Set(scopes)].join(' ')
}

function refused(description: string): Error {
  return new errors.InvalidRequest(description)
}
