import type { JwtPayload } from '../../types/context.ts'
import type { Dialect, DialectParties } from '../../types/dialect.ts'
import { issuerOf, textClaim } from './readers.ts'

/**
 * Microsoft Entra ID, token versions 1 and 2, with agent identities. Its tokens have no `act`: facets tell what the subject
 * and the client are. `sub` differs from client to client, so the principal is the directory object `oid`. ID tokens name no
 * client.
 */
export const entraDialect: Dialect = {
  name: 'entra',
  types: ['JWT', 'at+jwt'],
  clientId: ['azp', 'appid'],
  tokenId: ['uti'],
  scopes: ['scp'],
  refuse: (_header, claims) => (claims['azp'] === undefined && claims['appid'] === undefined ? 'azp' : undefined),
  parties: readEntraParties,
  entity(claims, which) {
    const blueprint = claims['xms_par_app_azp']
    const mode = modeOf(claims)
    const isAgent = mode === 'autonomous' || mode === 'agent_user' || (mode === 'on_behalf' && which === 'actor')
    return isAgent && typeof blueprint === 'string' ? { governance: blueprint } : undefined
  },
}

function readEntraParties(claims: JwtPayload): DialectParties {
  if (claims['act'] !== undefined) throw new Error('act is there, which this dialect gives no meaning')
  const subject = textClaim(claims, 'oid')
  if (subject === undefined) throw new Error('oid is missing')
  if (!isOfTenant(claims)) throw new Error('tid is another tenant than that of iss')
  const client = clientOf(claims)
  const clientKind = isOfAgent(claims) ? 'agent' : undefined
  switch (modeOf(claims)) {
    case 'on_behalf':
      return {
        // A subject without facets may be anything.
        principal: { subject, kind: claims['xms_sub_fct'] === undefined ? 'unknown' : 'human' },
        chain: [{ subject: client, issuer: issuerOf(claims), kind: 'agent', clientId: client }],
        clientKind,
      }
    case 'autonomous':
      return { principal: { subject, kind: 'agent' }, ownToken: true, clientKind }
    case 'agent_user':
      return { principal: { subject, kind: 'agent' }, clientKind, warnings: ['principal_is_agent_user_account'] }
    case 'service':
      return { principal: { subject, kind: 'service' }, ownToken: true }
    case 'malformed':
      return { principal: { subject, kind: 'unknown' }, clientKind, warnings: ['facet_malformed'] }
    default:
      return { principal: { subject, kind: 'unknown' }, clientKind }
  }
}

/** An `oid` is unique within its tenant, whose id stands in `iss` and in `tid`. */
function isOfTenant(claims: JwtPayload): boolean {
  const tenant = textClaim(claims, 'tid')?.toLowerCase()
  const named = /\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\/|$)/.exec(issuerOf(claims).toLowerCase())?.[1]
  return tenant === undefined || named === undefined || tenant === named
}

const agentIdentity = 11
const agentUser = 13

type Mode = 'on_behalf' | 'autonomous' | 'agent_user' | 'service' | 'malformed' | 'other'

/** The modes that Entra documents; a combination of facets that it does not document is 'other'. */
function modeOf(claims: JwtPayload): Mode {
  const client = readFacets(claims['xms_act_fct'])
  const subject = readFacets(claims['xms_sub_fct'])
  if (client === undefined || subject === undefined) return 'malformed'
  const isAgentSubject = subject.has(agentIdentity) || subject.has(agentUser)
  const isAgentClient = client.has(agentIdentity)
  if (claims['idtyp'] === 'app') {
    if (isAgentClient && subject.has(agentIdentity) && !subject.has(agentUser)) return 'autonomous'
    return isAgentClient || isAgentSubject ? 'other' : 'service'
  }
  if (claims['idtyp'] !== 'user' || !isAgentClient) return 'other'
  if (subject.has(agentUser)) return 'agent_user'
  return isAgentSubject ? 'other' : 'on_behalf'
}

/** For deny rules: one claim can tell of an agent although the other is malformed. */
function isOfAgent(claims: JwtPayload): boolean {
  const subject = readFacets(claims['xms_sub_fct'])
  if (subject?.has(agentIdentity) || subject?.has(agentUser)) return true
  return readFacets(claims['xms_act_fct'])?.has(agentIdentity) === true
}

const facetList = /^\d{1,9}(?: \d{1,9})*$/

/** Integers, in a text with spaces between them or in a list of such texts, in any order; undefined where it is neither. */
function readFacets(value: unknown): ReadonlySet<number> | undefined {
  if (value === undefined) return new Set()
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value]
  const facets = new Set<number>()
  for (const text of texts) {
    if (typeof text !== 'string' || !facetList.test(text)) return undefined
    for (const facet of text.split(' ')) facets.add(Number(facet))
  }
  return facets
}

/** `azp` in version 2, `appid` in version 1. */
function clientOf(claims: JwtPayload): string {
  const azp = textClaim(claims, 'azp')
  const appid = textClaim(claims, 'appid')
  if (azp !== undefined && appid !== undefined && azp !== appid) throw new Error('azp and appid differ')
  const client = azp ?? appid
  if (client === undefined) throw new Error('azp is missing')
  return client
}
