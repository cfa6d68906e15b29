import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { decodeBase64url, isBase64url, isBase64urlOf } from '../../../src/jose/base64url.ts'
import { encode } from '../../support/bytes.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import { rawJws } from '../../support/jws.ts'
import { url } from '../../support/kit.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const forge: Forge = await createForge()
const { verifier } = forge

test('JOSE-08: of all last characters only those without unused bits are canonical', () => {
  for (const last of alphabet) {
    const value = alphabet.indexOf(last)
    expect(isBase64url(`A${last}`), `A${last}`).toBe(value % 16 === 0)
    expect(isBase64url(`AA${last}`), `AA${last}`).toBe(value % 4 === 0)
    expect(isBase64url(`AAA${last}`), `AAA${last}`).toBe(true)
    expect(isBase64url(`AAAA${last}`), `AAAA${last}`).toBe(false)
  }
})

test('JOSE-08: what is accepted is exactly what encoding the decoded octets gives', () => {
  const texts = ['', 'A', 'AA', 'AB', 'AAA', 'AAB', 'AAE', 'Zg', 'Zh', 'Zm8', 'Zm9', 'Zm9v', '-_-_', 'Zm9vA']
  for (const text of texts) {
    expect(isBase64url(text), text).toBe(Buffer.from(text, 'base64url').toString('base64url') === text)
  }
})

test('JOSE-08: decoding agrees with the shape and with an encoder, wherever in a text the part is', () => {
  const octets = Buffer.alloc(64)
  for (let length = 0; length < 48; length++) {
    const bytes = randomBytes(length)
    const text = bytes.toString('base64url')
    expect(decodeBase64url(`.${text}.`, 1, text.length + 1, octets), text).toBe(length)
    expect(Buffer.from(octets.subarray(0, length))).toEqual(bytes)
  }
  for (const text of [
    'A',
    'AB',
    'AAB',
    'Zm9vA',
    'Zm9v=',
    'Zg==',
    'Zm+v',
    'Zm/v',
    'Zm v',
    'Zm.v',
    'Zm9\u0176',
    'Zm\u0100v',
  ]) {
    for (const at of [0, 4]) {
      expect(decodeBase64url('Zm9v'.slice(0, at) + text, 0, at + text.length, octets), text).toBe(-1)
    }
  }
})

test('JOSE-08: an octet count is exact', () => {
  expect(isBase64urlOf(encode(Buffer.alloc(32)), 32)).toBe(true)
  for (const octets of [0, 1, 31, 33, 64])
    expect(isBase64urlOf(encode(Buffer.alloc(octets)), 32), `${octets}`).toBe(false)
  for (const value of [undefined, null, 32, {}, ['A'], `${'A'.repeat(42)}B`, `${'A'.repeat(42)}=`]) {
    expect(isBase64urlOf(value, 32)).toBe(false)
  }
})

test.each([
  ['header', 0],
  ['payload', 1],
  ['signature', 2],
] as const)(
  'JOSE-08: another last character of the %s that decodes to the same octets is token_malformed',
  async (_, part) => {
    const token = tokenWithOpenEnds()
    const parts = token.split('.')
    parts[part] = sibling(parts[part] ?? '')
    const twin = parts.join('.')
    expect(twin).not.toBe(token)
    expect(twin.split('.').map((text) => Buffer.from(text, 'base64url'))).toEqual(
      token.split('.').map((text) => Buffer.from(text, 'base64url')),
    )
    expect(await forge.code({ verifier, token })).toBe('admitted')
    expect(await forge.code({ verifier, token: twin })).toBe('token_malformed')
  },
)

test.each([
  ['header', 0],
  ['payload', 1],
  ['signature', 2],
] as const)('JOSE-08: unused bits at the end of the %s of a proof are proof_malformed', async (_, part) => {
  const token = forge.token()
  let proof = ''
  for (let pad = 0; part !== 2 && pad < 3; pad++) {
    proof = await forge.agent.proof({
      method: 'GET',
      url,
      token,
      header: { pad: 'x'.repeat(pad) },
      claims: { pad: 'x'.repeat(pad) },
    })
    if ((proof.split('.')[part] ?? '').length % 4 !== 0) break
  }
  if (part === 2) proof = await forge.agent.proof({ method: 'GET', url, token })
  const parts = proof.split('.')
  parts[part] = sibling(parts[part] ?? '')
  expect(await forge.code({ verifier, token, proof: parts.join('.') })).toBe('proof_malformed')
})

/** No part's length is a multiple of four, so each leaves unused bits in its last character. */
function tokenWithOpenEnds(): string {
  for (let pad = 0; pad < 9; pad++) {
    const claims = forge.claims({ pad: 'x'.repeat(pad % 3) })
    const token = rawJws(forge.key, forge.header({ pad: 'x'.repeat(Math.floor(pad / 3)) }), claims)
    if (token.split('.').every((part) => part.length % 4 !== 0)) return token
  }
  throw new Error('no padding fits')
}

function sibling(text: string): string {
  const last = alphabet.indexOf(text.at(-1) ?? '')
  return text.slice(0, -1) + alphabet[last + 1]
}
