import type { Row } from './row.ts'

const admitted = { decision: 'admitted', status: 200, code: '-' } as const
const refused = { bound: '-', decision: 'refused', status: 401 } as const

/** What the token says of a caller who did not prove to be the one it was issued to. */
const plannerForAlice = { who: '(agent planner)', forWhom: '(human alice)' }
const auditor = { who: '(agent auditor)', forWhom: '(itself)' }
/** A token that was refused before anything it says could be believed. */
const nobody = { who: '-', forWhom: '-' }

/** What must happen, line by line. */
export const story: readonly Row[] = [
  {
    scene: 'an agent reads a tool for a human',
    who: 'agent planner',
    forWhom: 'human alice',
    bound: 'dpop',
    ...admitted,
  },
  {
    scene: 'the agent delegates to another agent',
    who: 'agent worker asked by planner',
    forWhom: 'human alice',
    bound: 'dpop',
    ...admitted,
  },
  {
    scene: 'an autonomous agent acts for itself',
    who: 'agent auditor',
    forWhom: 'itself',
    bound: 'mtls',
    ...admitted,
  },
  {
    scene: 'an agent with a certificate reads for a human',
    who: 'agent clerk',
    forWhom: 'human bob',
    bound: 'mtls',
    ...admitted,
  },
  { scene: 'stolen token without the key', ...plannerForAlice, ...refused, code: 'binding_scheme' },
  { scene: "stolen token with the thief's own key", ...plannerForAlice, ...refused, code: 'binding_mismatch' },
  { scene: 'replayed proof', ...plannerForAlice, ...refused, code: 'proof_replayed' },
  { scene: 'proof for another URL', ...plannerForAlice, ...refused, code: 'proof_target' },
  { scene: "another agent's key", ...plannerForAlice, ...refused, code: 'binding_mismatch' },
  { scene: 'unbound token', who: '(agent legacy)', forWhom: '(itself)', ...refused, code: 'binding_missing' },
  {
    scene: 'missing scope',
    who: 'agent planner',
    forWhom: 'human alice',
    bound: 'dpop',
    decision: 'refused',
    status: 403,
    code: 'scope_missing',
  },
  { scene: 'expired token', ...nobody, ...refused, code: 'token_expired' },
  {
    scene: 'too deep a chain',
    ...refused,
    who: '-',
    forWhom: 'human alice',
    bound: 'dpop',
    code: 'delegation_too_deep',
  },
  { scene: 'stolen token with another certificate', ...auditor, ...refused, code: 'binding_mismatch' },
  { scene: 'stolen token without a certificate', ...auditor, ...refused, code: 'certificate_missing' },
]
