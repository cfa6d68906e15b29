import { isSameEntity, mergeEntityClaims } from '../internal/entity-claims.ts'
import { sealed } from '../internal/freeze.ts'
import { andThen, type MaybePromise } from '../internal/maybe-promise.ts'
import { NoAnswer } from '../internal/no-answer.ts'
import { isPartyName } from '../internal/party-name.ts'
import type { Policy } from '../options/policy.ts'
import { Denial } from '../refusal/denial.ts'
import type { BoundToken } from '../sender/sender.ts'
import type { CurrentToken } from '../token/revocation.ts'
import type { EntityClaims, Party } from '../types/context.ts'
import { createDirectory, type DirectoryAnswer, type DirectoryCache } from './directory.ts'
import { type DelegatedToken, type Parties, partiesIn } from './parties.ts'

declare const accountable: unique symbol

/** A delegated token none of whose parties is disabled, and whose actor has an owner where it must. Only this file makes one. */
export type AccountableToken = DelegatedToken & { readonly [accountable]: true }

/** Step 4, second half: what the directory says of the parties, and the rule on owners. */
export interface StandingCheck {
  check(delegated: DelegatedToken): MaybePromise<AccountableToken | Denial>
  /** After a wait: judges the newest answers of the directory, without asking for others. */
  recheck(token: AccountableToken): Denial | undefined
  /** For streams: would a request with this token pass the check now? */
  holds(token: CurrentToken): MaybePromise<boolean>
  /** The parties as the check judged them; the same object as long as the directory says the same of them. */
  partiesOf(token: AccountableToken): Parties
}

type StandingPolicy = Pick<Policy, 'requireOwner' | 'directory' | 'clock' | 'hookTimeoutMs' | 'reportOnly'>

export function createStandingCheck(policy: StandingPolicy): StandingCheck {
  const { requireOwner, reportOnly, directory, clock, hookTimeoutMs } = policy
  const isEnforced = requireOwner && !reportOnly.has('owner_missing')
  if (directory === undefined) return createOwnerCheck(isEnforced)
  return createDirectoryCheck(createDirectory(directory, clock, hookTimeoutMs), isEnforced)
}

/** Without a directory the token says everything, and a context exists only for a token that passed. */
function createOwnerCheck(requireOwner: boolean): StandingCheck {
  return {
    check(delegated) {
      const denial = requireOwner ? checkOwner(partiesIn(delegated)) : undefined
      return denial ?? (delegated as AccountableToken)
    },
    recheck: () => undefined,
    holds: () => true,
    partiesOf: partiesIn,
  }
}

/** The parties of one token, as the directory described them last. */
interface Description {
  /** Everyone the directory is asked about: the principal, then the actor. */
  readonly everyone: readonly Party[]
  described: Parties
  answers: readonly EntityClaims[]
}

/** What one request was judged by. */
interface Judged {
  readonly answers: readonly EntityClaims[]
  readonly described: Parties
}

function createDirectoryCheck(directory: DirectoryCache, requireOwner: boolean): StandingCheck {
  const descriptions = new WeakMap<Parties, Description>()
  const judged = new WeakMap<BoundToken, Judged>()

  function descriptionOf(parties: Parties): Description {
    const known = descriptions.get(parties)
    if (known !== undefined) return known
    const { principal, actor, named } = parties
    const made: Description = { everyone: [...new Set([principal, actor, ...named])], described: parties, answers: [] }
    descriptions.set(parties, made)
    return made
  }

  function judge(parties: Parties, answers: readonly DirectoryAnswer[]): Judged | Denial {
    if (!answers.every(isEntityClaims)) return denialFor(answers)
    const described = describe(parties, answers)
    return (requireOwner ? checkOwner(described) : undefined) ?? { answers, described }
  }

  function describe(parties: Parties, answers: readonly EntityClaims[]): Parties {
    const description = descriptionOf(parties)
    if (answers.every((answer, at) => answer === description.answers[at])) return description.described
    description.described = describeParties(parties, description.described, answers)
    description.answers = answers
    return description.described
  }

  return {
    check(delegated) {
      const parties = partiesIn(delegated)
      return andThen(directory.ask(descriptionOf(parties).everyone), (answers) => {
        const judgement = judge(parties, answers)
        if (judgement instanceof Denial) return judgement
        judged.set(delegated, judgement)
        return delegated as AccountableToken
      })
    },
    recheck(token) {
      const parties = partiesIn(token)
      const { everyone } = descriptionOf(parties)
      const judgement = judge(
        parties,
        everyone.map((party, at) => directory.latest(party) ?? judged.get(token)?.answers[at] ?? unasked),
      )
      return judgement instanceof Denial ? judgement : undefined
    },
    holds({ parties }) {
      if (parties instanceof Denial) return false
      return andThen(
        directory.ask(descriptionOf(parties).everyone),
        (answers) => !(judge(parties, answers) instanceof Denial),
      )
    },
    partiesOf: (token) => judged.get(token)?.described ?? partiesIn(token),
  }
}

const unasked = new NoAnswer('was not asked')

function isEntityClaims(answer: DirectoryAnswer): answer is EntityClaims {
  return answer !== 'disabled' && !(answer instanceof NoAnswer)
}

/** A party that is disabled counts more than one that the directory was not able to tell of. */
function denialFor(answers: readonly DirectoryAnswer[]): Denial {
  const outage = answers.find((answer) => answer instanceof NoAnswer)
  if (outage === undefined || answers.includes('disabled')) return new Denial('token_revoked')
  return new Denial('directory_unavailable', { cause: outage.cause })
}

/** Only principal and actor are described; of the rest of the chain the directory only says whether one is disabled. */
function describeParties(parties: Parties, last: Parties, answers: readonly EntityClaims[]): Parties {
  const [ofPrincipal, ofActor] = answers
  const isAlone = parties.actor === parties.principal
  const principal = describeAs(last.principal, parties.principal, ofPrincipal)
  const actor = isAlone ? principal : describeAs(last.actor, parties.actor, ofActor)
  if (principal === last.principal && actor === last.actor) return last
  const { delegation } = parties
  const replace = (party: Party) => (party === parties.actor ? actor : party)
  return {
    ...parties,
    principal,
    actor,
    delegation: delegation && sealed({ ...delegation, chain: Object.freeze(delegation.chain.map(replace)) }),
    named: Object.freeze(parties.named.map(replace)),
  }
}

/** `last` itself where nothing has changed. */
function describeAs(last: Party, inToken: Party, answer: EntityClaims = {}): Party {
  const entity = mergeEntityClaims(inToken.entity, answer)
  if (isSameEntity(last.entity, entity)) return last
  return entity === undefined || isSameEntity(inToken.entity, entity) ? inToken : sealed<Party>({ ...inToken, entity })
}

/** `delegation.requireOwner`: who answers for the actor? */
export function checkOwner({ principal, actor }: Pick<Parties, 'principal' | 'actor'>): Denial | undefined {
  const { kind, entity } = actor
  const needsOne = (actor !== principal || kind === 'agent') && kind !== 'human' && kind !== 'service'
  if (!needsOne || isNamed(entity?.owner)) return undefined
  return new Denial('owner_missing', { hint: 'delegation.requireOwner' })
}

/** A blank name is no owner. */
function isNamed(owner: EntityClaims['owner']): boolean {
  return typeof owner === 'string' || owner === undefined ? isPartyName(owner) : owner.some(isPartyName)
}
