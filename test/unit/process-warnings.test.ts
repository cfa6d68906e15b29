import { expect, test, vi } from 'vitest'

/** Anew, because a process warns once. */
async function warnings() {
  vi.resetModules()
  return import('../../src/internal/process-warnings.ts')
}

test('Options: a mistake of set-up is told once per process, each under its own code', async () => {
  const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const { hintAtWrongResolver, hintAtPlainConnection, hintAtUnservedMetadata } = await warnings()
  for (let times = 0; times < 2; times++) {
    hintAtWrongResolver('a member is wrong')
    hintAtPlainConnection()
    hintAtUnservedMetadata()
  }
  const codes = emitted.mock.calls.map(([, options]) => (options as { readonly code?: string }).code)
  emitted.mockRestore()
  expect(codes).toEqual(['ONBEHALF_RESOLVER', 'ONBEHALF_PLAIN', 'ONBEHALF_METADATA'])
})

test('Options: a refusal that an option could change is explained once for each code', async () => {
  const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const { hintAtRefusal } = await warnings()
  for (const code of ['token_audience', 'token_audience', 'token_lifetime'] as const) hintAtRefusal(code, 'audience')
  const said = emitted.mock.calls.length
  emitted.mockRestore()
  expect(said).toBe(2)
})
