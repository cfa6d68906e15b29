import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTestIssuer } from 'onbehalf/testing'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { issuerUrl, resource, url } from '../../support/kit.ts'
import { makeFolder } from '../../support/services.ts'
import { runCli } from './run.ts'

const issuer = await createTestIssuer({ resource, issuer: issuerUrl })
const agent = await issuer.agent('travel-7')
const planner = await issuer.agent('planner-2')
const asked: string[] = []
const network: typeof fetch = async (input) => {
  asked.push(String(input))
  const isMetadata = String(input).endsWith('/.well-known/oauth-authorization-server')
  return Response.json(isMetadata ? { issuer: issuerUrl, jwks_uri: `${issuerUrl}/jwks` } : issuer.jwks)
}
const trusted = ['--issuer', issuerUrl]
let token: string

beforeAll(async () => {
  token = await issuer.token({ agent, human: 'alice', via: [planner] })
})

function inspect(args: readonly string[], input = token, more: object = {}): ReturnType<typeof runCli> {
  return runCli(['inspect', ...args], { fetch: network, input, now: issuer.clock.now(), ...more })
}

async function inspectJson(args: readonly string[], input = token) {
  const { out, code } = await inspect([...args, '--json'], input)
  return { code, found: JSON.parse(out) }
}

function fileOf(text: string): string {
  const folder = makeFolder('inspect')
  onTestFinished(folder.remove)
  const path = join(folder.path, 'text')
  writeFileSync(path, text)
  return path
}

test('CLI: inspect without --issuer fetches nothing, and the signature is unknown', async () => {
  asked.length = 0
  const { code, found } = await inspectJson(['-'])
  expect(asked).toEqual([])
  expect(code).toBe(0)
  expect(found).toMatchObject({ signature: 'unknown', reasons: [] })
  expect(found).not.toHaveProperty('parties')
  expect(found.notJudged.length).toBeGreaterThan(1)
})

test('CLI: inspect with --issuer verifies the signature, and says who acts for whom', async () => {
  const { code, found } = await inspectJson(['-', ...trusted])
  expect(code).toBe(0)
  expect(found).toMatchObject({
    token: { format: 'jwt', header: { alg: 'ES256' }, members: { iss: issuerUrl, sub: 'alice', aud: resource } },
    signature: 'held',
    parties: { principal: 'alice', actor: 'travel-7', authority: 'delegated', chain: ['travel-7', 'planner-2'] },
    reasons: [],
  })
  const { out } = await inspect(['-', ...trusted])
  expect(out).toContain('travel-7 for alice (delegated)')
})

test('CLI: inspect names every reason at once, and ends with 1', async () => {
  const long = await issuer.token({ agent, lifetimeSeconds: 4_000, bind: 'none' })
  const { code, found } = await inspectJson(['-', ...trusted, '--resource', 'https://other.example'], long)
  expect(code).toBe(1)
  const codes = found.reasons.map((reason: { code: string }) => reason.code)
  expect(codes).toEqual(['token_audience', 'token_lifetime', 'binding_missing'])
  const { out } = await inspect(['-', ...trusted], long)
  for (const text of ['token_lifetime', 'maxTokenSeconds', 'binding_missing']) expect(out).toContain(text)
})

test.each([
  ['an expired token', {}, 400, 'token_expired'],
  ['a token of another issuer', { iss: 'https://other.example' }, 0, 'token_issuer'],
])('CLI: inspect finds %s', async (_title, claims, seconds, code) => {
  const text = await issuer.token({ agent, claims })
  const now = issuer.clock.now() + seconds * 1_000
  const { out } = await inspect(['-', ...trusted, '--json'], text, { now })
  expect(JSON.parse(out).reasons[0]).toMatchObject({ code })
})

test('CLI: inspect says where the signature is wrong, and where no keys are found', async () => {
  const forged = `${token.slice(0, -8)}${token.endsWith('AAAAAAAA') ? 'BBBBBBBA' : 'AAAAAAAA'}`
  const { code, found } = await inspectJson(['-', ...trusted], forged)
  expect({ code, found }).toMatchObject({ code: 1, found: { signature: 'failed' } })
  const cut = await inspect(['-', ...trusted, '--json'], token, { fetch: () => Promise.reject(new Error('cut')) })
  expect(cut.code).toBe(1)
  expect(JSON.parse(cut.out)).toMatchObject({ signature: 'unknown', reasons: [{ code: 'keys_unavailable' }] })
})

test('CLI: inspect judges a proof by the method and the URL that it was sent with', async () => {
  const proof = fileOf(`DPoP: ${await agent.proof({ method: 'GET', url, token })}\n`)
  const about = ['-', ...trusted, '--proof', proof, '--url', url]
  expect(await inspectJson([...about, '--method', 'GET'])).toMatchObject({ code: 0, found: { reasons: [] } })
  const { code, found } = await inspectJson([...about, '--method', 'POST'])
  expect({ code, found }).toMatchObject({ code: 1, found: { reasons: [{ code: 'proof_method' }] } })
  const other = ['-', ...trusted, '--proof', proof, '--method', 'GET', '--url', 'https://elsewhere.example/tools']
  expect((await inspectJson(other)).found.reasons).toMatchObject([{ code: 'proof_target' }])
})

