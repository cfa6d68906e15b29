import { createHmac, createSecretKey } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { fixed } from '../options/defaults.ts'
import type { AuditEvent, EventFacts } from '../types/audit.ts'
import type { EntityClaims, Party } from '../types/context.ts'

/** Replaces the names of persons in an event; all that is no person's name stays. */
export type Pseudonymizer = (event: AuditEvent) => AuditEvent

export function createPseudonymizer(secret: Uint8Array): Pseudonymizer {
  const key = createSecretKey(secret)
  const names = new LRUCache<string, string>({ max: fixed.pseudonyms })
  const parties = new WeakMap<Party, Party>()
  const chains = new WeakMap<readonly Party[], readonly Party[]>()

  function pseudonymOf(name: string): string {
    let pseudonym = names.get(name)
    if (pseudonym === undefined) {
      pseudonym = `p:${createHmac('sha256', key).update(name).digest('base64url')}`
      names.set(name, pseudonym)
    }
    return pseudonym
  }

  function replaceParty(party: Party): Party {
    let replaced = parties.get(party)
    if (replaced === undefined) {
      replaced = Object.freeze({ ...party, ...(isPerson(party) && namesOf(party)), ...ownerOf(party) })
      parties.set(party, replaced)
    }
    return replaced
  }

  function namesOf({ subject, clientId }: Party): Partial<Party> {
    return { subject: pseudonymOf(subject), ...(clientId !== undefined && { clientId: pseudonymOf(clientId) }) }
  }

  function ownerOf({ entity }: Party): { readonly entity?: EntityClaims } {
    if (entity?.owner === undefined) return {}
    const owner = typeof entity.owner === 'string' ? pseudonymOf(entity.owner) : entity.owner.map(pseudonymOf)
    return { entity: Object.freeze({ ...entity, owner }) }
  }

  function replaceChain(chain: readonly Party[]): readonly Party[] {
    let replaced = chains.get(chain)
    if (replaced === undefined) {
      replaced = Object.freeze(chain.map(replaceParty))
      chains.set(chain, replaced)
    }
    return replaced
  }

  return (event) => {
    const { principal, actor, chain, client, request, facts } = event
    return {
      ...event,
      request: { ...request, address: request.address === null ? null : pseudonymOf(request.address) },
      principal: principal && replaceParty(principal),
      actor: actor && replaceParty(actor),
      chain: replaceChain(chain),
      client: client === null || isClientOfMachine(client, event) ? client : pseudonymOf(client),
      ...(facts && { facts: withoutReceived(facts) }),
    }
  }
}

function isPerson({ kind }: Party): boolean {
  return kind !== 'agent' && kind !== 'service'
}

/** An agent or a service has this client id, and no other party has it. */
function isClientOfMachine(client: string, { principal, actor, chain }: AuditEvent): boolean {
  const named = [principal, actor, ...chain].filter(
    (party) => party !== null && (party.clientId === client || party.subject === client),
  ) as Party[]
  return named.length > 0 && !named.some(isPerson)
}

/** What the configuration, the rule or this package says. Other facts quote what was received, and a `cause` may. */
const own: readonly (keyof EventFacts)[] = [
  'hint',
  'expectedTarget',
  'expectedMethod',
  'expectedAudience',
  'expectedScheme',
  'lifetimeSeconds',
  'expiredBy',
  'iatOffset',
  'claim',
  'wanted',
  'reason',
  'policyVersion',
]

function withoutReceived(facts: EventFacts): EventFacts {
  return Object.fromEntries(own.flatMap((name) => (facts[name] === undefined ? [] : [[name, facts[name]]])))
}
