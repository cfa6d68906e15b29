import type { RefusalCode, ReplayAnswer, RequestView, VerifierOptions } from 'onbehalf'
import { createTestCertificate, type TestAgent, type TestCertificate } from 'onbehalf/testing'
import { withBrokenSignature } from '../support/bytes.ts'
import { createKit, type Kit, type Outcome, outcomeOf, url } from '../support/kit.ts'

/** The parts of a request, so that a test can make several of them wrong at once. */
export interface Draft {
  method: string
  target: string
  scheme: string
  /** Maps the one good Authorization line to the lines that are sent. */
  lines: (line: string) => readonly string[]
  tokenClaims: Record<string, unknown>
  tokenHeader: Record<string, unknown>
  bendToken: (token: string) => string
  prover: TestAgent
  sendsProof: boolean
  proofClaims: Record<string, unknown>
  proofHeader: Record<string, unknown>
  bendProof: (proof: string) => string
  nonce: string | undefined
  certificate: TestCertificate | undefined
  /** What the replay store and the revocation source answer. */
  replay: ReplayAnswer
  isRevoked: boolean
}

export interface Fault {
  readonly code: RefusalCode
  readonly name: string
  readonly spoil: (draft: Draft, stage: OrderStage) => void
}

export interface OrderStage {
  readonly kit: Kit
  readonly thief: TestAgent
  readonly thiefCertificate: TestCertificate
  readonly now: number
  /** How often the replay store, the revocation source, the directory and a function of the baseline were asked. */
  readonly asked: { store: number; hook: number; directory: number; rule: number }
  codeWith(...faults: readonly Fault[]): Promise<Outcome>
  requestWith(...faults: readonly Fault[]): Promise<RequestView>
}

function accessWith(asked: OrderStage['asked']): VerifierOptions['access'] {
  const rule = <T extends unknown[]>(test: (...given: T) => boolean) => {
    return (...given: T) => {
      asked.rule++
      return test(...given)
    }
  }
  return {
    actor: rule((party) => party.subject !== 'mallory'),
    principal: rule((party) => party.subject !== 'eve'),
    authority: 'delegated',
    maxDepth: 1,
    where: rule((context) => !context.roles.includes('barred')),
    details: { type: 'payment', allows: rule((detail) => detail['to'] === 'shop') },
    permissions: ['pay'],
    acr: ['gold'],
    scopes: ['tools:read'],
  }
}

/** A verifier with everything on, and a request that meets all of it. */
export async function createOrderStage(): Promise<OrderStage> {
  let replay: ReplayAnswer = 'fresh'
  let isRevoked = false
  const asked = { store: 0, hook: 0, directory: 0, rule: 0 }
  const kit = await createKit({
    agent: { certificate: true },
    verifier: {
      dpop: {
        nonce: { secret: 'order-secret-of-thirty-two-bytes' },
        replay: {
          add() {
            asked.store++
            return replay
          },
        },
      },
      revocation: {
        isRevoked() {
          asked.hook++
          return isRevoked
        },
      },
      delegation: {
        requireOwner: true,
        directory({ subject }) {
          asked.directory++
          if (subject === 'disabled-7') return { disabled: true }
          return subject === 'ownerless-7' ? undefined : { owner: 'ops' }
        },
      },
      access: accessWith(asked),
    },
  })
  const thief = await kit.issuer.agent('thief')
  const thiefCertificate = await createTestCertificate({ commonName: 'thief' })
  const now = kit.issuer.clock.now() / 1_000
  const challenge = await kit.refusal({ token: { bind: 'dpop' } })
  const nonce = challenge.headers.find(([name]) => name === 'DPoP-Nonce')?.[1]

  async function requestWith(...faults: readonly Fault[]) {
    const draft = goodDraft(kit, nonce)
    for (const { spoil } of faults) spoil(draft, stage)
    replay = draft.replay
    isRevoked = draft.isRevoked
    return requestOf(kit, draft)
  }

  async function codeWith(...faults: readonly Fault[]) {
    return outcomeOf(await kit.verifier.check(await requestWith(...faults)))
  }

  const stage: OrderStage = { kit, thief, thiefCertificate, now, asked, codeWith, requestWith }
  return stage
}