test('CLI: inspect asks for no proof and no certificate that it was not given', async () => {
  const clerk = await issuer.agent('clerk', { certificate: true })
  const bound = await issuer.token({ agent: clerk, bind: 'both' })
  const { code, found } = await inspectJson(['-', ...trusted], bound)
  expect({ code, reasons: found.reasons }).toEqual({ code: 0, reasons: [] })
  expect(found.token.boundTo).toHaveLength(2)
})

test('CLI: inspect takes a dialect, and refuses a name that is none', async () => {
  const plain = await issuer.token({ agent, header: { typ: 'JWT' } })
  expect((await inspectJson(['-', ...trusted], plain)).found.reasons).toMatchObject([{ code: 'token_type' }])
  const { found } = await inspectJson(['-', ...trusted, '--dialect', 'keycloak'], plain)
  expect(found.reasons.map((reason: { code: string }) => reason.code)).not.toContain('token_issuer')
  expect(await inspect(['-', '--dialect', 'unknown'])).toMatchObject({ code: 2, out: '' })
  expect(await inspect(['-', '--dialect', 'toString'])).toMatchObject({ code: 2, out: '' })
})

test('CLI: inspect says which dialect the issuer of a token may have, where a dialect would help', async () => {
  const iss = 'https://id.example.com/realms/agents'
  const plain = await issuer.token({ agent, header: { typ: 'JWT' }, claims: { iss } })
  expect((await inspect(['-'], plain)).out).toContain('--dialect keycloak')
  expect((await inspect(['-', '--dialect', 'keycloak'], plain)).out).not.toContain('--dialect')
  for (const other of [{ iss: 'https://as.example.com' }, { iss: 7 }, { iss: 'keycloak' }]) {
    const text = await issuer.token({ agent, header: { typ: 'JWT' }, claims: other })
    expect((await inspect(['-'], text)).out).not.toContain('--dialect')
  }
  expect((await inspect(['-'], await issuer.token({ agent, claims: { iss } }))).out).not.toContain('--dialect')
})

test('CLI: inspect does not say that a party acts for itself', async () => {
  const { out } = await inspect(['-', ...trusted], await issuer.token({ agent }))
  expect(out).toMatch(/parties +travel-7 \(independent\)/)
  expect(out).not.toContain('travel-7 for travel-7')
})

test.each([
  ['a file', () => [fileOf(token)]],
  ['a file with the field', () => [fileOf(`Authorization: DPoP ${token}\n`)]],
  ['an argument', () => [token]],
])('CLI: inspect takes the token from %s, and never prints it whole', async (_title, args) => {
  for (const format of [[], ['--json']]) {
    const { code, out, err } = await inspect([...args(), ...trusted, ...format], '')
    expect(code).toBe(0)
    for (const part of token.split('.')) expect(out + err).not.toContain(part)
  }
})

test('CLI: inspect says that shells remember arguments, where the token is one', async () => {
  expect((await inspect([token])).err).toContain('history')
  expect((await inspect(['-'])).err).toBe('')
})

test('CLI: inspect shows no token that stands in a claim', async () => {
  const nested = await issuer.token({
    agent,
    claims: { scope: token, act: { sub: token }, sub: token, aud: token, [token]: 1 },
  })
  for (const format of [[], ['--json']]) {
    const { out } = await inspect(['-', ...trusted, '--resource', resource, ...format], nested)
    for (const part of token.split('.')) expect(out).not.toContain(part)
  }
})

test('CLI: inspect escapes what a token says', async () => {
  const hostile = 'a\u001b[2Jb\u202ec'
  const text = await issuer.token({ agent, header: { kid: hostile }, claims: { sub: hostile, [hostile]: 1 } })
  for (const format of [[], ['--json']]) {
    const { out } = await inspect(['-', ...format], text)
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
    expect(out).toContain('[2Jb')
  }
})

test.each([
  ['an opaque token', 'b3BhcXVl'],
  ['half a JWT', 'eyJhbGciOiJFUzI1NiJ9.e30'],
])('CLI: inspect of %s is a finding', async (_title, text) => {
  expect(await inspectJson(['-'], text)).toMatchObject({ code: 1, found: { token: { format: 'opaque' } } })
})

test('CLI: inspect judges tokens whose issuer or audience no verifier can have', async () => {
  for (const claims of [{ iss: 7 }, { iss: '' }, { aud: 7 }, { aud: [''] }, { iss: undefined, aud: undefined }]) {
    const { code } = await inspectJson(['-'], await issuer.token({ agent, claims }))
    expect([0, 1]).toContain(code)
  }
})

test.each([
  [[]],
  [['-', '-']],
  [['no-such-file']],
  [['-', '--proof', 'no-such-file']],
  [['-', '--proof', 'no-such-file', '--method', 'GET', '--url', url]],
  [['-', '--method', 'GET', '--url', url]],
  [['-', '--issuer', 'no url']],
  [['-', '--resource', 'no url']],
  [['-', '--issuer']],
])('CLI: misuse of inspect ends with 2 (%j)', async (args) => {
  expect(await inspect(args)).toMatchObject({ code: 2, out: '' })
})

test('CLI: inspect wants a token in what it reads, and not a large file', async () => {
  for (const input of ['', ' \n', 'x'.repeat(1_100_000)]) {
    expect(await inspect(['-'], input)).toMatchObject({ code: 2, out: '' })
  }
  expect(await inspect([fileOf('x'.repeat(1_100_000))])).toMatchObject({ code: 2, out: '' })
})
