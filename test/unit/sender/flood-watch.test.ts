import { createTestClock } from 'onbehalf/testing'
import { describe, expect, test } from 'vitest'
import { createFloodWatch } from '../../../src/sender/flood-watch.ts'
import { createKit, outcomeOf, url } from '../../support/kit.ts'

describe('the flood watch', () => {
  const setup = () => {
    const clock = createTestClock()
    const watch = createFloodWatch(clock)
    const forge = (count: number, connection: object = {}) => {
      for (let at = 0; at < count; at++) watch.note(connection, false)
    }
    return { clock, watch, forge }
  }

  test('Flood: single bad signatures are no flood, eight within a second are one, for a second after the last', () => {
    const { clock, watch, forge } = setup()
    forge(7)
    expect(watch.suspects({})).toBe(false)
    forge(1)
    expect(watch.suspects({})).toBe(true)
    clock.advance(1)
    expect(watch.suspects({})).toBe(false)
    forge(1)
    expect(watch.suspects({})).toBe(false)
  })

  test('Flood: in a process that has run for a while a flood is one as well', () => {
    const { clock, watch, forge } = setup()
    clock.advance(10)
    for (let at = 0; at < 4; at++) {
      forge(2)
      clock.advance(0.2)
    }
    expect(watch.suspects({})).toBe(true)
    clock.advance(0.8)
    expect(watch.suspects({})).toBe(false)
  })

  test('Flood: a connection is trusted by its last signature, and one that is not known is never suspected', () => {
    const { watch, forge } = setup()
    const [good, mixed] = [{}, {}]
    watch.note(good, true)
    watch.note(mixed, true)
    forge(8, mixed)
    expect([watch.suspects(good), watch.suspects(mixed), watch.suspects(undefined)]).toEqual([false, true, false])
    watch.note(mixed, true)
    expect(watch.suspects(mixed)).toBe(false)
  })
})

describe('a flood of forged signatures of a stolen token', async () => {
  const kit = await createKit()
  const verifier = kit.verifierWith({ dpop: { offload: 'adaptive' } })
  const token = await kit.token()
  const turn = () => new Promise((resolve) => setImmediate(resolve))

  async function viewOn(connection: object, isForged: boolean) {
    const view = await kit.request({ token })
    const [proof = ''] = view.header('dpop')
    const dpop = isForged ? proof.replace(/.{6}$/, 'AAAAAA') : proof
    const header = (name: string) => (name === 'dpop' ? [dpop] : view.header(name))
    return { method: 'GET', target: new URL(url).pathname, header, peer: { connection } }
  }

  test('Flood: the good proofs of its owner are admitted, at once on a connection that has shown one before', async () => {
    const [attacker, known, fresh] = [{}, {}, {}]
    expect(outcomeOf(await verifier.check(await viewOn(known, false)))).toBe('admitted')
    const forged = await Promise.all(Array.from({ length: 100 }, () => viewOn(attacker, true)))
    const pending = forged.map((view) => verifier.check(view))
    await turn()
    await Promise.all(pending.slice(0, 8))
    const [again, first] = [await viewOn(known, false), await viewOn(fresh, false)]
    const moreForged = await Promise.all(Array.from({ length: 30 }, () => viewOn(attacker, true)))
    await Promise.all(pending)
    await turn()
    const waiting = moreForged.map((view) => verifier.checkNow(view))
    expect(waiting.every((verdict) => verdict instanceof Promise)).toBe(true)
    expect(verifier.checkNow(again)).not.toBeInstanceOf(Promise)
    expect(outcomeOf(await verifier.check(first))).toBe('admitted')
    for (const verdict of await Promise.all([...pending, ...waiting]))
      expect(outcomeOf(verdict)).toBe('proof_signature')
  })

  test('Flood: at most 64 signatures wait, further ones are judged at once', async () => {
    const attacker = {}
    for (let at = 0; at < 8; at++) await verifier.check(await viewOn(attacker, true))
    const views = await Promise.all(Array.from({ length: 70 }, () => viewOn(attacker, true)))
    const verdicts = views.map((view) => verifier.checkNow(view))
    expect(verdicts.filter((verdict) => verdict instanceof Promise)).toHaveLength(64)
    for (const verdict of await Promise.all(verdicts)) expect(outcomeOf(verdict)).toBe('proof_signature')
  })
})