function goodDraft({ agent, issuer }: Kit, nonce: string | undefined): Draft {
  return {
    method: 'GET',
    target: '/tools',
    scheme: 'DPoP',
    lines: (line) => [line],
    tokenClaims: {
      sub: 'alice',
      sub_profile: 'user',
      act: { sub: agent.subject, iss: issuer.issuer, sub_profile: 'ai_agent' },
      scope: 'tools:read',
      acr: 'gold',
      authorization_details: [{ type: 'payment', to: 'shop' }],
      permissions: ['pay'],
    },
    tokenHeader: {},
    bendToken: (token) => token,
    prover: agent,
    sendsProof: true,
    proofClaims: {},
    proofHeader: {},
    bendProof: (proof) => proof,
    nonce,
    certificate: agent.certificate,
    replay: 'fresh',
    isRevoked: false,
  }
}

async function requestOf(kit: Kit, draft: Draft): Promise<RequestView> {
  const made = await kit.token({ bind: 'both', claims: draft.tokenClaims, header: draft.tokenHeader })
  const token = draft.bendToken(made)
  const { nonce, proofClaims: claims, proofHeader: header } = draft
  const proof = await draft.prover.proof({ method: 'GET', url, token, nonce, claims, header })
  const { method, target, certificate } = draft
  return kit.request({
    method,
    target,
    token,
    proof: draft.sendsProof ? draft.bendProof(proof) : null,
    headers: { authorization: draft.lines(`${draft.scheme} ${token}`) },
    ...(certificate === undefined ? {} : { certificate: certificate.der }),
  })
}

/** Faults in the order of precedence. Two with one code are two ways to that refusal. */
export const faults: readonly Fault[] = [
  { code: 'request_malformed', name: 'two lines', spoil: (draft) => twice(draft) },
  { code: 'credentials_missing', name: 'a scheme not taken', spoil: (draft) => rename(draft, 'Basic') },
  { code: 'token_malformed', name: 'crit', spoil: (draft) => Object.assign(draft.tokenHeader, { crit: ['x'] }) },
  { code: 'token_type', name: 'typ', spoil: (draft) => Object.assign(draft.tokenHeader, { typ: 'JWT' }) },
  { code: 'token_algorithm', name: 'alg', spoil: (draft) => Object.assign(draft.tokenHeader, { alg: 'HS256' }) },
  { code: 'token_issuer', name: 'iss', spoil: (draft) => claim(draft, { iss: 'https://evil.test' }) },
  { code: 'token_expired', name: 'exp', spoil: (draft, { now }) => claim(draft, { iat: now - 99, exp: now - 9 }) },
  { code: 'token_key_unknown', name: 'kid', spoil: (draft) => Object.assign(draft.tokenHeader, { kid: 'other' }) },
  {
    code: 'token_signature',
    name: 'signature',
    spoil: (draft) => Object.assign(draft, { bendToken: withBrokenSignature }),
  },
  { code: 'token_claim', name: 'jti', spoil: (draft) => claim(draft, { jti: '' }) },
  { code: 'token_audience', name: 'aud', spoil: (draft) => claim(draft, { aud: 'https://other.test' }) },
  { code: 'token_not_active', name: 'nbf', spoil: (draft, { now }) => claim(draft, { nbf: now + 99 }) },
  {
    code: 'token_lifetime',
    name: 'lifetime',
    spoil: (draft, { now }) => claim(draft, { iat: now - 301, exp: now + 9 }),
  },
  { code: 'token_revoked', name: 'revoked', spoil: (draft) => Object.assign(draft, { isRevoked: true }) },
  { code: 'binding_unsupported', name: 'cnf.kid', spoil: (draft) => claim(draft, { cnf: { kid: 'k' } }) },
  { code: 'binding_missing', name: 'no cnf', spoil: (draft) => claim(draft, { cnf: undefined }) },
  { code: 'binding_scheme', name: 'Bearer', spoil: (draft) => rename(draft, 'Bearer') },
  {
    code: 'certificate_missing',
    name: 'no certificate',
    spoil: (draft) => Object.assign(draft, { certificate: undefined }),
  },
  {
    code: 'binding_mismatch',
    name: 'another certificate',
    spoil: (draft, { thiefCertificate }) => Object.assign(draft, { certificate: thiefCertificate }),
  },
  { code: 'proof_missing', name: 'no proof', spoil: (draft) => Object.assign(draft, { sendsProof: false }) },
  {
    code: 'proof_malformed',
    name: 'typ of the proof',
    spoil: (draft) => Object.assign(draft.proofHeader, { typ: 'JWT' }),
  },
  { code: 'proof_key', name: 'alg of the proof', spoil: (draft) => Object.assign(draft.proofHeader, { alg: 'RS256' }) },
  {
    code: 'binding_mismatch',
    name: 'another key',
    spoil: (draft, { thief }) => Object.assign(draft, { prover: thief }),
  },
  { code: 'nonce_required', name: 'no nonce', spoil: (draft) => Object.assign(draft, { nonce: undefined }) },
  { code: 'nonce_invalid', name: 'another nonce', spoil: (draft) => Object.assign(draft, { nonce: 'x'.repeat(32) }) },
  { code: 'proof_method', name: 'htm', spoil: (draft) => Object.assign(draft, { method: 'POST' }) },
  { code: 'proof_target', name: 'htu', spoil: (draft) => Object.assign(draft, { target: '/other' }) },
  { code: 'proof_token_hash', name: 'ath', spoil: (draft) => Object.assign(draft.proofClaims, { ath: 'x' }) },
  {
    code: 'proof_expired',
    name: 'old iat',
    spoil: (draft, { now }) => Object.assign(draft.proofClaims, { iat: now - 61 }),
  },
  {
    code: 'proof_not_active',
    name: 'iat ahead',
    spoil: (draft, { now }) => Object.assign(draft.proofClaims, { iat: now + 11 }),
  },
  {
    code: 'proof_signature',
    name: 'signature of the proof',
    spoil: (draft) => Object.assign(draft, { bendProof: withBrokenSignature }),
  },
  { code: 'proof_replayed', name: 'seen', spoil: (draft) => Object.assign(draft, { replay: 'seen' }) },
  { code: 'rate_limited', name: 'quota', spoil: (draft) => Object.assign(draft, { replay: 'quota' }) },
  { code: 'delegation_malformed', name: 'act', spoil: (draft) => claim(draft, { act: 'x' }) },
  { code: 'delegation_too_deep', name: 'depth', spoil: (draft) => nest(draft, 6) },
  { code: 'delegation_not_allowed', name: 'act.iss', spoil: (draft) => extendAct(draft, { iss: 'https://evil.test' }) },
  { code: 'token_revoked', name: 'disabled', spoil: (draft) => extendAct(draft, { sub: 'disabled-7' }) },
  { code: 'owner_missing', name: 'owner', spoil: (draft) => extendAct(draft, { sub: 'ownerless-7' }) },
  { code: 'actor_unauthorized', name: 'principal', spoil: (draft) => claim(draft, { sub: 'eve' }) },
  { code: 'authority_required', name: 'no act', spoil: (draft) => claim(draft, { act: undefined }) },
  { code: 'access_denied', name: 'depth of the rule', spoil: (draft) => nest(draft, 1) },
  { code: 'details_missing', name: 'details', spoil: (draft) => claim(draft, { authorization_details: undefined }) },
  { code: 'permission_missing', name: 'permissions', spoil: (draft) => claim(draft, { permissions: ['see'] }) },
  { code: 'authentication_insufficient', name: 'acr', spoil: (draft) => claim(draft, { acr: 'tin' }) },
  { code: 'scope_missing', name: 'scope', spoil: (draft) => claim(draft, { scope: 'other' }) },
  { code: 'access_denied', name: 'where', spoil: (draft) => claim(draft, { roles: ['barred'] }) },
]

