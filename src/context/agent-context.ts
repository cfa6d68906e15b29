import { sealed } from '../internal/freeze.ts'
import { numbers } from '../options/defaults.ts'
import type { Policy } from '../options/policy.ts'
import type { CurrentToken } from '../token/revocation.ts'
import type { VerifiedToken } from '../token/verify.ts'
import type { AgentContext, Party, WarningCode } from '../types/context.ts'
import type { Verdict } from '../types/verdict.ts'
import type { Parties } from './parties.ts'
import { type AccountableToken, checkOwner } from './standing.ts'

/** An admission without headers of its own: the same frozen object for all requests of a token, while its parties stay the same. */
export type PlainAdmission = Extract<Verdict, { ok: true }>

/** The contexts of one verifier, built when the first bound request asks: one per token, and a new one when the directory changes what it says. */
export interface Contexts {
  contextOf(token: AccountableToken): AgentContext
  admissionOf(token: AccountableToken): PlainAdmission
  /** The token a context of this verifier was built from; undefined for any other object. */
  tokenOf(context: AgentContext): CurrentToken | undefined
}

export function createContexts(policy: ContextPolicy, partiesOf: (token: AccountableToken) => Parties): Contexts {
  const enforcement = policy.reportOnly.size === 0 ? 'enforced' : 'report-only'
  const reportsOwner = policy.requireOwner && policy.reportOnly.has('owner_missing')
  /** By the parties, which belong to one token. */
  const admissions = new WeakMap<Parties, PlainAdmission>()
  const tokens = new WeakMap<AgentContext, CurrentToken>()

  function admissionOf(accountable: AccountableToken): PlainAdmission {
    const parties = partiesOf(accountable)
    const known = admissions.get(parties)
    if (known !== undefined) return known
    const { token, sender } = accountable
    const context = sealed(contextMembers(token, sender, parties, enforcement))
    const owner = reportsOwner ? checkOwner(parties) : undefined
    const wouldRefuse = owner === undefined ? token.reported : Object.freeze([...token.reported, owner.code])
    const made: PlainAdmission = Object.freeze({ ok: true, context, headers: Object.freeze([]), wouldRefuse })
    admissions.set(parties, made)
    tokens.set(context, accountable.token)
    return made
  }

  return {
    admissionOf,
    contextOf: (accountable) => admissionOf(accountable).context,
    tokenOf: (context) => tokens.get(context),
  }
}

type ContextPolicy = Pick<Policy, 'reportOnly' | 'requireOwner'>

/**
 * Step 6: what the handler reads. It is frozen to the last member. `explain` judges the baseline by it, and never hands it
 * out.
 */
export function contextMembers(
  { issuer, claims, id, issuedAt }: VerifiedToken,
  sender: AgentContext['sender'],
  parties: Parties,
  enforcement: AgentContext['enforcement'],
): AgentContext {
  const warnings: WarningCode[] = [...parties.warnings]
  if (claims.exp - issuedAt > numbers['issuer.maxTokenSeconds'].default) warnings.push('ttl_over_policy')
  if (claims.iat === undefined) warnings.push('no_iat')
  if (sender.method === 'none') warnings.push('unbound_token')
  return {
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
      id,
      audience: Object.freeze([...(claims.audience ?? [])]),
      issuedAt,
      expiresAt: claims.exp,
      claims: claims.all,
    }),
    enforcement,
    warnings: Object.freeze(warnings),
  } as AgentContext
}

/**
 * One string per party, safe as a database key: who asserts it, its namespace and its subject, percent-encoded. A party
 * whose subject is its client id has a fourth part, so that a client is never the user of the same name.
 */
export function partyKey({ assertedBy, issuer, subject, clientId }: Party): string {
  const parts = [assertedBy, issuer ?? '', subject, ...(clientId === subject ? ['client'] : [])]
  return parts.map(encodeURIComponent).join('|')
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
