import { isDeepStrictEqual } from 'node:util'
import { type Context, errors, type Token } from 'oidc-provider'
import type { AuthorizationDetail } from './actor-profile-claims.ts'
import { type Rights, rightsOf } from './registration.ts'

/** The details of one request, as they stand in each token: headers are short. */
const maxBytes = 2_048

/** The person has to see each of them, so no other may stand in names and values. */
const unseen = /[\p{C}\p{Zl}\p{Zp}]/u

/** RFC 9396 §2.2: lists of which a token may carry a part. Every other member is the same or another authority. */
const lists: ReadonlySet<string> = new Set(['locations', 'actions', 'datatypes', 'privileges'])

export interface DetailSettings {
  readonly types: readonly string[]
  /** Those that tokens of this client for this resource may carry. */
  typesOf(resource: string, client: Rights): ReadonlySet<string>
}

/** The feature of oidc-provider. `authorization_details_types` of a client says which types it may ask for; absent: none. */
export function detailFeature({ types, typesOf }: DetailSettings): object {
  return {
    enabled: true,
    types: Object.fromEntries(types.map((type) => [type, { validate: checkText }])),
    authorizationDetailsForGrantSource: ({ oidc }: Context) => oidc.entities.Grant?.rar,
    authorizationDetailsForAccessToken({ oidc }: Context, token: Token, source: { rar?: AuthorizationDetail[] } = {}) {
      const known = typesOf(token.resourceServer.audience, rightsOf(oidc.client))
      return narrowDetails(oidc.params['authorization_details'], source.rar, known)
    },
    // Tokens that are no JWT, of which there are none.
    authorizationDetailsForIntrospection: () => undefined,
  }
}

function checkText({ oidc }: Context): void {
  const text = oidc.params['authorization_details'] ?? ''
  // Before and after escapes and short numbers are written out.
  if (text.length > maxBytes) throw refused('authorization_details are too long')
  const written = JSON.stringify(JSON.parse(text, checkMember))
  if (Buffer.byteLength(written) > maxBytes) throw refused('authorization_details are too long')
}

function checkMember(name: string, value: unknown): unknown {
  if (unseen.test(name) || (typeof value === 'string' && unseen.test(value))) {
    throw refused('authorization_details have characters that cannot be shown')
  }
  // JSON has no word for it: the token would say null.
  if (typeof value === 'number' && !Number.isFinite(value)) throw refused('authorization_details have no such number')
  return value
}

/**
 * What is asked of the details that are held, for a resource that knows these types. Asking for nothing means all of them.
 * Throws `invalid_authorization_details` (RFC 9396 §5) for more.
 */
export function narrowDetails(
  asked: string | undefined,
  held: readonly AuthorizationDetail[] = [],
  types: ReadonlySet<string>,
): readonly AuthorizationDetail[] | undefined {
  const carried = held.filter(({ type }) => types.has(type))
  if (asked === undefined) return carried.length === 0 ? undefined : carried
  const details = JSON.parse(asked) as readonly AuthorizationDetail[]
  const left = [...carried]
  for (const detail of details) {
    // Each is used once: two payments of a sum are more than one.
    const found = left.findIndex((one) => isWithin(detail, one))
    if (found === -1) throw refused('authorization_details exceed what is held for this resource')
    left.splice(found, 1)
  }
  return details
}

/** A member that one of them lacks could be a limit or an extension, so both have to have it. */
function isWithin(asked: AuthorizationDetail, held: AuthorizationDetail): boolean {
  const members = new Set([...Object.keys(asked), ...Object.keys(held)])
  return [...members].every((member) => {
    const [one, whole] = [asked[member], held[member]]
    if (!lists.has(member)) return isDeepStrictEqual(one, whole)
    return Array.isArray(one) && Array.isArray(whole) && one.length > 0 && one.every((value) => whole.includes(value))
  })
}

function refused(description: string): Error {
  return new errors.InvalidAuthorizationDetails(description)
}
