import { describe, expect, test } from 'vitest'
import { strict } from '../../src/refusal/denial.ts'
import { certificateThumbprint } from '../../src/sender/certificate-thumbprint.ts'
import { readConfirmation } from '../../src/sender/confirmation.ts'
import { requestView } from '../../src/testing/index.ts'
import { createKit, outcomeOf } from '../support/kit.ts'
import { F02_1, F02_2, F02_4, F02_7, F02_9 } from '../support/printed.ts'

const der = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'))

describe('certificates', () => {
  test('RFC 8705 Appendix A (F02-1, F02-2): x5t#S256 of the printed certificate', () => {
    expect(certificateThumbprint(requestView({ certificate: der(F02_1) }))).toBe(F02_2)
  })

  test('RFC 9440 Appendix A (F02-4, F02-7): x5t#S256 of the leaf', () => {
    expect(certificateThumbprint(requestView({ certificate: der(F02_4) }))).toBe(F02_7)
  })

  test('RFC 8705 §3 (F02-1): a token bound to that certificate passes with it, which has expired, and with no other', async () => {
    const kit = await createKit()
    const token = await kit.token({ claims: { cnf: { 'x5t#S256': F02_2 } } })
    const judge = async (certificate?: Uint8Array) =>
      outcomeOf(await kit.verifier.check(requestView({ headers: { authorization: `Bearer ${token}` }, certificate })))
    expect(await judge(der(F02_1))).toBe('admitted')
    expect(await judge(der(F02_4))).toBe('binding_mismatch')
    expect(await judge()).toBe('certificate_missing')
  })

  test('RFC 8705 §3.1 (F02-3, F02-9): a printed confirmation is read where its base64url is canonical', () => {
    const issuer = { allowUnbound: false, path: 'issuer' }
    const read = (x5t: string) => readConfirmation({ 'x5t#S256': x5t }, { dpop: {}, mtls: {} }, issuer, strict)
    expect(read(F02_9)).toEqual({ method: 'mtls', x5t: F02_9 })
    // RFC 4648 §3.5: the last character of the example in RFC 8705 sets bits that no octet uses.
    expect(read('bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2')).toMatchObject({ code: 'binding_unsupported' })
  })
})
