import { requestView } from 'onbehalf/testing'
import { expect, test } from 'vitest'
import { createKit, url } from '../../support/kit.ts'

async function createOffloading(offload: 'never' | 'adaptive' | 'always' | undefined) {
  const { agent, verifier, request, token: createToken } = await createKit({ verifier: { dpop: { offload } } })
  const token = await createToken({ human: 'alice' })
  return { agent, token, verifier, view: () => request({ token }) }
}

test.each(['never', 'adaptive', 'always'] as const)('Offload: %s gives the same verdicts', async (offload) => {
  const { agent, token, verifier, view } = await createOffloading(offload)
  const good = await view()
  const forged = await agent.headers('GET', url, token)
  const bent = forged['dpop']?.replace(/.{6}$/, 'AAAAAA') ?? ''
  const bad = requestView({ url, headers: { ...forged, dpop: bent } })
  const codes = await Promise.all([good, good, bad].map(async (one) => verifier.check(one)))
  expect(codes.map((verdict) => (verdict.ok ? 'admitted' : verdict.refusal.code))).toEqual([
    'admitted',
    'proof_replayed',
    'proof_signature',
  ])
})

test('Offload: never keeps every verdict synchronous, always none', async () => {
  const never = await createOffloading('never')
  expect(never.verifier.checkNow(await never.view())).not.toBeInstanceOf(Promise)
  const always = await createOffloading('always')
  expect(always.verifier.checkNow(await always.view())).toBeInstanceOf(Promise)
})

test.each(['adaptive', undefined] as const)(
  'Offload: %s verifies what the first callback of a turn brings at once, what comes later in the turn on threads',
  async (offload) => {
    const { verifier, view } = await createOffloading(offload)
    const [first, second, third, fourth, last] = [
      await view(),
      await view(),
      await view(),
      await view(),
      await view(),
    ] as const
    const isLate = (one: typeof first) => verifier.checkNow(one) instanceof Promise
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    await turn()
    // Two callbacks of one turn.
    const early = new Promise((resolve) => setImmediate(() => resolve([isLate(first), isLate(second)])))
    const late = new Promise<unknown>((resolve) => setImmediate(() => resolve([verifier.checkNow(third)])))
    expect(await early).toEqual([false, false])
    const [verdict] = (await late) as [ReturnType<typeof verifier.checkNow>]
    expect(verdict).toBeInstanceOf(Promise)
    expect((await verdict).ok).toBe(true)
    await turn()
    // One after the other: no request waits behind another.
    expect(isLate(fourth)).toBe(false)
    await null
    expect(isLate(last)).toBe(false)
  },
)
