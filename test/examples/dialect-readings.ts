/** What each product's token says once it is read with its dialect. */
import type { AgentContext, DialectName, Party, WarningCode } from 'onbehalf'
import type { Situation } from './dialect-tokens.ts'

export interface Reading {
  readonly authority: AgentContext['authority']
  /** Kind and name. */
  readonly principal: string
  /** The current actor first. */
  readonly chain: readonly string[]
  readonly warnings: readonly WarningCode[]
}

type Row = readonly [
  Reading['authority'],
  principal: string,
  chain?: readonly string[],
  warnings?: readonly WarningCode[],
]

const itself: Row = ['independent', 'agent travel-7']
const unclearAgent: Row = ['undetermined', 'unknown travel-7']
const unbound = 'unbound_token'
const unboundPerson: Row = ['undetermined', 'unknown alice', [], [unbound]]

const rows: Readonly<Record<DialectName, readonly [itself: Row, forPerson: Row, asked: Row]>> = {
  rfc9068: [
    unclearAgent,
    ['delegated', 'unknown alice', ['unknown travel-7'], ['act_iss_missing', 'actor_unclassified']],
    [
      'delegated',
      'unknown alice',
      ['unknown planner-2', 'unknown travel-7'],
      ['act_iss_missing', 'actor_unclassified'],
    ],
  ],
  'actor-profile': [
    itself,
    ['delegated', 'human alice', ['agent travel-7']],
    ['delegated', 'human alice', ['agent planner-2', 'agent travel-7']],
  ],
  auth0: [
    itself,
    ['delegated', 'human alice', ['agent travel-7'], ['act_iss_assumed']],
    ['delegated', 'human alice', ['agent planner-2', 'agent travel-7'], ['act_iss_assumed']],
  ],
  okta: [
    unclearAgent,
    ['delegated', 'human alice', ['agent travel-7'], ['act_iss_assumed']],
    ['delegated', 'human alice', ['agent planner-2', 'agent travel-7'], ['act_iss_assumed']],
  ],
  entra: [
    ['independent', 'agent travel-7', [], [unbound]],
    ['delegated', 'human alice', ['agent travel-7'], [unbound]],
    ['delegated', 'human alice', ['agent planner-2'], [unbound]],
  ],
  keycloak: [
    unclearAgent,
    ['delegated', 'unknown alice', ['unknown travel-7'], ['act_iss_assumed', 'actor_unclassified']],
    ['delegated', 'unknown alice', ['unknown planner-2'], ['act_iss_assumed', 'actor_unclassified']],
  ],
  zitadel: [
    ['undetermined', 'unknown travel-7', [], [unbound]],
    ['delegated', 'unknown alice', ['unknown travel-7'], ['actor_unclassified', unbound]],
    ['delegated', 'unknown alice', ['unknown planner-2', 'unknown travel-7'], ['actor_unclassified', unbound]],
  ],
  wso2: [
    itself,
    ['delegated', 'human alice', ['unknown travel-7'], ['act_iss_assumed', 'actor_unclassified']],
    ['delegated', 'human alice', ['unknown planner-2', 'unknown travel-7'], ['act_iss_assumed', 'actor_unclassified']],
  ],
  workos: [['undetermined', 'unknown travel-7', [], [unbound]], unboundPerson, unboundPerson],
  'workos-agents': [
    ['independent', 'agent agent_reg_travel-7', [], [unbound]],
    ['delegated', 'unknown alice', ['agent agent_reg_travel-7'], ['act_iss_assumed', 'inverted_act', unbound]],
    ['delegated', 'unknown alice', ['agent agent_reg_planner-2'], ['act_iss_assumed', 'inverted_act', unbound]],
  ],
  zeroid: [
    itself,
    ['delegated', 'unknown alice', ['agent travel-7'], ['inverted_act']],
    ['delegated', 'unknown travel-7', ['agent planner-2'], ['inverted_act']],
  ],
  scalekit: [['independent', 'service m2morg_travel-7', [], [unbound]], unboundPerson, unboundPerson],
  stytch: [['independent', 'service m2m-client-travel-7', [], [unbound]], unboundPerson, unboundPerson],
  cognito: [['independent', 'service travel-7', [], [unbound]], unboundPerson, unboundPerson],
  fusionauth: [
    unclearAgent,
    ['delegated', 'unknown alice', ['unknown travel-7'], ['act_iss_missing', 'unknown_profile_value']],
    [
      'delegated',
      'unknown alice',
      ['unknown planner-2', 'unknown travel-7'],
      ['act_iss_missing', 'unknown_profile_value'],
    ],
  ],
  aap: [
    itself,
    itself,
    ['delegated', 'agent travel-7', ['unknown planner-2'], ['act_iss_assumed', 'actor_unclassified']],
  ],
}

export function expectedReading(dialect: DialectName, situation: Situation): Reading {
  const [first, second, third] = rows[dialect]
  const row = {
    'an agent for itself': first,
    'an agent for a person': second,
    'an agent that another one asked': third,
  }
  const [authority, principal, chain = [], warnings = []] = row[situation]
  return { authority, principal, chain, warnings }
}

export function readingOf({ authority, principal, delegation, warnings }: AgentContext): Reading {
  const chain = (delegation?.chain ?? []).map(kindAndName)
  return { authority, principal: kindAndName(principal), chain, warnings: [...warnings].sort() }
}

function kindAndName({ kind, subject }: Party): string {
  return `${kind} ${subject}`
}
