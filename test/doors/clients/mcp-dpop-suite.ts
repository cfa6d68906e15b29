import type { RefusalCode, VerifierOptions } from 'onbehalf'
import type { ProofInput, TokenInput } from 'onbehalf/testing'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { withBrokenSignature } from '../../support/bytes.ts'
import { resource as origin } from '../../support/kit.ts'
import type { RunningApp } from '../app.ts'
import { type Changes, createDoorKit, type DoorKit } from '../kit.ts'
import { valuesOf } from '../seen.ts'
import type { Field } from '../wire.ts'

/**
 * The cases of the MCP project's conformance scenario `auth/dpop-server-validation` (SEP-1932), on tokens as that suite
 * mints them: an hour long, without `kid`. They are sent to any server at `/mcp`.
 */
export interface SuiteServer {
  readonly name: string
  start(options: VerifierOptions): Promise<Pick<RunningApp, 'ask' | 'close'>>
  /** What the server is asked for, beside credentials. */
  readonly body?: string
  readonly fields?: readonly Field[]
}

const resource = `${origin}/mcp`
/** RFC 9068 §2.2 requires these two; the suite mints tokens without them. */
const requiredClaims = { client_id: 'conformance', jti: 'conformance-1' }
const trust = { maxTokenSeconds: 3_600 }

let kit: DoorKit

async function mint(input: Partial<TokenInput> = {}): Promise<string> {
  const { agent, issuer } = kit
  const claims = { sub_profile: undefined, ...requiredClaims }
  return issuer.token({
    agent,
    lifetimeSeconds: 3_600,
    audience: resource,
    header: { kid: undefined },
    claims,
    ...input,
  })
}

interface Case {
  readonly name: string
  readonly code: RefusalCode
  readonly changes?: () => Changes | Promise<Changes>
  /** How the proof differs from a good one. */
  readonly proof?: Partial<ProofInput>
  /** What becomes of the good proof. */
  readonly spoil?: (proof: string) => string
}

const cases: readonly Case[] = [
  { name: 'TamperedSignature', code: 'proof_signature', spoil: withBrokenSignature },
  { name: 'MissingJti', code: 'proof_malformed', proof: { claims: { jti: undefined } } },
  { name: 'WrongTyp', code: 'proof_malformed', proof: { header: { typ: 'JWT' } } },
  { name: 'HtuMismatch', code: 'proof_target', proof: { url: `${origin}/other` } },
  { name: 'HtmMismatch', code: 'proof_method', proof: { method: 'GET' } },
  { name: 'PrivateKeyInJwk', code: 'proof_key', changes: withPrivateKey },
  { name: 'WrongAth', code: 'proof_token_hash', proof: { token: 'another' } },
  { name: 'BearerScheme', code: 'binding_scheme', changes: () => ({ scheme: 'Bearer' }) },
  { name: 'MissingHtm', code: 'proof_malformed', proof: { claims: { htm: undefined } } },
  { name: 'MissingHtu', code: 'proof_malformed', proof: { claims: { htu: undefined } } },
  { name: 'MissingIat', code: 'proof_malformed', proof: { claims: { iat: undefined } } },
  { name: 'MissingJwk', code: 'proof_malformed', proof: { header: { jwk: undefined } } },
  { name: 'AthAbsent', code: 'proof_malformed', proof: { claims: { ath: undefined } } },
  { name: 'MalformedProof', code: 'proof_malformed', spoil: () => 'not-a-proof' },
  { name: 'CnfJktMismatch', code: 'binding_mismatch', changes: () => ({ prover: kit.thief }) },
  { name: 'iat 303 s ago', code: 'proof_expired', changes: () => issuedAt(-303) },
  { name: 'iat 303 s ahead', code: 'proof_not_active', changes: () => issuedAt(303) },
  { name: 'alg none', code: 'proof_key', proof: { header: { alg: 'none' } } },
  { name: 'alg HS256', code: 'proof_key', proof: { header: { alg: 'HS256' } } },
  { name: 'a foreign audience', code: 'token_audience', changes: async () => ({ token: await mintForAnother() }) },
]

