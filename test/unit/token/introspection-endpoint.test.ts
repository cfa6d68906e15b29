import type { IssuerOptions } from 'onbehalf'
import { describe, expect, test } from 'vitest'
import { createDesk, type Desk, endpoint } from '../../support/introspection.ts'
import { gate, metadataUri, until } from '../../support/key-home.ts'
import { issuerUrl } from '../../support/kit.ts'

const found = { issuer: issuerUrl, introspection_endpoint: endpoint }
const gone = () => new Response('', { status: 500 })

interface Discovery {
  readonly desk: Desk
  /** Of a token that was not asked about before. */
  code(): Promise<string>
  /** How often the metadata was asked for. */
  asked(): number
  /** From now on the metadata are there, or are not. */
  serve(isThere: boolean): void
}

async function discovering(trust: Partial<IssuerOptions> = {}): Promise<Discovery> {
  const desk = await createDesk({ introspection: { endpoint: undefined }, trust })
  let isThere = true
  desk.answer(({ url }) => (url === endpoint ? desk.active() : url === metadataUri && isThere ? found : gone()))
  let tokens = 0
  return {
    desk,
    code: () => desk.forge.code({ token: `token-${tokens++}`, verifier: desk.verifier }),
    asked: () => desk.questions.filter(({ url }) => url === metadataUri).length,
    serve: (next) => {
      isThere = next
    },
  }
}

describe('the endpoint of the metadata', () => {
  test('RFC 8414 §2: is used for freshSeconds, not a moment longer', async () => {
    const { desk, code, asked } = await discovering()
    desk.forge.clock.advance(1_000)
    expect(await code()).toBe('admitted')
    for (const [seconds, times] of [
      [599, 1],
      [1, 1],
      [0.001, 2],
      [600, 2],
    ] as const) {
      desk.forge.clock.advance(seconds)
      expect(await code()).toBe('admitted')
      expect(asked()).toBe(times)
    }
  })

  test.each([
    [600, [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30]],
    [3, [0.25, 0.5, 1, 2, 3, 3]],
  ])('RFC 9110 §10.2.3: with freshSeconds %d the pauses after failures grow as %j', async (freshSeconds, waits) => {
    const { desk, code, asked, serve } = await discovering({ keys: { freshSeconds } })
    serve(false)
    expect(await code()).toBe('introspection_unavailable')
    for (const [at, wait] of waits.entries()) {
      desk.forge.clock.advance(wait - 0.001)
      expect(await code()).toBe('introspection_unavailable')
      expect(asked(), `before ${wait}`).toBe(at + 1)
      desk.forge.clock.advance(0.001)
      expect(await code()).toBe('introspection_unavailable')
      expect(asked(), `after ${wait}`).toBe(at + 2)
    }
  })

  test('Introspection: whoever comes while the metadata are asked for again waits for them', async () => {
    const { desk, code, asked, serve } = await discovering()
    serve(false)
    expect(await code()).toBe('introspection_unavailable')
    desk.forge.clock.advance(1)
    const { opened, open } = gate()
    desk.answer(async ({ url }) => {
      if (url === endpoint) return desk.active()
      await opened
      return found
    })
    const waiting = [code(), code()]
    await until(() => asked() === 2)
    const late = code()
    await new Promise(setImmediate)
    open()
    expect(await Promise.all([...waiting, late])).toEqual(['admitted', 'admitted', 'admitted'])
    expect(asked()).toBe(2)
  })
})
