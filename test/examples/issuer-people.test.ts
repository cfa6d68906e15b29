import { describe, expect, test } from 'vitest'
import { createPeople } from '../../examples/issuer/people.ts'
import { keyMetadata, passwords, registered, setUp } from './issuer-setup.ts'

const alice = { id: 'alice', name: 'Alice', password: passwords.alice }

describe('passwords', () => {
  test('Examples: other requests go on while a password is derived', async () => {
    const people = createPeople([alice], () => 0)
    let turns = 0
    const turn = () => {
      turns++
      next = setImmediate(turn)
    }
    let next = setImmediate(turn)
    expect(await people.signIn('alice', passwords.alice)).toBe('alice')
    clearImmediate(next)
    expect(turns).toBeGreaterThan(0)
  })

  test('RFC 6819 §4.4.1.11: of more than 32 at once the next is not looked at, even if it is right', async () => {
    const people = createPeople([alice], () => 0)
    const wrong = Array.from({ length: 32 }, () => people.signIn('stranger', 'guess'))
    expect(await people.signIn('alice', passwords.alice)).toBeUndefined()
    expect(new Set(await Promise.all(wrong))).toEqual(new Set([undefined]))
    // It was no failure of the person, and there is room again.
    expect(await people.signIn('alice', passwords.alice)).toBe('alice')
  })

  test('RFC 6819 §4.4.1.11: of 32 at once each is looked at', async () => {
    const people = createPeople([alice], () => 0)
    const others = Array.from({ length: 31 }, () => people.signIn('stranger', 'guess'))
    expect(await people.signIn('alice', passwords.alice)).toBe('alice')
    await Promise.all(others)
  })

  test('RFC 6819 §5.1.4.2.3: guesses at the same time count as much as one after the other', async () => {
    let time = 0
    const people = createPeople([alice], () => time)
    await Promise.all(Array.from({ length: 30 }, (_, at) => people.signIn('alice', `guess ${at}`)))
    expect(await people.signIn('alice', passwords.alice)).toBeUndefined()
    time = 15 * 60_000
    expect(await people.signIn('alice', passwords.alice)).toBe('alice')
  })
})

describe('RFC 9700 §4.15: one name is not that of a person and of a client', () => {
  test('a client that would be called as a person is', async () => {
    const { running, keyOf } = await setUp()
    const client = { client_id: 'alice', ...registered.booker, ...keyMetadata(keyOf('booker')) }
    await running.revokeAgent('booker')
    await expect(running.addClient(client)).rejects.toThrow()
    await running.addClient({ ...client, client_id: 'alice2' })
  })

  test('a person who would be called as a client is', async () => {
    const people = [{ ...alice, id: 'agent-a' }]
    await expect(setUp({ people })).rejects.toThrow()
  })
})