function withPrivateKey(): Changes {
  return { proof: { header: { jwk: { ...kit.agent.publicJwk, d: 'AAAA' } } } }
}

function issuedAt(offset: number): Changes {
  return { proof: { claims: { iat: kit.now + offset } } }
}

const mintForAnother = () => mint({ audience: 'https://other.example.test/mcp' })

export function testDpopSuite(server: SuiteServer): void {
  beforeAll(async () => {
    kit = await createDoorKit()
  })

  async function open(
    more: Partial<VerifierOptions['dpop'] & object>,
  ): Promise<{ app: Pick<RunningApp, 'ask'>; nonce: string | undefined }> {
    const issuer = { ...kit.issuer.options, ...trust }
    const app = await server.start({ ...kit.options, issuer, resource, dpop: { preset: 'mcp', ...more } })
    onTestFinished(() => app.close())
    if (more.nonce === undefined) return { app, nonce: undefined }
    return { app, nonce: valuesOf(await app.ask(await shotOf(undefined)), 'dpop-nonce')[0] }
  }

  async function shotOf(nonce: string | undefined, changes: Changes = {}, proof: Partial<ProofInput> = {}) {
    const made = typeof changes.proof === 'object' ? changes.proof : {}
    return kit.shot({
      method: 'POST',
      target: '/mcp',
      token: await mint(),
      ...(server.fields && { fields: server.fields }),
      ...(server.body !== undefined && { body: server.body }),
      ...changes,
      proof: typeof changes.proof === 'string' ? changes.proof : { nonce, ...made, ...proof },
    })
  }

  describe.each<[string, Partial<VerifierOptions['dpop'] & object>]>([
    ['without nonces', {}],
    ['with nonces', { nonce: { secret: 'x'.repeat(32) } }],
  ])(`the DPoP server suite of MCP, ${server.name}, %s`, (_, more) => {
    test('RFC 9449 §7.1: a valid proof is accepted', async () => {
      const { app, nonce } = await open(more)
      const answer = await app.ask(await shotOf(nonce))
      expect([answer.status, answer.body]).toEqual([200, expect.stringContaining('travel-7')])
    })

    test.each(cases)('RFC 9449 §4.3, §7.1: $name is a 401 that names DPoP', async ({ code, changes, proof, spoil }) => {
      const { app, nonce } = await open(more)
      const shot = await shotOf(nonce, await changes?.(), proof)
      const fields = shot.fields.map(([name, value]): [string, string] => [
        name,
        name === 'dpop' && spoil !== undefined ? spoil(value) : value,
      ])
      const answer = await app.ask({ ...shot, fields })
      expect([answer.status, (JSON.parse(answer.body) as { code: unknown }).code]).toEqual([401, code])
      expect(valuesOf(answer, 'www-authenticate').join()).toMatch(/(?:^|, )DPoP /)
    })

    test('RFC 9449 §4.3(1): DuplicateDpopHeader is a 401 that names DPoP', async () => {
      const { app, nonce } = await open(more)
      const shot = await shotOf(nonce)
      const answer = await app.ask({
        ...shot,
        fields: [...shot.fields, ...shot.fields.filter(([name]) => name === 'dpop')],
      })
      expect(answer.status).toBe(401)
      expect(valuesOf(answer, 'www-authenticate').join()).toMatch(/(?:^|, )DPoP /)
    })
  })

  test(`RFC 9449 §9: ${server.name}: where a nonce is asked for, the retry is accepted and a wrong nonce is refused`, async () => {
    const { app, nonce } = await open({ nonce: { secret: 'x'.repeat(32) } })
    const statusOf = async (sent?: string) => (await app.ask(await shotOf(sent))).status
    expect([await statusOf(), await statusOf('wrong'), await statusOf(nonce)]).toEqual([401, 401, 200])
  })
}
