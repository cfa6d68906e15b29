import type { Refusal } from 'onbehalf'
import { describe, expect, test } from 'vitest'
import { AnswerError } from '../../../src/token/bounded-fetch.ts'
import { FetchError } from '../../../src/token/fetch-error.ts'
import { failureOf } from '../../../src/token/introspection-client.ts'
import { type AnswerWith, createDesk, type Desk, endpoint, opaque } from '../../support/introspection.ts'
import { gate, metadataUri, until } from '../../support/key-home.ts'
import { issuerUrl } from '../../support/kit.ts'

const refusalOf = (desk: Desk, token: string = opaque): Promise<Refusal> =>
  desk.forge.refusal({ token, verifier: desk.verifier })

async function causeOf(desk: Desk): Promise<string> {
  const { code, facts } = await refusalOf(desk)
  expect(code).toBe('introspection_unavailable')
  expect(facts.issuer).toBe(issuerUrl)
  return facts.cause ?? ''
}

async function causeWith(answer: AnswerWith): Promise<string> {
  const desk = await createDesk()
  desk.answer(answer)
  return causeOf(desk)
}

describe('what the operator reads of an endpoint that cannot be used', () => {
  test('RFC 7662 §2.3: each kind of failure has a cause of its own', async () => {
    const causes = [
      await causeWith(() => new Response('', { status: 401 })),
      await causeWith(() => new Response('', { status: 500 })),
      await causeWith(() => new Response('[]')),
      await causeWith(() => new Response('x'.repeat(65_537))),
      await causeWith(() => Promise.reject(new Error('secret'))),
      await causeWith(() => Promise.reject(Object.assign(new Error('secret'), { code: 'ECONNREFUSED' }))),
    ]
    expect(new Set(causes).size).toBe(causes.length)
    for (const cause of causes) expect(cause).toMatch(/^(?!.*secret)\w/)
    expect(causes.slice(0, 2)).toEqual([expect.stringContaining('401'), expect.stringContaining('500')])
    expect(causes[5]).toBe('ECONNREFUSED')
  })

  test('RFC 7662 §2.3: an answer without a body is one with an empty body', async () => {
    expect(await causeWith(() => new Response(null))).toBe(await causeWith(() => new Response('')))
  })

  test('RFC 8414 §2: each fault of the metadata has a cause of its own', async () => {
    const causes: string[] = []
    for (const named of [undefined, '/introspect', 'https://evil.test/introspect', `${endpoint}#x`]) {
      const desk = await createDesk({ introspection: { endpoint: undefined } })
      desk.answer(({ url }) =>
        url === metadataUri ? { issuer: issuerUrl, introspection_endpoint: named } : new Response('', { status: 404 }),
      )
      causes.push(await causeOf(desk))
    }
    expect(new Set(causes).size).toBe(causes.length)
    for (const cause of causes) expect(cause).toMatch(/introspection_endpoint \w/)
  })

  test('Introspection: close() and too many questions have causes of their own, and the latter are soon answered', async () => {
    const desk = await createDesk({ verifier: { hookTimeoutMs: 60_000 } })
    desk.answer(() => new Promise(() => {}))
    const waiting = Array.from({ length: 32 }, (_, index) => refusalOf(desk, `token-${index}`))
    await until(() => desk.questions.length === 32)
    const refused = await refusalOf(desk)
    expect(refused.headers).toContainEqual(['Retry-After', '1'])
    await desk.verifier.close()
    const causes = [refused, await waiting[0], await refusalOf(desk)].map((refusal) => refusal?.facts.cause)
    for (const cause of causes) expect(cause).toMatch(/^\w/)
    expect(causes[1]).toBe(causes[2])
    expect(causes[0]).not.toBe(causes[1])
  })
})

describe('failureOf', () => {
  const unnamed = failureOf(undefined)
  const coded = (code: unknown) => Object.assign(new Error('secret'), { code })
  /** An error that is the cause of others, so many times. */
  const within = (depth: number, error: unknown): unknown =>
    depth === 0 ? error : new Error('secret', { cause: within(depth - 1, error) })

  test('P4: error codes of the system are said, and nothing else that a fetch function wrote', () => {
    for (const code of ['ECONNREFUSED', 'UND_ERR_SOCKET', 'E2', `E${'X'.repeat(63)}`])
      expect(failureOf(coded(code))).toBe(code)
    const others = [
      'secret',
      'eCONN',
      'ECONN secret',
      'sECONN',
      ' ECONN',
      'ECONN\n',
      'E',
      '2E',
      `E${'X'.repeat(64)}`,
      '',
      7,
      ['ECONN'],
    ]
    for (const code of others) expect(failureOf(coded(code))).toBe(unnamed)
    for (const error of ['ECONNREFUSED', { code: 'ECONNREFUSED' }, null, new Error('secret')]) {
      expect(failureOf(error)).toBe(unnamed)
    }
    expect(unnamed).toMatch(/^(?!.*secret)\w/)
  })

  test('P4: our own errors keep their words', () => {
    expect(failureOf(new AnswerError('own words'))).toBe('own words')
    expect(failureOf(within(2, new AnswerError('own words')))).toBe('own words')
    const fetchError = new FetchError([{ url: 'https://as.test/keys', reason: 'gone' }], undefined)
    expect(failureOf(fetchError)).toBe(fetchError.message)
    expect(failureOf(within(1, coded('EPIPE')))).toBe('EPIPE')
  })

  test('P41: no more than five causes deep is looked', () => {
    expect(failureOf(within(4, coded('EPIPE')))).toBe('EPIPE')
    expect(failureOf(within(5, coded('EPIPE')))).toBe(unnamed)
    const own = new Error('secret')
    own.cause = own
    expect(failureOf(own)).toBe(unnamed)
  })
})

test('RFC 7515 §7.1: whitespace around a signed answer does not spoil it', async () => {
  const desk = await createDesk({ introspection: { signed: true } })
  desk.answer(async () => new Response(`\n${await desk.signed(desk.active()).text()}\r\n`))
  expect(await desk.forge.code({ token: opaque, verifier: desk.verifier })).toBe('admitted')
})

test('Introspection: as many questions as may be under way bring no warning of the runtime', async () => {
  const warnings: Error[] = []
  const note = (warning: Error) => void warnings.push(warning)
  process.on('warning', note)
  const desk = await createDesk({ introspection: { endpoint: undefined } })
  const { opened, open } = gate()
  desk.answer(async ({ url }) => {
    if (url !== endpoint) return { issuer: issuerUrl, introspection_endpoint: endpoint }
    await opened
    return desk.active()
  })
  const waiting = Array.from({ length: 32 }, (_, index) =>
    desk.forge.code({ token: `token-${index}`, verifier: desk.verifier }),
  )
  await until(() => desk.questions.length === 33)
  open()
  expect([...new Set(await Promise.all(waiting))]).toEqual(['admitted'])
  await new Promise(setImmediate)
  process.off('warning', note)
  expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([])
})
