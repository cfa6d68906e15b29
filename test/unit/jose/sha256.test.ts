import { createHash } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'

/** With `crypto.hash`, and without it, as on Node before 20.12. */
describe.each([true, false])('crypto.hash there: %s', (hasHash) => {
  afterEach(() => {
    vi.doUnmock('node:crypto')
    vi.resetModules()
  })

  async function load() {
    vi.resetModules()
    if (!hasHash) {
      vi.doMock('node:crypto', async (original) => ({
        ...(await original<typeof import('node:crypto')>()),
        hash: undefined,
      }))
    }
    return import('../../../src/jose/sha256.ts')
  }

  test('RFC 6234 §8.5: the digest of abc', async () => {
    const { sha256, sha256Octets } = await load()
    const digest = Buffer.from('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 'hex')
    expect(sha256('abc')).toBe(digest.toString('base64url'))
    expect(sha256(Buffer.from('abc'))).toBe(digest.toString('base64url'))
    expect(sha256Octets('abc')).toBe(digest.toString('latin1'))
  })

  test('RFC 6234 §8.5: texts are hashed as UTF-8', async () => {
    const { sha256, sha256Octets } = await load()
    for (const text of ['', '\0', 'é', '…', '𝄞', 'long '.repeat(1_000)]) {
      const digest = createHash('sha256').update(Buffer.from(text, 'utf8')).digest()
      expect(sha256(text)).toBe(digest.toString('base64url'))
      expect(sha256Octets(text)).toBe(digest.toString('latin1'))
    }
  })
})
