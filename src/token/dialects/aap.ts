import type { EntityClaims, JwtPayload } from '../../types/context.ts'
import type { Dialect, DialectActor, DialectParties, DialectReaders } from '../../types/dialect.ts'
import { issuerOf, memberOf, subjectOf, textIn } from './readers.ts'

/**
 * The Agent Authorization Profile: draft -01 with plain names, draft -00 with the prefix `aap_`. `sub` and `agent` name the
 * agent that got the first token, also after a delegation; `delegation.chain` lists the agents from it to the current one.
 */
export const aapDialect: Dialect = {
  name: 'aap',
  types: ['JWT', 'at+jwt', null],
  optionalClaims: ['client_id'],
  parties: readAapParties,
  entity(claims, which) {
    const named = namedClaims(claims)
    if (named.agent === undefined) return undefined
    return which === 'principal' || delegationDepth(named.delegation) === 0 ? describeAgent(named) : undefined
  },
}

function readAapParties(claims: JwtPayload, read: DialectReaders): DialectParties {
  if (claims['act'] !== undefined) throw new Error('act is there, which this dialect gives no meaning')
  const { agent, delegation } = namedClaims(claims)
  const subject = subjectOf(claims)
  if (agent === undefined) {
    if (delegation !== undefined) throw new Error('delegation is there without agent')
    return { principal: { subject, kind: 'unknown' } }
  }
  if (textIn(agent, 'id') !== subject) throw new Error('agent.id is not sub')
  const chain = readDelegationChain(delegation, { subject, issuer: issuerOf(claims), read })
  return {
    principal: { subject, kind: 'agent' },
    chain,
    warnings: chain === undefined ? [] : ['act_iss_assumed'],
  }
}

/** The draft has a resource server refuse a depth over `max_depth`, and a chain whose length is not `depth` + 1. */
function readDelegationChain(
  delegation: unknown,
  { subject, issuer, read }: { subject: string; issuer: string; read: DialectReaders },
): readonly DialectActor[] | undefined {
  if (delegation === undefined) return undefined
  const depth = countIn(delegation, 'depth')
  if (depth > countIn(delegation, 'max_depth')) return read.tooDeep()
  const chain = memberOf(delegation, 'chain')
  if (!Array.isArray(chain) || chain.length !== depth + 1)
    throw new Error('delegation.chain is not of length depth + 1')
  if (!chain.every((name) => typeof name === 'string' && name !== ''))
    throw new Error('delegation.chain holds other things than names')
  if (depth === 0) return undefined
  const [origin, ...actors]: readonly string[] = chain
  // The examples of the draft write the first agent with and without the prefix.
  if (origin !== subject && origin !== `agent:${subject}`) throw new Error('delegation.chain does not begin with sub')
  return actors.reverse().map((name) => ({ subject: name, issuer }))
}

function countIn(delegation: unknown, name: string): number {
  const value = memberOf(delegation, name)
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new Error(`delegation.${name} is not a count`)
  }
  return value
}

function delegationDepth(delegation: unknown): unknown {
  return delegation === undefined ? 0 : memberOf(delegation, 'depth')
}

const names = ['agent', 'task', 'capabilities', 'delegation'] as const

type NamedClaims = Partial<Record<(typeof names)[number], unknown>>

/** A token that mixes the names of both drafts could hide its delegation from a reader of either. */
function namedClaims(claims: JwtPayload): NamedClaims {
  const isPrefixed = names.some((name) => claims[`aap_${name}`] !== undefined)
  if (isPrefixed && names.some((name) => claims[name] !== undefined)) throw new Error('claims of both drafts are there')
  const prefix = isPrefixed ? 'aap_' : ''
  return Object.fromEntries(names.map((name) => [name, claims[`${prefix}${name}`]]))
}

/** The owner is the `operator`, not `task.created_by`. */
function describeAgent({ agent, capabilities }: NamedClaims): EntityClaims {
  const owner = textIn(agent, 'operator')
  const model = textIn(memberOf(agent, 'model'), 'id')
  const platform = textIn(memberOf(agent, 'runtime'), 'environment')
  const actions = Array.isArray(capabilities) ? capabilities.map((capability) => textIn(capability, 'action')) : []
  const known = actions.filter((action) => action !== undefined)
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(model === undefined ? {} : { model }),
    ...(platform === undefined ? {} : { platform }),
    ...(known.length === 0 ? {} : { capabilities: known }),
  }
}
