import express from 'express'
import Fastify from 'fastify'
import { createVerifier, OptionsError } from 'onbehalf'
import * as onExpress from 'onbehalf/express'
import * as onFastify from 'onbehalf/fastify'
import { createGate } from 'onbehalf/fetch'
import { createTestIssuer } from 'onbehalf/testing'
import supertest from 'supertest'
import { afterEach, describe, expect, test, vi } from 'vitest'

const resource = 'https://api.example.com'
const issuer = await createTestIssuer({ resource })
const agent = await issuer.agent('travel-7')
const foreignRule = { actor: { issuer: 'https://partner.example.test', subject: 'travel-7' } }
const twoIssuers = [issuer.options, { issuer: 'https://second.example.test', jwks: issuer.jwks }]
const ruleWithoutIssuer = { actor: { subject: 'travel-7' } }

const warnings: string[] = []
vi.spyOn(process, 'emitWarning').mockImplementation(((_: string, options: { code: string }) => {
  warnings.push(options.code)
}) as typeof process.emitWarning)
afterEach(() => warnings.splice(0))

async function headersFor(url: string): Promise<Record<string, string>> {
  return agent.headers('GET', `${resource}${url}`, await issuer.token({ agent, human: 'alice' }))
}

describe.each([
  ['an issuer that is not configured', [issuer.options], foreignRule],
  ['no issuer where two are configured', twoIssuers, ruleWithoutIssuer],
] as const)('a party rule with %s', (_, issuers, rule) => {
  const options = { issuer: issuers, resource, clock: issuer.clock }

  test('ACT-23: Express: every request of the route is a 500, the others go on, and the process is warned once', async () => {
    const verifier = createVerifier(options)
    await expect(verifier.ready()).resolves.toBeUndefined()
    const app = express().set('env', 'test')
    app.use(onExpress.agentAuth(verifier))
    let reached = 0
    app.get('/wrong', onExpress.requireAccess(rule), (_request, response) => {
      reached++
      response.end()
    })
    app.get('/right', (_request, response) => void response.end())
    expect(
      (
        await supertest(app)
          .get('/right')
          .set(await headersFor('/right'))
      ).status,
    ).toBe(200)
    expect(warnings).toEqual(['ONBEHALF_WRONG_RULE'])
    for (const _round of [1, 2]) {
      expect(
        (
          await supertest(app)
            .get('/wrong')
            .set(await headersFor('/wrong'))
        ).status,
      ).toBe(500)
    }
    expect(reached).toBe(0)
    expect(warnings).toEqual(['ONBEHALF_WRONG_RULE'])
    const error: unknown = await verifier.ready().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(OptionsError)
    expect((error as OptionsError).problems.map(({ path }) => path)).toEqual([
      expect.stringMatching(/^requirement\.actor/),
    ])
  })

  test('ACT-23: Fastify: the app does not become ready', async () => {
    const app = Fastify()
    await app.register(onFastify.agentAuth, { ...options })
    app.get('/wrong', { onRequest: onFastify.requireAccess(rule) }, async () => 'reached')
    const failure: unknown = await app.ready().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(failure).toBeInstanceOf(OptionsError)
    await app.close()
  })

  test('ACT-23: fetch: gate.handle() throws at once, a requirement given with a request rejects', async () => {
    const gate = createGate(options)
    expect(() => gate.handle(rule, () => new Response())).toThrow(OptionsError)
    const request = new Request(`${resource}/wrong`, { headers: await headersFor('/wrong') })
    await expect(gate(request, rule)).rejects.toBeInstanceOf(OptionsError)
  })

  test('ACT-23: the baseline: the verifier is not made', () => {
    expect(() => createVerifier({ ...options, access: rule })).toThrow(OptionsError)
  })
})

test('ACT-23: a rule for the issuers of another verifier on the same app is not judged by this one', async () => {
  const ours = createVerifier({ issuer: issuer.options, resource, clock: issuer.clock })
  const partner = await createTestIssuer({ resource, issuer: 'https://partner.example.test' })
  const theirs = createVerifier({ issuer: partner.options, resource, clock: issuer.clock })
  const app = express().set('env', 'test')
  app.use('/ours', onExpress.agentAuth(ours))
  app.get('/ours/tools', onExpress.requireAccess(ruleWithoutIssuer), (_request, response) => void response.end())
  app.use('/theirs', onExpress.agentAuth(theirs))
  app.get('/theirs/tools', onExpress.requireAccess(foreignRule), (_request, response) => void response.end())
  expect(
    (
      await supertest(app)
        .get('/ours/tools')
        .set(await headersFor('/ours/tools'))
    ).status,
  ).toBe(200)
  expect(warnings).toEqual([])
  await expect(ours.ready()).resolves.toBeUndefined()
})

test('ACT-23: what the caller changes in its requirement afterwards changes nothing', async () => {
  const app = express().set('env', 'test')
  app.use(onExpress.agentAuth({ issuer: issuer.options, resource, clock: issuer.clock }))
  const requirement = { actor: { subject: ['travel-7'] }, scopes: ['tools:read'] }
  app.get('/tools', onExpress.requireAccess(requirement), (_request, response) => void response.end())
  requirement.scopes.length = 0
  requirement.actor.subject.push('other')
  const answer = await supertest(app)
    .get('/tools')
    .set(await headersFor('/tools'))
  expect(answer.status).toBe(403)
  expect(answer.headers['www-authenticate']).toContain('scope="tools:read"')
})
