import type { VerifierOptions } from 'onbehalf'
import { beforeAll, expect, test } from 'vitest'
import { sha256 } from '../../../src/jose/sha256.ts'
import { readOptions } from '../../../src/options/policy.ts'
import { Denial, Findings } from '../../../src/refusal/denial.ts'
import { createSingleUse, type SingleUse } from '../../../src/replay/single-use.ts'
import { createSenderCheck, type SenderCheck } from '../../../src/sender/sender.ts'
import { createKit, type Kit } from '../../support/kit.ts'

/** The sender check alone, with tokens that no earlier step has read: it refuses where it lacks what a binding needs. */

let kit: Kit
beforeAll(async () => {
  kit = await createKit()
})

type Prove = Parameters<SenderCheck['prove']>
const thumbprint = 'A'.repeat(43)
const issuer = { path: 'issuer', dpopSchemeForMtls: false }
const byKey = () => ({ method: 'dpop', jkt: kit.agent.jkt })
const byCertificate = { method: 'mtls', x5t: thumbprint }

function senderWith(options: Partial<VerifierOptions>, singleUse?: SingleUse): SenderCheck {
  return createSenderCheck(readOptions({ ...kit.options, ...options }), singleUse)
}

async function given(scheme: string, confirmation: object) {
  const text = await kit.token()
  const view = await kit.request({ token: text })
  const credentials = { scheme, token: text, tokenHash: sha256(text) } as unknown as Prove[1]
  return { view, credentials, token: { confirmation, issuer } as unknown as Prove[2] }
}

async function codeOf(sender: SenderCheck, scheme: string, confirmation: object): Promise<string> {
  const { view, credentials, token } = await given(scheme, confirmation)
  const outcome = await sender.prove(view, credentials, token, view)
  return outcome instanceof Denial ? outcome.code : 'proven'
}

test('MTLS-18: a binding whose check is off is never taken as proven', async () => {
  expect(await codeOf(senderWith({ dpop: false }), 'DPoP', byKey())).toBe('binding_unsupported')
  expect(await codeOf(senderWith({ mtls: false }), 'Bearer', byCertificate)).toBe('binding_unsupported')
})

test('DPOP-21: a good proof that cannot be used up is refused', async () => {
  expect(await codeOf(senderWith({}), 'DPoP', byKey())).toBe('replay_unavailable')
})

test('MTLS-07: where certificates are off no field is ignored', async () => {
  const { view, token } = await given('Bearer', byCertificate)
  expect(senderWith({ mtls: false }).isCertificateIgnored(view, token)).toBe(false)
})

test('RFC 9449 §4.3: an examination gives a good proof, and none where proofs are off', async () => {
  const { view, credentials, token } = await given('DPoP', byKey())
  const owed = token as unknown as Parameters<SenderCheck['examine']>[2]
  const found = new Findings(new Set(['proof_missing']))
  expect(await senderWith({}).examine(view, credentials, owed, found)).toMatchObject({ jti: expect.any(String) })
  expect(await senderWith({ dpop: false }).examine(view, credentials, owed, found)).toBeUndefined()
  expect(found.noted).toEqual([])
})

test('RFC 9449 §4.3(11): a proof that has grown too old is reported once, though it is asked about several times', async () => {
  const policy = readOptions({ ...kit.options, reportOnly: ['proof_expired'] })
  if (policy.dpop === false) throw new Error('DPoP is on.')
  const sender = createSenderCheck(policy, createSingleUse(policy.dpop, policy))
  const { view, credentials, token } = await given('DPoP', byKey())
  const bound = await sender.prove(view, credentials, token, view)
  if (bound instanceof Denial) throw new Error(`The sender was refused: ${bound.code}.`)
  expect(bound.proof?.reported).toEqual([])
  kit.clock.advance(61)
  for (let time = 0; time < 3; time++) expect(sender.checkFreshness(bound)).toBeUndefined()
  expect(bound.proof?.reported).toEqual(['proof_expired'])
})
