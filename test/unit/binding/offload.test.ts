import { createVerifier } from 'onbehalf'
import { createTestIssuer, requestView } from 'onbehalf/testing'
import { expect, test } from 'vitest'

const resource = 'https://api.example.test'
const url = `${resource}/tools`

async function createScene(offload: 'never' | 'adaptive' | 'always') {
  const issuer = await createTestIssuer({ resource })
  const agent = await issuer.agent('travel-7')
  const token = await issuer.token({ agent, human: 'alice' })
  const verifier = createVerifier({ issuer: issuer.options, resource, clock: issuer.clock, dpop: { offload } })
  const view = async () => requestView({ url, headers: await agent.headers('GET', url, token) })
  return { agent, token, verifier, view }
}

test.each(['never', 'adaptive', 'always'] as const)('Offload: %s gives the same verdicts', async (offload) => {
  const { agent, token, verifier, view } = await createScene(offload)
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
  const never = await createScene('never')
  expect(never.verifier.checkNow(await never.view())).not.toBeInstanceOf(Promise)
  const always = await createScene('always')
  expect(always.verifier.checkNow(await always.view())).toBeInstanceOf(Promise)
})

test('Offload: adaptive verifies the first of a turn at once, the others on threads', async () => {
  const { verifier, view } = await createScene('adaptive')
  const views = [await view(), await view(), await view()] as const
  const first = verifier.checkNow(views[0])
  const second = verifier.checkNow(views[1])
  expect([first, second].map((verdict) => verdict instanceof Promise)).toEqual([false, true])
  expect((await second).ok).toBe(true)
  await new Promise((resolve) => setImmediate(resolve))
  expect(verifier.checkNow(views[2])).not.toBeInstanceOf(Promise)
})
