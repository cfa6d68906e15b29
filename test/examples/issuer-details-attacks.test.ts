import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { allowed, deviceCode, redeemDevice } from './issuer-details-flow.ts'
import {
  type Answer,
  actorTokenOf,
  ask,
  exchangeForm,
  outcome,
  type Sender,
  sender,
  tokenIn,
} from './issuer-requests.ts'
import { apis, keyMetadata, registered, type Setup, setUp } from './issuer-setup.ts'

async function setUpWithPayments(): Promise<Setup & { readonly from: Sender }> {
  const setup = await setUp({
    resources: [
      { id: apis.trips, scopes: ['trip:read', 'trip:book', 'seat:choose', 'pay'], detailTypes: ['payment'] },
      { id: apis.booking, scopes: ['pay'], detailTypes: ['payment'] },
    ],
  })
  const agent = { ...registered['agent-a'], ...keyMetadata(setup.keyOf('agent-a')) }
  await setup.running.addClient({ client_id: 'agent-a', ...agent, authorization_details_types: ['payment'] })
  return { ...setup, from: await sender(setup, 'agent-a') }
}

type Payments = Awaited<ReturnType<typeof setUpWithPayments>>

/** A token with these details. */
async function tokenWith(setup: Payments, details: string): Promise<string> {
  return tokenIn(await redeemDevice(setup, setup.from, await allowed(setup, setup.from, details)))
}

async function exchange(setup: Payments, subject: string, details: string): Promise<Answer> {
  const form = exchangeForm(subject, await actorTokenOf(setup, setup.from), apis.booking)
  return ask(setup, setup.from, { ...form, authorization_details: details })
}

const [good, bad] = ['200', '400 invalid_authorization_details']
const payment = (members: string) => `[{"type":"payment",${members}}]`
const nested = (depth: number) => payment(`"x":${'['.repeat(depth)}${']'.repeat(depth)}`)

const asked: readonly [title: string, expected: string, details: string][] = [
  ['a type that every object has a member of', bad, '[{"type":"constructor"}]'],
  ['the type of a prototype', bad, '[{"type":"__proto__"}]'],
  ['a type in another spelling', bad, '[{"type":"payment "}]'],
  ['a type with letters that look alike', bad, '[{"type":"p\u0430yment"}]'],
  ['a type that is a list', bad, '[{"type":["payment"]}]'],
  ['a type in a prototype', bad, '[{"__proto__":{"type":"payment"}}]'],
  ['a member that every object has', bad, payment('"constructor":"x"')],
  ['no object', bad, '[["payment"]]'],
  ['nothing', bad, '[null]'],
  ['an action that is no text', bad, payment('"actions":[1]')],
  ['nine hundred levels', good, nested(900)],
  ['two thousand levels', bad, nested(2_000)],
  ['a thousand details', bad, `[${Array(1_000).fill('{"type":"payment"}').join(',')}]`],
  ['letters of other scripts', good, payment('"creditor":"Łódź 東京"')],
  ['letters of three bytes, which make a long token', bad, payment(`"note":"${'東'.repeat(1_000)}"`)],
  ['numbers that become long', bad, payment(`"note":[${Array(300).fill('1e20').join(',')}]`)],
  ['a number that becomes nothing', bad, payment('"amount":1e999')],
  ['a character that nobody sees', bad, payment('"creditor":"DE\\u200b12"')],
  ['one that turns the direction of writing', bad, payment('"creditor":"DE\\u202e21"')],
  ['a line break', bad, payment('"creditor":"DE\\n12"')],
  ['one that nobody sees in the name of a member', bad, payment('"a\\u00admount":"1"')],
  ['one that nobody sees far inside', bad, payment('"a":{"b":[{"c":"\\u2066"}]}')],
  ['half a character', bad, payment('"creditor":"\\ud800"')],
]

test.each(asked)('RFC 9396 §5, §12: a request for %s: %s', async (_title, expected, details) => {
  const setup = await setUpWithPayments()
  expect(outcome(await deviceCode(setup, setup.from, details))).toBe(expected)
})

describe('an exchange of a token with details', () => {
  const odd = payment('"__proto__":{"amount":"1"},"toString":"x","x":[[[{"y":null}]]]')

  const narrowings: readonly [title: string, expected: string, details: string][] = [
    ['the same', good, odd],
    ['the same in another order', good, payment('"x":[[[{"y":null}]]],"toString":"x","__proto__":{"amount":"1"}')],
    ['without the member __proto__', bad, payment('"toString":"x","x":[[[{"y":null}]]]')],
    ['with another one', bad, payment('"__proto__":{"amount":"2"},"toString":"x","x":[[[{"y":null}]]]')],
    ['with none in it', bad, payment('"__proto__":null,"toString":"x","x":[[[{"y":null}]]]')],
    ['without the member toString', bad, payment('"__proto__":{"amount":"1"},"x":[[[{"y":null}]]]')],
    ['with an inner member less', bad, payment('"__proto__":{"amount":"1"},"toString":"x","x":[[[{}]]]')],
    ['with the last of two members of one name', bad, payment('"toString":"x","toString":"y"')],
  ]

  test.each(narrowings)('RFC 9396 §6.1: %s: %s', async (_title, expected, details) => {
    const setup = await setUpWithPayments()
    const subject = await tokenWith(setup, odd)
    expect(JSON.stringify(decodeJwt(subject)['authorization_details'])).toBe(odd)
    const answer = await exchange(setup, subject, details)
    expect(outcome(answer)).toBe(expected)
    if (expected === good)
      expect(JSON.stringify(decodeJwt(tokenIn(answer))['authorization_details'])).toBe(
        JSON.stringify(JSON.parse(details)),
      )
  })

  test('RFC 9396 §6.1: nine hundred levels', async () => {
    const setup = await setUpWithPayments()
    expect(outcome(await exchange(setup, await tokenWith(setup, nested(900)), nested(900)))).toBe(good)
  })

  test('RFC 9396 §6.1: of two that are held, the one that is asked for', async () => {
    const setup = await setUpWithPayments()
    const two = '[{"type":"payment","actions":["a","b"]},{"type":"payment","actions":["a"]}]'
    const subject = await tokenWith(setup, two)
    expect(outcome(await exchange(setup, subject, two))).toBe(good)
    // One that is held is good for one.
    const more = '[{"type":"payment","actions":["b"]},{"type":"payment","actions":["b"]}]'
    expect(outcome(await exchange(setup, subject, more))).toBe(bad)
  })

  test('RFC 9396 §6.1: after the consent was taken back there is nothing to exchange', async () => {
    const setup = await setUpWithPayments()
    const subject = await tokenWith(setup, payment('"x":1'))
    await setup.alice.takeBack(`${setup.issuer}/grants`, 'Travel agent')
    expect(outcome(await exchange(setup, subject, payment('"x":1')))).toBe('400 invalid_request')
  })
})

test('RFC 9396 §10: a type that the operator has taken from a client is in no token of a code from before', async () => {
  const setup = await setUpWithPayments()
  const answer = await allowed(setup, setup.from, JSON.stringify([{ type: 'payment', actions: ['status'] }]))
  const agent = { ...registered['agent-a'], ...keyMetadata(setup.keyOf('agent-a')) }
  await setup.running.addClient({ client_id: 'agent-a', ...agent })
  const { body } = await redeemDevice(setup, setup.from, answer)
  expect(decodeJwt(String(body['access_token']))).not.toHaveProperty('authorization_details')
  expect(body).not.toHaveProperty('authorization_details')
})
