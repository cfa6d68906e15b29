import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createDesk, type Desk, opaque } from '../support/introspection.ts'
import { outcomeOf } from '../support/kit.ts'
import { failingAt, faults } from './faults.ts'
import { fakeDeadlines, patiently } from './waiting.ts'

const requests = 3
const down = 'introspection_unavailable'

beforeEach(fakeDeadlines)
afterEach(() => {
  vi.useRealTimers()
})

/** The outcomes of some requests in a row, with a fetch that fails at one call. */
async function outcomes(answer: () => unknown, at: number): Promise<readonly string[]> {
  const good = async () => Response.json(desk.active({ jti: 'opaque-1' }))
  const fetch = failingAt<Promise<Response>>({ name: '', isAnswer: true, answer }, at, good).call
  const desk: Desk = await createDesk({ verifier: { fetch }, introspection: { cacheSeconds: 0 } })
  const codes: string[] = []
  for (let nth = 0; nth < requests; nth++) {
    const view = await desk.forge.request({ token: opaque })
    codes.push(outcomeOf(await patiently(desk.verifier.check(view))))
  }
  return codes
}

const responses: readonly [string, () => unknown][] = [
  ['status 500', () => new Response('{"active":true}', { status: 500 })],
  ['status 401', () => new Response('{"error":"invalid_client"}', { status: 401 })],
  ['status 204', () => new Response(null, { status: 204 })],
  ['an empty body', () => new Response('')],
  ['HTML', () => new Response('<html></html>')],
  ['half an object', () => new Response('{"active":tr')],
  ['a list', () => Response.json([{ active: true }])],
  ['null', () => Response.json(null)],
  ['no active', () => Response.json({})],
  ['active yes', () => Response.json({ active: 'yes' })],
  ['active 1', () => Response.json({ active: 1 })],
  ['active twice', () => new Response('{"active":true,"active":false}')],
  ['too much', () => Response.json({ active: true, padding: 'x'.repeat(70_000) })],
  ['a body that never ends', () => new Response(new ReadableStream({ pull: () => {} }))],
  ['a body that breaks off', () => new Response(new ReadableStream({ pull: (to) => to.error(new Error('reset')) }))],
]

describe('a fetch of an introspection endpoint', () => {
  test.each([...faults.map(({ name, answer }) => [name, answer] as const), ...responses])(
    'RFC 7662 §2.2: %s at one call is the 503 of that request and of no other',
    async (_name, answer) => {
      for (let at = 1; at <= requests; at++) {
        const expected = Array.from({ length: requests }, (_, nth) => (nth + 1 === at ? down : 'admitted'))
        expect(await outcomes(answer, at)).toEqual(expected)
      }
    },
  )
})
