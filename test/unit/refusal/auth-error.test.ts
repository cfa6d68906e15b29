import { AuthError, type RequestView } from 'onbehalf'
import { requestView } from 'onbehalf/testing'
import { beforeAll, expect, test } from 'vitest'
import { createKit, type Kit, resource, url } from '../../support/kit.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

async function errorOf(view: RequestView): Promise<unknown> {
  return kit
    .verifierWith()
    .verify(view)
    .catch((error: unknown) => error)
}

test('AuthError: verify() answers the context or throws the refusal that check() gives', async () => {
  const context = await kit.verifierWith().verify(await kit.request())
  expect(context.actor.subject).toBe('travel-7')
  const view = requestView({ url, headers: { authorization: 'DPoP x' } })
  const verdict = await kit.verifierWith().check(view)
  if (verdict.ok) throw new Error('a refusal')
  const { code, status, error, body, headers } = verdict.refusal
  expect(await errorOf(view)).toMatchObject({ name: 'AuthError', code, status, error, body })
  const thrown = await errorOf(view)
  expect(thrown instanceof AuthError && [...thrown.headers]).toEqual(headers)
})

test('AuthError: the cause has the facts, the message none of them', async () => {
  const token = await kit.issuer.token({ agent: kit.agent })
  const headers = await kit.agent.headers('GET', `${resource}/secret-place`, token)
  const error = await errorOf(requestView({ url, headers }))
  if (!(error instanceof AuthError)) throw new Error('an AuthError')
  expect(error.cause).toMatchObject({ receivedTarget: `${resource}/secret-place`, hint: 'publicUrl' })
  expect(error.message).not.toContain('secret-place')
  expect(JSON.stringify(error.body)).not.toContain('secret-place')
})

test('AuthError: it is recognised across two copies of the package, by its brand', async () => {
  const error = await errorOf(requestView({ url }))
  expect(error instanceof AuthError).toBe(true)
  expect(error instanceof Error).toBe(true)
  const foreign = Object.defineProperty(new Error('of the other copy'), Symbol.for('onbehalf.AuthError'), {
    value: true,
  })
  expect(foreign instanceof AuthError).toBe(true)
  const others: unknown[] = [new Error('none'), {}, { code: 'token_expired' }, null, undefined, 'AuthError']
  for (const other of others) expect(other instanceof AuthError).toBe(false)
})

test('AuthError: neither its fields nor the brand make the header list a set of header fields', async () => {
  const error = await errorOf(requestView({ url }))
  if (!(error instanceof AuthError)) throw new Error('an AuthError')
  expect(Object.keys(error.headers)).toEqual([])
  expect({ ...error.headers }).toEqual({})
  expect(error.headers.map(([name]) => name)).toContain('WWW-Authenticate')
  expect(Object.isFrozen(error.headers)).toBe(true)
})

test('AuthError: check() never rejects, whatever the view does', async () => {
  const boom = () => {
    throw new Error('in the host')
  }
  const { authorization = '', dpop = '' } = await kit.agent.headers(
    'GET',
    url,
    await kit.issuer.token({ agent: kit.agent }),
  )
  const certificate = { peer: { certificate: boom } }
  const view = { ...requestView({ url, headers: { authorization, dpop } }), ...certificate }
  expect(await kit.verifierWith().check(view)).toMatchObject({ ok: true })
})
