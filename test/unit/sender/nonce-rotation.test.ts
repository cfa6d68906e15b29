import { memoryReplayStore, type NonceOptions, type ReplayStore, type Verifier } from 'onbehalf'
import { describe, expect, test } from 'vitest'
import { createKit, headerValues, type Kit, outcomeOf } from '../../support/kit.ts'

const old = 'old-secret-of-thirty-two-bytes-or-so'
const next = 'new-secret-of-thirty-two-bytes-or-so'
const day = 86_400

/** What the processes of one service have in common. */
interface Site {
  readonly kit: Kit
  readonly replay: ReplayStore
}

/** What two processes are given, one after the other, while requests go to either. */
const steps: readonly (readonly string[])[] = [[old], [old, next], [next, old], [next]]

describe.each(['required', 'on-skew'] as const)('mode %s', (mode) => {
  const freshness = mode === 'required' ? ({ freshness: 'nonce' } as const) : {}
  function processOf({ kit, replay }: Site, secret: NonceOptions['secret']): Verifier {
    return kit.verifierWith({ dpop: { nonce: { secret, mode }, ...freshness, replay } })
  }

  test('DPOP-31: two processes get a new secret step by step, and no request is refused', async () => {
    const kit = await createKit()
    const site = { kit, replay: memoryReplayStore() }
    const processes = [processOf(site, [old]), processOf(site, [old])] as [Verifier, Verifier]
    // Its clock is a day behind, so that in either mode only a nonce lets it in.
    const send = (to: Verifier, nonce?: string) =>
      kit.call({ verifier: to, proof: { nonce, claims: { iat: Math.floor(kit.clock.now() / 1_000) - day } } })
    const codes: string[] = []
    let nonce = headerValues(await send(processes[0]), 'dpop-nonce')[0]

    async function sendToBoth() {
      for (const to of processes) {
        const verdict = await send(to, nonce)
        codes.push(outcomeOf(verdict))
        nonce = headerValues(verdict, 'dpop-nonce')[0] ?? nonce
      }
    }
    for (const secrets of steps.slice(1)) {
      for (const at of [0, 1] as const) {
        processes[at] = processOf(site, secrets)
        await sendToBoth()
        kit.clock.advance(10)
        await sendToBoth()
      }
      // `seconds` pass before the next step; the client keeps calling.
      for (let minute = 0; minute < 6; minute++) {
        kit.clock.advance(60)
        await sendToBoth()
      }
    }
    expect(new Set(codes)).toEqual(new Set(['admitted']))
    expect(codes).toHaveLength(60)
  })

  test('DPOP-31: any order of the two secrets accepts the nonces of any other, and a dropped one is not accepted', async () => {
    const kit = await createKit()
    const site = { kit, replay: memoryReplayStore() }
    const lists = { both: [next, old], reversed: [old, next], before: [old], after: [next] }
    const made = Object.entries(lists).map(([name, secret]) => ({ name, verifier: processOf(site, secret) }))
    const refused: string[] = []
    for (const minter of made) {
      const asked = await kit.call({ verifier: minter.verifier, proof: { claims: { iat: 1 } } })
      const nonce = headerValues(asked, 'dpop-nonce')[0]
      for (const judge of made) {
        const code = await kit.code({ verifier: judge.verifier, proof: { nonce } })
        if (code !== 'admitted') refused.push(`${minter.name} > ${judge.name}: ${code}`)
      }
    }
    expect(refused).toEqual([
      'both > before: nonce_invalid',
      'reversed > after: nonce_invalid',
      'before > after: nonce_invalid',
      'after > before: nonce_invalid',
    ])
  })
})
