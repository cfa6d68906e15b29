import type { Row } from './row.ts'

const admitted = { decision: 'admitted', status: 200, code: '-' } as const
const refused = { bound: '-', decision: 'refused', status: 401 } as const
const notGiven = { forWhom: '-', bound: '-', decision: 'refused', status: 400 } as const

/** What the token says of a caller who did not prove to be the one it was issued to. */
const plannerForAlice = { who: '(agent planner)', forWhom: '(human alice)' }
const auditor = { who: '(agent auditor)', forWhom: '(itself)' }
const forAlice = { forWhom: 'human alice', bound: 'dpop' }

/** What must happen, line by line. */
export const story: readonly Row[] = [
  { scene: 'agent A reads for a human', who: 'agent planner', ...forAlice, ...admitted },
  { scene: 'agent A asks agent B', who: 'agent planner', ...forAlice, ...admitted },
  { scene: 'agent B uses tool C', who: 'agent booker asked by planner', ...forAlice, ...admitted },
  { scene: 'tool C pays', who: 'service seat-tool asked by booker asked by planner', ...forAlice, ...admitted },
  { scene: 'an agent acts for itself', who: 'agent auditor', forWhom: 'itself', bound: 'mtls', ...admitted },
  {
    scene: "the human's token in the agent's hands",
    who: '(human alice)',
    forWhom: '(itself)',
    ...refused,
    code: 'binding_mismatch',
  },
  { scene: 'stolen token without the key', ...plannerForAlice, ...refused, code: 'binding_scheme' },
  { scene: "stolen token with the thief's own key", ...plannerForAlice, ...refused, code: 'binding_mismatch' },
  { scene: 'replayed proof', ...plannerForAlice, ...refused, code: 'proof_replayed' },
  { scene: 'proof for another URL', ...plannerForAlice, ...refused, code: 'proof_target' },
  { scene: "another agent's key", ...plannerForAlice, ...refused, code: 'binding_mismatch' },
  {
    scene: 'missing scope',
    who: 'agent planner',
    ...forAlice,
    decision: 'refused',
    status: 403,
    code: 'scope_missing',
  },
  { scene: 'token for another API', who: '-', forWhom: '-', ...refused, code: 'token_audience' },
  { scene: 'stolen token with another certificate', ...auditor, ...refused, code: 'binding_mismatch' },
  { scene: 'stolen token without a certificate', ...auditor, ...refused, code: 'certificate_missing' },
  { scene: 'an exchange beyond may_act', who: 'booker', ...notGiven, code: 'invalid_request' },
  { scene: 'an exchange for a foreign API', who: 'planner', ...notGiven, code: 'invalid_target' },
  { scene: 'an exchange for wider scopes', who: 'seat-tool', ...notGiven, code: 'invalid_scope' },
  { scene: 'too long a chain', who: 'clerk', ...notGiven, code: 'invalid_request' },
  { scene: "a stranger's actor token", who: 'booker', ...notGiven, code: 'invalid_request' },
  { scene: 'a stream that ends once she withdraws', who: 'agent planner', ...forAlice, ...admitted },
  { scene: 'an exchange after alice withdrew', who: 'planner', ...notGiven, code: 'invalid_request' },
  { scene: 'a call after alice withdrew', ...plannerForAlice, ...refused, code: 'token_revoked' },
  { scene: 'a call elsewhere after she withdrew', ...plannerForAlice, ...refused, code: 'token_revoked' },
  { scene: 'a revoked agent', who: '-', ...notGiven, status: 401, code: 'invalid_client' },
  {
    scene: "a revoked agent's token",
    who: '(agent booker asked by planner)',
    forWhom: '(human alice)',
    ...refused,
    code: 'token_revoked',
  },
]
