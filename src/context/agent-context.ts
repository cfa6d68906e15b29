import { sealed } from '../internal/freeze.ts'
import { numbers } from '../options/defaults.ts'
import type { Confirmation } from '../sender/confirmation.ts'
import type { VerifiedToken } from '../token/verify.ts'
import type { AgentContext, Party, WarningCode } from '../types/context.ts'
import type { Parties } from './parties.ts'

/** Step 6: the object the handler reads. Built once per token, frozen to the last member, nothing inherited. */
export function buildContext(
  { issuer, claims }: VerifiedToken,
  sender: AgentContext['sender'],
  parties: Parties,
): AgentContext {
  const warnings: WarningCode[] = [...parties.warnings]
  if (claims.exp - claims.iat > numbers['issuer.maxTokenSeconds'].default) warnings.push('ttl_over_policy')
  if (sender.method === 'none') warnings.push('unbound_token')
  return sealed({
    principal: parties.principal,
    actor: parties.actor,
    authority: parties.authority,
    delegation: parties.delegation,
    involvesAgent: parties.involvesAgent,
    client: parties.client,
    scopes: Object.freeze([...claims.scopes]),
    authorizationDetails: Object.freeze([...claims.details]),
    roles: Object.freeze([...claims.roles]),
    permissions: Object.freeze([...claims.permissions]),
    sender,
    authentication: sealed({
      ...(claims.acr === undefined ? {} : { acr: claims.acr }),
      amr: Object.freeze([...claims.amr]),
      ...(claims.authTime === undefined ? {} : { time: claims.authTime }),
    }),
    token: sealed({
      issuer: issuer.issuer,
      id: claims.jti,
      audience: Object.freeze([...(claims.audience ?? [])]),
      issuedAt: claims.iat,
      expiresAt: claims.exp,
      claims: claims.all,
    }),
    enforcement: 'enforced',
    warnings: Object.freeze(warnings),
  } as AgentContext)
}

/** What a sender has shown once every proof of the binding held. */
export function describeSender({ jkt, x5t }: Confirmation): AgentContext['sender'] {
  return sealed({
    method: senderMethod(jkt, x5t),
    ...(jkt === undefined ? {} : { jkt }),
    ...(x5t === undefined ? {} : { x5t }),
  })
}

function senderMethod(jkt: string | undefined, x5t: string | undefined): AgentContext['sender']['method'] {
  if (jkt !== undefined) return x5t === undefined ? 'dpop' : 'dpop+mtls'
  return x5t === undefined ? 'none' : 'mtls'
}

/** One string per party, safe as a database key: who asserts it, its namespace and its subject, percent-encoded. */
export function partyKey(party: Party): string {
  return [party.assertedBy, party.issuer ?? '', party.subject].map(encodeURIComponent).join('|')
}

/**
 * The line every log wants: `agent travel-7 for human alice, asked by agent planner-2`. Subjects are quoted where they
 * hold more than plain characters, so no claim can forge a line.
 */
export function sentence(context: AgentContext): string {
  const { actor, principal, delegation } = context
  const words = [describeParty(actor)]
  if (actor !== principal) words.push(`for ${describeParty(principal)}`)
  const prior = delegation?.chain.slice(1) ?? []
  const asked = prior.map((party) => `, asked by ${describeParty(party)}`)
  return words.join(' ') + asked.join('')
}

function describeParty({ kind, subject }: Party): string {
  const name = /^[\w.:/@|+~-]+$/.test(subject) ? subject : JSON.stringify(subject).replace(/[^\x20-\x7e]/g, escapeUnit)
  return `${kind === 'unknown' ? 'party' : kind} ${name}`
}

function escapeUnit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
