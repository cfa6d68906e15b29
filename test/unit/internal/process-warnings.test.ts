import { refusals } from 'onbehalf'
import { beforeAll, expect, test, vi } from 'vitest'
import { createKit, type Kit } from '../../support/kit.ts'

let kit: Kit
const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)

beforeAll(async () => {
  kit = await createKit({ verifier: { metadata: false } })
})

const heard = () => emitWarning.mock.calls.map(([message]) => String(message))

test('PRES-08: the first refusal of a code that has a hint is said once per process, without any claim', async () => {
  const name = 'https://evil.example.test/secret'
  await kit.refusal({ token: { claims: { iss: name } } })
  await kit.refusal({ token: { claims: { iss: `${name}/2` } } })
  await kit.refusal({ token: { audience: name } })
  await kit.refusal({ token: { audience: `${name}/2` } })
  expect(heard()).toHaveLength(2)
  expect(heard()[0]).toMatch(/\btoken_issuer\b.*\boption issuer\b/)
  expect(heard()[1]).toMatch(/\btoken_audience\b.*\boption audience\b/)
  expect(JSON.stringify(emitWarning.mock.calls)).not.toContain('evil')
  expect(emitWarning.mock.calls[0]?.[1]).toMatchObject({ type: 'OnbehalfWarning', code: 'ONBEHALF_HINT' })
})

test('PRES-08: a flood says no more than one warning for each code, and none where no option would help', async () => {
  emitWarning.mockClear()
  for (let at = 0; at < 20; at++) {
    await kit.refusal({ headers: { authorization: undefined } })
    await kit.refusal({ token: { lifetimeSeconds: 301 + at } })
    await kit.refusal({ token: 'junk' })
  }
  expect(heard().map((text) => Object.keys(refusals).find((code) => text.includes(code)))).toEqual(['token_lifetime'])
})