/** Faults that exclude each other: one request has one of them at most. */
const alternatives: readonly (readonly string[])[] = [
  ['cnf.kid', 'no cnf'],
  ['no certificate', 'another certificate'],
  ['a scheme not taken', 'Bearer'],
  ['no nonce', 'another nonce'],
  ['old iat', 'iat ahead'],
  ['seen', 'quota'],
  ['exp', 'lifetime'],
  ['act', 'depth', 'act.iss', 'no act'],
  ['no act', 'depth of the rule'],
  ['disabled', 'owner', 'no act'],
  ['owner', 'depth of the rule'],
]

/** Whether one request can have both. */
export function canMeet(one: Fault, other: Fault): boolean {
  return !alternatives.some((names) => names.includes(one.name) && names.includes(other.name))
}

function twice(draft: Draft): void {
  const { lines } = draft
  draft.lines = (line) => [...lines(line), ...lines(line)]
}

function rename(draft: Draft, scheme: string): void {
  const { lines } = draft
  draft.lines = (line) => lines(line.replace(/^\w+/, scheme))
}

function claim(draft: Draft, claims: Record<string, unknown>): void {
  Object.assign(draft.tokenClaims, claims)
}

/** Wraps the present act in more levels. */
function nest(draft: Draft, levels: number): void {
  for (let level = 0; level < levels; level++) claim(draft, { act: { sub: 'planner', act: draft.tokenClaims['act'] } })
}

function extendAct(draft: Draft, members: Record<string, unknown>): void {
  const { act } = draft.tokenClaims
  claim(draft, { act: typeof act === 'object' ? { ...act, ...members } : act })
}
