import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type AgentContext, createVerifier, type RevocationQuery, type Verifier } from '../../src/index.ts'
import { createKit, type Kit, resource } from '../support/kit.ts'

let kit: Kit
let verifier: Verifier
let isRevoked: (query: RevocationQuery) => unknown
let asked: RevocationQuery[]

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] })
  isRevoked = () => false
  asked = []
  kit = await createKit({
    verifier: {
      revocation: {
        isRevoked(query) {
          asked.push(query)
          return isRevoked(query) as boolean
        },
      },
    },
  })
  verifier = kit.verifier
})
afterEach(() => {
  void verifier.close()
  vi.useRealTimers()
})

async function admit(by: Verifier = verifier, token?: string): Promise<AgentContext> {
  const planner = await kit.issuer.agent('planner-2')
  return by.verify(await kit.request({ token: token ?? { human: 'alice', via: [planner] } }))
}

/** No timer of a lease waits longer: the promise is "within a second". */
function aSecond(): Promise<unknown> {
  return vi.advanceTimersByTimeAsync(1_000)
}

test('lease: it holds until the token expires, without the tolerance a request gets, and ends within a second', async () => {
  const lease = verifier.lease(await admit())
  kit.clock.advance(299)
  await aSecond()
  expect(lease.aborted).toBe(false)
  kit.clock.advance(1)
  await aSecond()
  expect(lease.aborted).toBe(true)
})

test('lease: of a token past its end it is over from the start', async () => {
  const token = await kit.token()
  kit.clock.advance(302)
  const context = await admit(verifier, token)
  expect(verifier.lease(context).aborted).toBe(true)
})

test('lease: a wall clock set back does not bring one back, and one that stands still ends none', async () => {
  const context = await admit()
  const lease = verifier.lease(context)
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(lease.aborted).toBe(false)
  kit.clock.advance(300)
  await aSecond()
  kit.clock.step(-200)
  await aSecond()
  expect(lease.aborted).toBe(true)
})

test('lease: revocation ends it within a second, and the source is asked as for a request', async () => {
  const context = await admit()
  const lease = verifier.lease(context)
  await aSecond()
  expect(lease.aborted).toBe(false)
  isRevoked = ({ tokenId }) => tokenId === context.token.id
  await aSecond()
  expect(lease.aborted).toBe(true)
  expect(new Set(asked.map((query) => JSON.stringify(query))).size).toBe(1)
})

test.each<[string, () => unknown]>([
  [
    'that throws',
    () => {
      throw new Error('down')
    },
  ],
  ['that rejects', () => Promise.reject(new Error('down'))],
  ['that answers something else', () => undefined],
  ['that says so later', () => Promise.resolve(true)],
])('lease: a revocation source %s ends it', async (_title, answer) => {
  const lease = verifier.lease(await admit())
  isRevoked = answer
  await aSecond()
  expect(lease.aborted).toBe(true)
})

test('lease: a slow source is asked once at a time, and a token that expires meanwhile ends all the same', async () => {
  const lease = verifier.lease(await admit())
  asked = []
  isRevoked = () => new Promise(() => {})
  await vi.advanceTimersByTimeAsync(1_400)
  expect([asked.length, lease.aborted]).toEqual([1, false])
  kit.clock.advance(300)
  await aSecond()
  expect(lease.aborted).toBe(true)
})

test('lease: a source that stays silent ends it', async () => {
  const lease = verifier.lease(await admit())
  isRevoked = () => new Promise(() => {})
  await vi.advanceTimersByTimeAsync(6_000)
  expect(lease.aborted).toBe(true)
})

test('lease: all streams of one token share one, and two tokens do not', async () => {
  const token = await kit.token()
  const [one, again, other] = [await admit(verifier, token), await admit(verifier, token), await admit()]
  expect(verifier.lease(again)).toBe(verifier.lease(one))
  expect(verifier.lease(other)).not.toBe(verifier.lease(one))
})

test('lease: with none left nothing is asked and no timer runs', async () => {
  const lease = verifier.lease(await admit())
  kit.clock.advance(300)
  await aSecond()
  await aSecond()
  asked = []
  await aSecond()
  expect([lease.aborted, asked.length, vi.getTimerCount()]).toEqual([true, 0, 0])
  const next = verifier.lease(await admit())
  await aSecond()
  expect([next.aborted, asked.length > 0]).toEqual([false, true])
})

test('lease: closing the verifier ends all, and gives no new ones', async () => {
  const context = await admit()
  const [lease, other] = [verifier.lease(context), verifier.lease(await admit())]
  void verifier.close()
  expect([lease.aborted, other.aborted, vi.getTimerCount()]).toEqual([true, true, 0])
  expect(verifier.lease(await admit()).aborted).toBe(true)
})

test('lease: without a revocation source it lives as long as the token', async () => {
  const plain = createVerifier({ issuer: kit.issuer.options, resource, clock: kit.clock })
  const lease = plain.lease(await admit(plain))
  kit.clock.advance(299)
  await aSecond()
  expect(lease.aborted).toBe(false)
  kit.clock.advance(1)
  await aSecond()
  expect(lease.aborted).toBe(true)
})

test('lease: its timer does not keep the process alive', async () => {
  vi.useRealTimers()
  const context = await admit()
  // Nothing is awaited between the two counts, since other timers of the process would change them.
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  verifier.lease(context)
  expect(timers()).toBe(before)
})

test('lease: its source is asked of everybody a request’s is, also behind a self-act', async () => {
  const act = { sub: 'alice', iss: kit.issuer.issuer, act: { sub: 'planner-2', iss: kit.issuer.issuer } }
  const context = await admit(verifier, await kit.token({ human: 'alice', claims: { act } }))
  const [atTheDoor] = asked
  const lease = verifier.lease(context)
  await aSecond()
  expect(asked.at(-1)?.parties.map(({ subject }) => subject)).toEqual(['alice', 'alice', 'planner-2'])
  expect(asked.at(-1)).toEqual(atTheDoor)
  isRevoked = ({ parties }) => parties.some(({ subject }) => subject === 'planner-2')
  await aSecond()
  expect(lease.aborted).toBe(true)
})

test('lease: of a context that no verifier made it is over from the start', async () => {
  const context = await admit()
  expect(verifier.lease({ ...context }).aborted).toBe(true)
})

test('Lease: one for all contexts of a token, also when the token was verified anew; a context of another verifier has none', async () => {
  const kit = await createKit()
  const verifier = kit.verifierWith({ cache: { tokens: 1 } })
  const token = await kit.token()
  const contextOf = async () => {
    const verdict = await verifier.check(await kit.request({ token }))
    if (!verdict.ok) throw new Error(verdict.refusal.code)
    return verdict.context
  }
  const first = await contextOf()
  await verifier.check(await kit.request())
  const second = await contextOf()
  expect(second).not.toBe(first)
  expect(verifier.lease(second)).toBe(verifier.lease(first))
  expect(kit.verifierWith().lease(first).aborted).toBe(true)
  await verifier.close()
})
