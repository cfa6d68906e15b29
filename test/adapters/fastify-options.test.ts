import fastify from 'fastify'
import { OptionsError } from 'onbehalf'
import { agentAuth, agentContextOf } from 'onbehalf/fastify'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { injectAs, statusAndCode } from '../support/fastify.ts'
import { createKit, type Kit } from '../support/kit.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

const polluted = ['optional', 'onRefusal', 'verifier', 'metadata', 'prefix']
afterEach(() => {
  for (const name of polluted) Reflect.deleteProperty(Object.prototype, name)
})

function pollute(name: string, value: unknown): void {
  Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true, enumerable: false })
}

test.each<[string, () => unknown]>([
  ['optional', () => true],
  ['onRefusal', () => () => ({ body: { polluted: true } })],
  ['verifier', () => kit.verifierWith({ access: { scopes: ['polluted'] } })],
  ['prefix', () => '/polluted'],
])('Options: `%s` on every object’s prototype changes nothing at Fastify’s door', async (name, value) => {
  const options = { ...kit.options }
  pollute(name, value())
  const app = fastify()
  await app.register(agentAuth, options)
  app.get('/tools', async (request) => agentContextOf(request)?.actor.subject ?? 'anonymous')
  expect(statusAndCode(await app.inject('/tools'))).toEqual([401, 'credentials_missing'])
  expect((await injectAs(kit, app, '/tools')).body).toBe('travel-7')
})

test('Options: an object of a class is no options object at Fastify’s door', async () => {
  class Settings {
    readonly issuer = kit.options.issuer
    readonly resource = kit.options.resource
    get optional(): boolean {
      return true
    }
  }
  for (const options of [new Settings(), Object.create({ ...kit.options, optional: true })] as never[]) {
    const starting = fastify().register(agentAuth, options).ready()
    await expect(starting).rejects.toThrow(OptionsError)
  }
})

test('Options: a value in the place of a verifier that is not one stops the start', async () => {
  for (const verifier of [undefined, null, {}, 'verifier'] as never[]) {
    const starting = fastify().register(agentAuth, { verifier }).ready()
    await expect(starting).rejects.toMatchObject({ problems: [{ path: 'verifier' }] })
  }
})

test('Fastify: a decorator `agentContext` that another plugin made stops the start', async () => {
  for (const forged of [null, { getter: () => ({ scopes: ['admin'] }) }] as never[]) {
    const app = fastify()
    app.decorateRequest('agentContext', forged)
    app.register(agentAuth, kit.options)
    await expect(app.ready()).rejects.toMatchObject({ problems: [{ path: 'agentContext' }] })
  }
  const outer = fastify()
  outer.decorateRequest('agentContext', null as never)
  outer.register(async (scope) => void (await scope.register(agentAuth, kit.options)))
  await expect(outer.ready()).rejects.toThrow(OptionsError)
})

test('Fastify: its own decorator does not count as one of another plugin, in the same scope and below', async () => {
  const app = fastify()
  await app.register(agentAuth, kit.options)
  await app.register(agentAuth, kit.options)
  await app.register(async (scope) => void (await scope.register(agentAuth, kit.options)))
  await expect(app.ready()).resolves.toBeDefined()
})
