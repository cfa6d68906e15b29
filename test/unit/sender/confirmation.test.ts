import { createHash } from 'node:crypto'
import { createTestIssuer, requestView, type TestAgent, type TestIssuer } from 'onbehalf/testing'
import { beforeAll, expect, test } from 'vitest'
import { type AuditEvent, createVerifier, OptionsError, type Verifier } from '../../../src/index.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import type { Members } from '../../support/jws.ts'
import { contextIn, type Outcome, outcomeOf, resource, url } from '../../support/kit.ts'

const forge: Forge = await createForge({ certificate: true })
const others: TestIssuer = await createTestIssuer({ resource, clock: forge.clock })
const thief: TestAgent = await others.agent('thief', { certificate: true })

const { jkt } = forge.agent
const x5t = forge.agent.certificate?.thumbprint ?? ''
const certificates = { good: forge.agent.certificate?.der, other: thief.certificate?.der, none: undefined }

type Sort = 'jkt' | 'x5t' | 'both' | 'absent' | 'overlooked' | 'jkt and overlooked' | 'unknown' | 'jkt and unknown'
type Quality = 'good' | 'other' | 'none'

/** The options may allow `osc` to be ignored; `kid` (RFC 7800 §3.4) is never ignored. */
const confirmations: Readonly<Record<Sort, Members | undefined>> = {
  jkt: { jkt },
  x5t: { 'x5t#S256': x5t },
  both: { jkt, 'x5t#S256': x5t },
  absent: undefined,
  overlooked: { osc: 'a' },
  'jkt and overlooked': { jkt, osc: 'a' },
  unknown: { kid: 'a' },
  'jkt and unknown': { jkt, kid: 'a' },
}

/** Default options: what each confirmation gives for each scheme, proof and certificate. */
const table: readonly (readonly [Sort, 'DPoP' | 'Bearer', Quality, Quality, Outcome])[] = [
  ['jkt', 'DPoP', 'good', 'none', 'admitted'],
  ['jkt', 'DPoP', 'good', 'good', 'admitted'],
  ['jkt', 'DPoP', 'good', 'other', 'admitted'],
  ['jkt', 'DPoP', 'other', 'none', 'binding_mismatch'],
  ['jkt', 'DPoP', 'none', 'good', 'proof_missing'],
  ['jkt', 'Bearer', 'good', 'none', 'binding_scheme'],
  ['jkt', 'Bearer', 'none', 'none', 'binding_scheme'],
  ['x5t', 'Bearer', 'none', 'good', 'admitted'],
  ['x5t', 'Bearer', 'good', 'good', 'admitted'],
  ['x5t', 'Bearer', 'none', 'other', 'binding_mismatch'],
  ['x5t', 'Bearer', 'none', 'none', 'certificate_missing'],
  ['x5t', 'Bearer', 'good', 'none', 'certificate_missing'],
  ['x5t', 'DPoP', 'good', 'good', 'binding_scheme'],
  ['x5t', 'DPoP', 'none', 'good', 'binding_scheme'],
  ['both', 'DPoP', 'good', 'good', 'admitted'],
  ['both', 'DPoP', 'good', 'none', 'certificate_missing'],
  ['both', 'DPoP', 'good', 'other', 'binding_mismatch'],
  ['both', 'DPoP', 'other', 'good', 'binding_mismatch'],
  ['both', 'DPoP', 'none', 'good', 'proof_missing'],
  ['both', 'DPoP', 'none', 'none', 'certificate_missing'],
  ['both', 'Bearer', 'good', 'good', 'binding_scheme'],
  ['absent', 'Bearer', 'none', 'none', 'binding_missing'],
  ['absent', 'Bearer', 'good', 'good', 'binding_missing'],
  ['absent', 'DPoP', 'good', 'good', 'binding_missing'],
  ['overlooked', 'Bearer', 'none', 'good', 'binding_unsupported'],
  ['jkt and overlooked', 'DPoP', 'good', 'none', 'binding_unsupported'],
  ['unknown', 'Bearer', 'none', 'none', 'binding_unsupported'],
  ['unknown', 'DPoP', 'good', 'good', 'binding_unsupported'],
  ['jkt and unknown', 'DPoP', 'good', 'good', 'binding_unsupported'],
]

