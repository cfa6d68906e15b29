import { expect, test } from 'vitest'
import { actorProfileDialect } from '../../../../src/token/dialects/actor-profile.ts'
import { read } from './fake-readers.ts'

const actor = { sub: 'instance-1', sub_profile: 'ai_agent Client_Instance' }
const entity = (act: unknown) => actorProfileDialect.entity?.({ act } as never, 'actor')

test('Context: the actor profile tells the instance, the model and the platform of the actor', () => {
  const act = { ...actor, agent_model: { id: 'model', version: '2' }, agent_platform: 'runtime' }
  expect(entity(act)).toStrictEqual({ instance: 'instance-1', model: 'model 2', platform: 'runtime' })
  expect(actorProfileDialect.entity?.({ act } as never, 'principal')).toBeUndefined()
})

test.each([
  ['no profile', { sub_profile: undefined }],
  ['the profile of a client alone', { sub_profile: 'ai_agent' }],
  ['a profile that is no text', { sub_profile: 1 }],
  ['a longer word', { sub_profile: 'client_instances' }],
])('Context: an actor with %s is not called an instance', (_, changes) => {
  expect(entity({ ...actor, ...changes })).toStrictEqual({})
})

test.each([
  ['no version', { id: 'model' }, 'model'],
  ['a version that is no text', { id: 'model', version: 2 }, 'model'],
])('Context: a model with %s is told by its id', (_, agent_model, model) => {
  expect(entity({ sub: 'a', agent_model })).toStrictEqual({ model })
})

test.each([
  ['no model', undefined],
  ['null', null],
  ['a text', 'model'],
  ['an id that is no text', { id: 1 }],
  ['no id', { version: '2' }],
])('Context: %s as model tells nothing', (_, agent_model) => {
  expect(entity({ sub: 'a', agent_model })).toStrictEqual({})
})

test('Context: a platform that is no text is overlooked', () => {
  expect(entity({ sub: 'a', agent_platform: 1 })).toStrictEqual({})
})

test.each([undefined, null, 'actor'])('Context: where act is %j, there is no actor to tell of', (act) => {
  expect(entity(act)).toBeUndefined()
})

test('Context: every actor of the profile states its namespace', () => {
  const parties = (act?: object) => actorProfileDialect.parties?.({ iss: 'i', sub: 's', ...(act && { act }) }, read)
  expect(parties()?.chain).toEqual([])
  expect(parties({ sub: 'a', iss: 'i' })?.chain).toMatchObject([{ subject: 'a', issuer: 'i' }])
  expect(() => parties({ sub: 'a' })).toThrow(RangeError)
  // A dialect may answer without a chain.
  expect(actorProfileDialect.parties?.({ sub: 's' }, { ...read, actors: () => undefined as never })).toBeDefined()
})
