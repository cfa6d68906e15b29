import type { Row } from '../demo/row.ts'

const planner = { who: 'agent planner', forWhom: 'human alice', bound: 'dpop' }
const indexer = { who: 'agent indexer', forWhom: 'itself', bound: 'dpop' }
const clerk = { who: 'agent clerk', forWhom: 'human bob', bound: 'dpop' }
const admitted = { decision: 'admitted', status: 200, code: '-' } as const

function refused(status: number, code: string) {
  return { decision: 'refused' as const, status, code }
}

/** What must happen, line by line: the tool, as the audit event names it, and the scene. */
export const story: readonly Row[] = [
  { scene: 'list_rooms: an agent asks for what every caller may', ...planner, ...admitted },
  {
    scene: 'read_calendar: a scope is missing, and its human grants it',
    ...planner,
    ...refused(403, 'scope_missing'),
  },
  { scene: 'read_calendar: a scope is missing, and its human grants it', ...planner, ...admitted },
  {
    scene: 'book_room: its human confirms with a second factor',
    ...planner,
    ...refused(401, 'authentication_insufficient'),
  },
  { scene: 'book_room: its human confirms with a second factor', ...planner, ...admitted },
  { scene: 'read_calendar: the booking is there for its owner', ...planner, ...admitted },
  {
    scene: 'rebuild_index: what is done for a human is no job of the agent',
    ...planner,
    ...refused(403, 'authority_required'),
  },
  { scene: 'delete_room: a tool without a rule', ...planner, ...refused(403, 'access_denied') },
  { scene: 'rebuild_index: an agent does its own job', ...indexer, ...admitted },
  { scene: 'book_room: it cannot book, for it acts for nobody', ...indexer, ...refused(403, 'actor_unauthorized') },
  { scene: "read_calendar: another user's agent does not see the booking", ...clerk, ...admitted },
  {
    scene: 'book_room: its human is not there to confirm',
    ...clerk,
    ...refused(401, 'authentication_insufficient'),
  },
  {
    scene: 'read_calendar: a gateway is told another tool than the server',
    ...clerk,
    ...refused(400, 'request_malformed'),
  },
  {
    scene: 'server/discover: a stock client without a token',
    who: '-',
    forWhom: '-',
    bound: '-',
    ...refused(401, 'credentials_missing'),
  },
  {
    scene: 'server/discover: a stock client with a token of an agent',
    who: '(agent planner)',
    forWhom: '(human alice)',
    bound: '-',
    ...refused(401, 'binding_scheme'),
  },
]