test.each(table)(
  'MTLS-18: cnf %s under %s with proof %s and certificate %s',
  async (sort, scheme, proof, certificate, outcome) => {
    const token = forge.token({ cnf: confirmations[sort] })
    const verifier = forge.verifierWith()
    for (const round of ['cold', 'warm']) {
      const view = await viewOf(token, { scheme, proof, certificate })
      expect(outcomeOf(await verifier.check(view)), round).toBe(outcome)
    }
  },
)

interface Policy {
  readonly dpop: boolean
  readonly mtls: boolean
  readonly allowUnbound: boolean
  readonly ignoresOsc: boolean
  readonly dpopSchemeForMtls: boolean
}

interface Cell {
  readonly sort: Sort
  readonly scheme: 'DPoP' | 'Bearer'
  readonly proof: Quality
  readonly certificate: Quality
  readonly view: Awaited<ReturnType<typeof viewOf>>
}

/** The rule of the truth table, over names instead of values. */
function expectedFor(policy: Policy, { sort, scheme, proof, certificate }: Cell): Outcome {
  const takes = { Bearer: policy.mtls || policy.allowUnbound, DPoP: policy.dpop || policy.dpopSchemeForMtls }
  if (!takes[scheme]) return 'credentials_missing'
  if (/unknown/.test(sort) || (/overlooked/.test(sort) && !policy.ignoresOsc)) return 'binding_unsupported'
  const owesProof = /jkt|both/.test(sort)
  const owesCertificate = /x5t|both/.test(sort)
  if ((owesProof && !policy.dpop) || (owesCertificate && !policy.mtls)) return 'binding_unsupported'
  if (!owesProof && !owesCertificate && !policy.allowUnbound) return 'binding_missing'
  const mayComeUnder = { DPoP: owesProof || (owesCertificate && policy.dpopSchemeForMtls), Bearer: !owesProof }
  if (!mayComeUnder[scheme]) return 'binding_scheme'
  if (owesCertificate && certificate !== 'good')
    return certificate === 'none' ? 'certificate_missing' : 'binding_mismatch'
  if (owesProof && proof !== 'good') return proof === 'none' ? 'proof_missing' : 'binding_mismatch'
  return 'admitted'
}

const qualities: readonly Quality[] = ['good', 'other', 'none']
const cells: Cell[] = []

beforeAll(async () => {
  for (const sort of Object.keys(confirmations) as Sort[]) {
    const token = forge.token({ cnf: confirmations[sort] })
    for (const scheme of ['DPoP', 'Bearer'] as const) {
      for (const proof of qualities) {
        for (const certificate of qualities) {
          const view = await viewOf(token, { scheme, proof, certificate })
          cells.push({ sort, scheme, proof, certificate, view })
        }
      }
    }
  }
})

const bits = [false, true]
const policies: readonly Policy[] = bits.flatMap((dpop) =>
  bits.flatMap((mtls) =>
    bits.flatMap((allowUnbound) =>
      bits.flatMap((ignoresOsc) =>
        bits.map((dpopSchemeForMtls) => ({ dpop, mtls, allowUnbound, ignoresOsc, dpopSchemeForMtls })),
      ),
    ),
  ),
)

function verifierFor(policy: Policy, sink?: (event: AuditEvent) => void): Verifier {
  return forge.verifierTrusting(
    {
      dpopSchemeForMtls: policy.dpopSchemeForMtls,
      ...(policy.ignoresOsc && { ignoreCnf: ['osc'] }),
      ...(policy.allowUnbound && { dangerously: { allowUnbound: true } }),
    },
    {
      ...(policy.dpop ? {} : { dpop: false }),
      ...(policy.mtls ? {} : { mtls: false }),
      ...(sink && { audit: { write: sink } }),
    },
  )
}

