import { type Client, errors, type ResourceServer } from 'oidc-provider'
import { type Rights, rightsOf } from './registration.ts'

/** An API that tokens can be for. */
export interface Resource {
  /** Its resource identifier (RFC 8707 §2), which becomes the audience. */
  readonly id: string
  readonly scopes: readonly string[]
  /** The types of authorization details that its tokens may carry (RFC 9396 §2). Default: none. */
  readonly detailTypes?: readonly string[]
}

/** Agents ask for a token for the issuer itself, with this scope, to show it as actor token. */
const actorScope = 'agent:act'

/** Resource servers ask for a token for this path of the issuer, with this scope, to follow what is revoked. */
export const revocationsPath = '/revocations'
export const revocationsScope = 'revocations:read'

export interface Resources {
  /** What oidc-provider asks for each resource indicator. `invalid_target` refuses what is not known, or not for this client. */
  server(id: string, client?: Client): ResourceServer
  add(resource: Resource): void
  scopes(): readonly string[]
  detailTypes(): readonly string[]
  /** The types of authorization details that tokens of this client for this resource may carry. */
  detailTypesOf(id: string, client: Rights): ReadonlySet<string>
}

export function createResources(issuer: string, resources: readonly Resource[]): Resources {
  /** For every client that has the scope. */
  const own = [
    { id: issuer, scopes: [actorScope] },
    { id: `${issuer}${revocationsPath}`, scopes: [revocationsScope] },
  ]
  const known = new Map<string, Resource>([...resources, ...own].map((resource) => [resource.id, resource]))
  return {
    server(id, client) {
      const resource = known.get(id)
      const mayReach =
        client === undefined || own.some((one) => one.id === id) || rightsOf(client).may_reach.includes(id)
      if (!mayReach) throw new errors.InvalidTarget('the client may not reach this resource')
      if (resource === undefined) throw new errors.InvalidTarget('this resource is not known here')
      // What the operator has taken from a client is in no token of a code from before.
      const held = client && new Set(client.scope?.split(' '))
      const scope = resource.scopes.filter((one) => held?.has(one) ?? true).join(' ')
      return { scope, audience: id, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }
    },
    add: (resource) => void known.set(resource.id, resource),
    scopes: () => distinct([...known.values()].flatMap(({ scopes }) => scopes)),
    detailTypes: () => distinct([...known.values()].flatMap(({ detailTypes = [] }) => detailTypes)),
    detailTypesOf(id, { authorization_details_types: types = [] }) {
      const held = new Set(types)
      return new Set(known.get(id)?.detailTypes?.filter((type) => held.has(type)))
    },
  }
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)]
}
