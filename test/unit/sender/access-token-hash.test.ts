import { createHash } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { sha256 } from '../../support/bytes.ts'
import { createKit, type Kit } from '../../support/kit.ts'

let kit: Kit
let token: string

beforeAll(async () => {
  kit = await createKit()
  token = await kit.token()
})

const codeFor = (ath: unknown) => kit.code({ token, proof: { claims: { ath } } })

test('DPOP-14: ath is the SHA-256 of the token in base64url', async () => {
  expect(await codeFor(sha256(token))).toBe('admitted')
})

test('DPOP-14: a proof without ath is malformed', async () => {
  expect(await codeFor(undefined)).toBe('proof_malformed')
})

test('DPOP-14: the hash of another token of the same client does not serve', async () => {
  expect(await codeFor(sha256(await kit.token()))).toBe('proof_token_hash')
})

test.each([
  ['empty', () => ''],
  ['padded', () => `${sha256(token)}=`],
  ['in base64', () => createHash('sha256').update(token).digest('base64')],
  ['in hex', () => createHash('sha256').update(token).digest('hex')],
  ['SHA-512', () => createHash('sha512').update(token).digest('base64url')],
  ['SHA-1', () => createHash('sha1').update(token).digest('base64url')],
  ['the left half', () => sha256(token).slice(0, 22)],
  ['of the whole field', () => sha256(`DPoP ${token}`)],
  ['the token itself', () => token],
])('DPOP-14: an ath %s does not serve', async (_, ath) => {
  expect(await codeFor(ath())).toBe('proof_token_hash')
})
