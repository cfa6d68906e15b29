import type { DpopOptions, ReportableCheck, Verifier } from 'onbehalf'
import { beforeEach, describe, expect, test } from 'vitest'
import { createKit, headerValues, type Kit, refusalIn } from '../../support/kit.ts'

/** Proofs that are fresh when they are checked, and no longer when the replay store has answered. */

const secret = 'first-secret-of-thirty-two-bytes'

let kit: Kit
beforeEach(async () => {
  kit = await createKit()
})

/** A verifier whose store answers after so many seconds. */
function waiting(seconds: number, dpop: DpopOptions = {}, ...reported: ReportableCheck[]): Verifier {
  const add = async () => {
    kit.clock.advance(seconds)
    return 'fresh' as const
  }
  const reportOnly = reported.length === 0 ? {} : { reportOnly: reported }
  return kit.verifierWith({ dpop: { ...dpop, replay: { add } }, ...reportOnly })
}

const now = () => Math.floor(kit.clock.now() / 1_000)

async function nonceOf(dpop: DpopOptions): Promise<string> {
  const verdict = await kit.call({ verifier: kit.verifierWith({ dpop }), proof: { claims: { iat: now() - 90 } } })
  return headerValues(verdict, 'dpop-nonce')[0] ?? ''
}

describe('a proof that grows too old in waiting', () => {
  test('RFC 9449 §11.1: it is refused, told by the offset that it had', async () => {
    const verdict = await kit.call({ verifier: waiting(41), proof: { claims: { iat: now() - 20 } } })
    expect(refusalIn(verdict)).toMatchObject({ code: 'proof_expired', facts: { iatOffset: -20 } })
    expect(await kit.code({ verifier: waiting(40), proof: { claims: { iat: now() - 20 } } })).toBe('admitted')
  })

  test('RFC 9449 §9: with a nonce it is not asked for one, even where its exp ends when its iat would', async () => {
    const dpop: DpopOptions = { nonce: { secret, mode: 'on-skew' } }
    const nonce = await nonceOf(dpop)
    const claims = { iat: now(), exp: now() + 55 }
    expect(await kit.code({ verifier: waiting(61, dpop), proof: { nonce, claims } })).toBe('proof_expired')
  })

  test('Options: reportOnly admits it, and says so', async () => {
    const verifier = waiting(61, {}, 'proof_expired')
    expect(await kit.call({ verifier })).toMatchObject({ ok: true, wouldRefuse: ['proof_expired'] })
  })

  test('Options: reportOnly does not lengthen a nonce', async () => {
    const dpop: DpopOptions = { nonce: { secret } }
    const nonce = await nonceOf(dpop)
    const reporting = (seconds: number) => waiting(seconds, dpop, 'proof_expired')
    expect(await kit.code({ verifier: reporting(200), proof: { nonce } })).toBe('admitted')
    kit = await createKit()
    const again = await nonceOf(dpop)
    expect(await kit.code({ verifier: reporting(301), proof: { nonce: again } })).toBe('nonce_invalid')
  })
})
