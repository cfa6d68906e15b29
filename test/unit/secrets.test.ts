import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { AuditEvent } from 'onbehalf'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withBrokenSignature } from '../support/bytes.ts'
import { type Call, createKit, type Kit, url } from '../support/kit.ts'

let kit: Kit
let written: string[]
let published: string[]

const listen = (message: unknown) => published.push(JSON.stringify(message))

beforeEach(async () => {
  written = []
  published = []
  const audit = { write: (event: AuditEvent) => void written.push(JSON.stringify(event)) }
  kit = await createKit({ verifier: { audit } })
  subscribe('onbehalf:refusal', listen)
})

afterEach(() => {
  unsubscribe('onbehalf:refusal', listen)
})

type Bend = (token: string, proof: string) => Call

const calls: readonly (readonly [string, Bend])[] = [
  ['admitted', (token, proof) => ({ token, proof })],
  ['refused for its signature', (token, proof) => ({ token: withBrokenSignature(token), proof })],
  ['refused for its form', (token, proof) => ({ token: `${token}.`, proof })],
  ['refused for its proof', (token, proof) => ({ token, proof: withBrokenSignature(proof) })],
  ['refused for its URL', (token, proof) => ({ token, proof, url: `${url}/other` })],
  ['refused for its scheme', (token, proof) => ({ token, proof, scheme: 'Bearer' })],
  ['sent twice', (token, proof) => ({ token, proof, headers: { authorization: [`DPoP ${token}`, `DPoP ${token}`] } })],
]

test.each(calls)('PRES-08: no segment of a token that is %s is written or published', async (_, bend) => {
  const token = await kit.token()
  const proof = await kit.agent.proof({ method: 'GET', url, token })
  const call = bend(token, proof)
  const verdict = await kit.call(call)
  expect(written).toHaveLength(1)
  expect(published).toHaveLength(verdict.ok ? 0 : 1)
  const record = [...written, ...published].join('\n')
  const sent = [token, proof, String(call.token), String(call.proof)]
  for (const secret of sent.flatMap((text) => text.split('.')).filter((part) => part.length > 8)) {
    expect(record.includes(secret)).toBe(false)
  }
})

test('PRES-08: until its signature holds a token is known by its hash alone', async () => {
  await kit.code({ token: withBrokenSignature(await kit.token()) })
  const event = JSON.parse(written[0] ?? '') as AuditEvent
  expect(event.tokenId).toMatch(/^t:[\w-]{43}$/)
  expect(event).toMatchObject({ principal: null, actor: null, client: null, scopesGranted: [] })
})

test('PRES-08: the answer holds nothing of it', async () => {
  const token = await kit.token()
  const refusal = await kit.refusal({ token, proof: null })
  const wire = JSON.stringify([refusal.headers, refusal.body])
  for (const secret of token.split('.')) expect(wire.includes(secret)).toBe(false)
})

test('PRES-08: a token in a cookie is not read', async () => {
  const token = await kit.token()
  const headers = { authorization: undefined, cookie: `access_token=${token}; Authorization=DPoP ${token}` }
  expect(await kit.code({ token, headers })).toBe('credentials_missing')
})

test.each([
  ['an ambiguous target', '//tools?access_token=', url],
  ['another target', '/other?access_token=', url],
  ['an htu with a query', '/other', `${url}?access_token=`],
])('RFC 6750 §5.3: a token in the query of %s is not written or published', async (_, target, htu) => {
  const stray = 'stray-token-in-a-url'
  const fill = (text: string) => (text.endsWith('=') ? text + stray : text)
  const code = await kit.code({ target: fill(target), proof: { claims: { htu: fill(htu) } } })
  expect(code).toBe('proof_target')
  expect([...written, ...published].filter((record) => record.includes(stray))).toEqual([])
})