test('MTLS-18: every confirmation × scheme × proof × certificate × option, as the rule says', async () => {
  const counts = new Map<Outcome, number>()
  for (const policy of policies) {
    if (!policy.dpop && !policy.mtls && !policy.allowUnbound) {
      expect(() => verifierFor(policy)).toThrow(OptionsError)
      continue
    }
    const verifier = verifierFor(policy)
    for (const cell of cells) {
      const { view, ...names } = cell
      const outcome = outcomeOf(await verifier.check(view))
      expect(outcome, JSON.stringify({ policy, names })).toBe(expectedFor(policy, cell))
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    }
  }
  expect([...counts.keys()].sort()).toEqual([
    'admitted',
    'binding_mismatch',
    'binding_missing',
    'binding_scheme',
    'binding_unsupported',
    'certificate_missing',
    'credentials_missing',
    'proof_missing',
  ])
})

test('MTLS-18: what is admitted names in sender exactly the proofs that were verified', async () => {
  for (const policy of policies) {
    if (!policy.dpop && !policy.mtls && !policy.allowUnbound) continue
    const verifier = verifierFor(policy)
    for (const { sort, view } of cells) {
      const verdict = await verifier.check(view)
      if (!verdict.ok) continue
      const hasJkt = /jkt|both/.test(sort)
      const hasX5t = /x5t|both/.test(sort)
      const method = hasJkt ? (hasX5t ? 'dpop+mtls' : 'dpop') : hasX5t ? 'mtls' : 'none'
      expect({ ...verdict.context.sender }).toEqual({ method, ...(hasJkt && { jkt }), ...(hasX5t && { x5t }) })
    }
  }
})

const hex = createHash('sha256').update('x').digest('hex')
const malformed: readonly (readonly [string, unknown])[] = [
  ['empty', {}],
  ['null', null],
  ['a string', 'jkt'],
  ['a number', 1],
  ['false', false],
  ['a list', []],
  ['a list of one', [{ jkt }]],
  ['a jkt of null', { jkt: null }],
  ['an empty jkt', { jkt: '' }],
  ['a jkt that is a number', { jkt: 1 }],
  ['a jkt that is a list', { jkt: [jkt] }],
  ['a padded jkt', { jkt: `${jkt}=` }],
  ['a jkt in hex', { jkt: hex }],
  ['a jkt in base64', { jkt: `+${jkt.slice(1)}` }],
  ['a short jkt', { jkt: jkt.slice(1) }],
  ['a long jkt', { jkt: `A${jkt}` }],
  ['a jkt with unused bits', { jkt: `${jkt.slice(0, -1)}B` }],
  ['a jkt with a space', { jkt: ` ${jkt.slice(1)}` }],
  ['a padded x5t#S256', { 'x5t#S256': `${x5t}=` }],
  ['an x5t#S256 in hex', { 'x5t#S256': hex }],
  ['an x5t#S256 of SHA-1', { 'x5t#S256': createHash('sha1').update('x').digest('base64url') }],
  ['an x5t#S256 of null', { 'x5t#S256': null }],
  ['a good jkt beside a malformed x5t#S256', { jkt, 'x5t#S256': 'x' }],
  ['a good x5t#S256 beside a malformed jkt', { jkt: 'x', 'x5t#S256': x5t }],
  ['x5t', { x5t }],
  ['X5T#S256', { 'X5T#S256': x5t }],
  ['JKT', { JKT: jkt }],
  ['jwk', { jwk: forge.agent.publicJwk }],
  ['jwk beside jkt', { jkt, jwk: forge.agent.publicJwk }],
  ['jwe', { jwe: 'a.b.c.d.e' }],
  ['jku', { jku: 'https://evil.test/jwks', kid: 'a' }],
  ['__proto__', JSON.parse(`{"__proto__":{"jkt":"${jkt}"}}`)],
  ['toString', { toString: jkt }],
]

test.each(malformed)(
  'MTLS-18: cnf %s cannot be checked and so admits nobody, whatever is allowed unbound',
  async (_, cnf) => {
    const policy = { dpop: true, mtls: true, ignoresOsc: true, dpopSchemeForMtls: true }
    for (const allowUnbound of bits) {
      const verifier = verifierFor({ ...policy, allowUnbound })
      const token = forge.token({ cnf })
      for (const scheme of ['DPoP', 'Bearer'] as const) {
        for (const proof of qualities) {
          const view = await viewOf(token, { scheme, proof, certificate: 'good' })
          expect(outcomeOf(await verifier.check(view)), `${scheme} ${proof}`).toBe('binding_unsupported')
        }
      }
    }
  },
)

