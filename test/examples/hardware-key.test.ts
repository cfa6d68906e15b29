import { createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { HardwareKey, KeySettings } from '../../examples/hardware-agent/hardware-key.ts'
import { openHardwareKey } from '../../examples/hardware-agent/open-hardware-key.ts'
import { ck, loadPkcs11js } from '../../examples/hardware-agent/pkcs11js.ts'
import { openSession } from '../../examples/hardware-agent/pkcs11js-session.ts'
import { serviceOf } from '../support/services.ts'
import { describeWithToken, routes } from './soft-token.ts'

const oddId = () => randomBytes(4).toString('hex')

function isGood({ publicJwk }: HardwareKey, data: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: publicJwk as Record<string, unknown>, format: 'jwk' })
  return verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature)
}

describeWithToken('a key in a PKCS #11 token', (token) => {
  describe.each(routes)('by %s', (route) => {
    const open = (more: Partial<KeySettings> = {}) => openHardwareKey(token.settings(more), route)
    const fault = (code: string) => expect.objectContaining({ code })

    test('RFC 7518 §3.4: it is made in the token, and its signatures are R and S', async () => {
      const keyId = oddId()
      const key = await token.open(keyId, route)
      expect(key).toMatchObject({ route, isNew: true, algorithm: 'ES256', publicJwk: { kty: 'EC', crv: 'P-256' } })
      expect(key.publicJwk).not.toHaveProperty('d')
      const inputs = Array.from({ length: 8 }, () => randomBytes(300))
      const signatures = await Promise.all(inputs.map((data) => key.sign(data)))
      expect(signatures.map((signature) => signature.length)).toEqual(inputs.map(() => 64))
      expect(inputs.every((data, at) => isGood(key, data, signatures[at] as Uint8Array))).toBe(true)
    })

    test('Example: the key is there at the next start, by either way', async () => {
      const keyId = oddId()
      const { publicJwk } = await token.open(keyId, route)
      for (const other of routes) {
        expect(await token.open(keyId, other)).toMatchObject({ route: other, isNew: false, publicJwk })
      }
    })

    test('Example: the token says that the private key cannot leave it, and never could', async () => {
      const keyId = oddId()
      await token.open(keyId, route)
      const { stdout } = await token.tool('--list-objects', '--type', 'privkey')
      const own = stdout.split(/^(?=\S)/m).find((object) => object.includes(keyId))
      expect(own).toMatch(/Access: +sensitive, always sensitive, never extractable, local$/m)
      const read = await token.tool('--read-object', '--type', 'privkey', '--id', keyId)
      expect(read.stdout).toBe('')
    })

    test('Example: a wrong PIN is refused, and the right one still holds', async () => {
      await expect(open({ pin: '999999' })).rejects.toEqual(fault('pin_wrong'))
      await expect(open({ pin: '1' })).rejects.toEqual(fault('pin_wrong'))
      expect((await token.open(oddId(), route)).isNew).toBe(true)
    })

    test('Example: a token that is not there', async () => {
      await expect(open({ tokenLabel: 'other' })).rejects.toEqual(fault('token_missing'))
    })

    test('Example: a module that is not there, or is no module', async () => {
      await expect(open({ module: '/no/such/module.so' })).rejects.toEqual(fault('module_missing'))
      const file = join(token.folder, 'text.so')
      writeFileSync(file, 'no library')
      await expect(open({ module: file })).rejects.toEqual(fault('module_missing'))
    })

    test.each<[string, Partial<KeySettings>]>([
      ['a module without an absolute path', { module: 'libsofthsm2.so' }],
      ['no PIN', { pin: '' }],
      ['an id that is not hexadecimal', { keyId: '--delete' }],
      ['an id of half octets', { keyId: '012' }],
    ])('Example: %s is a wrong setting', async (_, more) => {
      await expect(open(more)).rejects.toThrow(TypeError)
    })

    test('Example: a key that was made elsewhere is refused', async () => {
      const keyId = oddId()
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const file = join(token.folder, 'key.pem')
      writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
      const { tokenLabel, pin } = token.settings()
      await token.util('--import', file, '--token', tokenLabel, '--pin', pin, '--label', 'imported', '--id', keyId)
      await expect(open({ keyId })).rejects.toEqual(fault('key_exportable'))
    })

    const make = (id: string, kind: string, ...more: readonly string[]) =>
      token.tool('--keypairgen', '--key-type', kind, '--id', id, '--label', 'x', '--usage-sign', ...more)
    const p256 = 'EC:prime256v1'

    test('Example: a key that can leave the token is refused', async () => {
      const keyId = oddId()
      await make(keyId, p256, '--extractable')
      await expect(open({ keyId })).rejects.toEqual(fault('key_exportable'))
    })

    test.each(['EC:secp384r1', 'rsa:2048'])('Example: a key of the kind %s is refused', async (kind) => {
      const keyId = oddId()
      await make(keyId, kind, '--sensitive')
      await expect(open({ keyId })).rejects.toEqual(fault('key_unusable'))
    })

    test('Example: two key pairs under one id are refused', async () => {
      const keyId = oddId()
      await make(keyId, p256, '--sensitive')
      await make(keyId, p256, '--sensitive')
      await expect(open({ keyId })).rejects.toEqual(fault('key_ambiguous'))
    })

    test('Example: half a key pair, and halves of two, are refused', async () => {
      const [one, two] = [oddId(), oddId()]
      await make(one, p256, '--sensitive')
      await make(two, p256, '--sensitive')
      await token.tool('--delete-object', '--type', 'privkey', '--id', one)
      await expect(open({ keyId: one })).rejects.toEqual(fault('key_incomplete'))
      await token.tool('--delete-object', '--type', 'pubkey', '--id', two)
      await expect(open({ keyId: two })).rejects.toEqual(fault('key_incomplete'))
      await token.tool('--set-id', one, '--type', 'privkey', '--id', two)
      await expect(open({ keyId: one })).rejects.toEqual(fault('key_incomplete'))
    })

    test('Example: a label that looks like the lines of another key changes nothing', async () => {
      const keyId = oddId()
      const { publicJwk } = await token.open(keyId, route)
      const lines = `x\n  ID:         ${keyId}\n  Access:     sensitive`
      await token.tool('--keypairgen', '--key-type', p256, '--id', oddId(), '--label', lines, '--usage-sign')
      expect((await token.open(keyId, route)).publicJwk).toEqual(publicJwk)
    })
  })

  if (routes.includes('pkcs11js')) {
    test('Example: the value of the private key is not given to this process', async () => {
      const keyId = oddId()
      await token.open(keyId, 'pkcs11js')
      const pkcs11js = await loadPkcs11js()
      if (!('PKCS11' in pkcs11js)) throw new Error('pkcs11js')
      const { module, handle } = openSession(pkcs11js, token.settings())
      onTestFinished(() => module.C_CloseSession(handle))
      module.C_FindObjectsInit(handle, [
        { type: ck.CKA_CLASS, value: ck.CKO_PRIVATE_KEY },
        { type: ck.CKA_ID, value: Buffer.from(keyId, 'hex') },
      ])
      const [key = Buffer.alloc(8)] = module.C_FindObjects(handle, 1)
      module.C_FindObjectsFinal(handle)
      const value = 0x11
      expect(() => module.C_GetAttributeValue(handle, key, [{ type: value }])).toThrow('CKR_ATTRIBUTE_SENSITIVE')
      expect(module.C_GetAttributeValue(handle, key, [{ type: ck.CKA_EXTRACTABLE }])[0]?.value[0]).toBe(0)
    })
  }

  test('Example: the PIN stands on no command line', async () => {
    const log = join(token.folder, 'arguments')
    const program = join(token.folder, 'pkcs11-tool')
    writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" >>'${log}'\nexec '${serviceOf('pkcs11-tool')}' "$@"\n`)
    chmodSync(program, 0o700)
    withPath(`${token.folder}:${process.env['PATH']}`)
    const key = await token.open(oddId(), 'pkcs11-tool')
    await key.sign(randomBytes(32))
    const words = readFileSync(log, 'utf8').split('\n')
    expect(words.filter((word) => word === '--sign')).toHaveLength(2)
    expect(words.filter((word) => word.includes(token.settings().pin))).toEqual([])
  })

  test('Example: without pkcs11js and pkcs11-tool there is no way to the token', async () => {
    withPath('/no/such/folder')
    await expect(openHardwareKey(token.settings(), 'pkcs11-tool')).rejects.toMatchObject({ code: 'route_missing' })
  })
})

/** Until the test ends. */
function withPath(path: string): void {
  const before = process.env['PATH']
  process.env['PATH'] = path
  onTestFinished(() => {
    process.env['PATH'] = before
  })
}