test('MTLS-18: ignoreCnf cannot name what we can check', () => {
  for (const member of ['jkt', 'x5t#S256'])
    expect(() => forge.verifierTrusting({ ignoreCnf: [member] })).toThrow(OptionsError)
})

test('RFC 7800 §3.1: a token admitted unbound says so in its warnings and in the audit event', async () => {
  const events: AuditEvent[] = []
  const policy = { dpop: true, mtls: true, allowUnbound: true, ignoresOsc: true, dpopSchemeForMtls: false }
  const verifier = verifierFor(policy, (event) => events.push(event))
  for (const cnf of [undefined, { osc: 'a' }]) {
    const view = await viewOf(forge.token({ cnf }), { scheme: 'Bearer', proof: 'good', certificate: 'good' })
    const context = contextIn(await verifier.check(view))
    expect(context.warnings).toContain('unbound_token')
    expect({ ...context.sender }).toEqual({ method: 'none' })
    await new Promise(setImmediate)
    expect(events.at(-1)?.relaxations).toContain('issuer.dangerously.allowUnbound')
  }
})

test('MTLS-19: a certificate-bound token without mutual TLS is refused, a good proof does not help', async () => {
  const token = forge.token({ cnf: { 'x5t#S256': x5t } })
  for (const [scheme, outcome] of [
    ['Bearer', 'certificate_missing'],
    ['DPoP', 'binding_scheme'],
  ] as const) {
    const view = await viewOf(token, { scheme, proof: 'good', certificate: 'none' })
    expect(outcomeOf(await forge.verifierWith().check(view)), scheme).toBe(outcome)
  }
  const view = await viewOf(token, { scheme: 'Bearer', proof: 'good', certificate: 'none' })
  const without = createVerifier({ issuer: forge.trust, resource, clock: forge.clock, mtls: false })
  expect(outcomeOf(await without.check(view))).toBe('credentials_missing')
})

test('MTLS-20: a certificate-bound token under DPoP is invalid_token, and Bearer is what the challenge offers', async () => {
  const token = forge.token({ cnf: { 'x5t#S256': x5t } })
  const verdict = await forge
    .verifierWith()
    .check(await viewOf(token, { scheme: 'DPoP', proof: 'good', certificate: 'good' }))
  expect(verdict).toMatchObject({ ok: false, refusal: { code: 'binding_scheme', status: 401, error: 'invalid_token' } })
  const refused = await forge
    .verifierWith()
    .check(await viewOf(token, { scheme: 'Bearer', proof: 'none', certificate: 'other' }))
  const challenge = refused.ok ? '' : (new Map(refused.refusal.headers).get('WWW-Authenticate') ?? '')
  expect(challenge).toMatch(/^Bearer error="invalid_token"/)
})

test('MTLS-20: an issuer that sends such tokens under DPoP is taken by its option, the certificate still owed', async () => {
  const auth0 = forge.verifierTrusting({ dpopSchemeForMtls: true }, { dpop: false })
  const token = forge.token({ cnf: { 'x5t#S256': x5t } })
  for (const [certificate, outcome] of [
    ['good', 'admitted'],
    ['other', 'binding_mismatch'],
    ['none', 'certificate_missing'],
  ] as const) {
    for (const proof of qualities) {
      const view = await viewOf(token, { scheme: 'DPoP', proof, certificate })
      expect(outcomeOf(await auth0.check(view)), `${certificate} ${proof}`).toBe(outcome)
    }
  }
})

async function viewOf(
  token: string,
  { scheme, proof, certificate }: { scheme: string; proof: Quality; certificate: Quality },
) {
  const prover = proof === 'good' ? forge.agent : thief
  const dpop = await prover.proof({ method: 'GET', url, token })
  const headers = { authorization: `${scheme} ${token}`, ...(proof !== 'none' && { dpop }) }
  return requestView({ url, headers, certificate: certificates[certificate] })
}
