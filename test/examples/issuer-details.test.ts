import { decodeJwt } from 'jose'
import { createVerifier } from 'onbehalf'
import { createGate } from 'onbehalf/fetch'
import { expect, onTestFinished, test } from 'vitest'
import { createProof } from '../../examples/agents/dpop-proof.ts'
import { createSigningKey } from '../../examples/agents/signing-key.ts'
import type { AuthorizationDetail } from '../../examples/issuer/actor-profile-claims.ts'
import { consentPage } from '../../examples/issuer/pages/consent.ts'
import { codeOf, redeem } from './issuer-code-flow.ts'
import { allowed, deviceCode, redeemDevice } from './issuer-details-flow.ts'
import {
  type Answer,
  actorTokenOf,
  ask,
  exchangeForm,
  outcome,
  post,
  type Sender,
  sender,
  tokenIn,
} from './issuer-requests.ts'
import { apis, keyMetadata, registered, type Setup, setUp } from './issuer-setup.ts'

const payment: AuthorizationDetail = {
  type: 'payment',
  actions: ['initiate', 'status'],
  amount: { currency: 'EUR', value: '120.00' },
}
const seat: AuthorizationDetail = { type: 'seat', identifier: '12A' }

/** Payments may be in tokens for each API, seats in those for the first one alone. */
async function setUpWithDetails(): Promise<Setup> {
  const setup = await setUp({
    resources: [
      { id: apis.trips, scopes: ['trip:read', 'trip:book', 'seat:choose', 'pay'], detailTypes: ['payment', 'seat'] },
      { id: apis.booking, scopes: ['trip:book', 'pay'], detailTypes: ['payment'] },
      { id: apis.tool, scopes: ['pay'] },
      { id: apis.payments, scopes: ['pay'], detailTypes: ['payment'] },
    ],
  })
  const change = (id: 'agent-a' | 'portal', types: readonly string[]) =>
    setup.running.addClient({
      client_id: id,
      ...registered[id],
      ...keyMetadata(setup.keyOf(id)),
      authorization_details_types: types,
    })
  await change('agent-a', ['payment', 'seat'])
  await change('portal', ['payment'])
  return setup
}

const words = JSON.stringify

const detailsIn = (answer: Answer) => decodeJwt(tokenIn(answer))['authorization_details']

test('RFC 9396 §7, §9.1: details that a person has allowed with a device code stand in the answer and in the token', async () => {
  const setup = await setUpWithDetails()
  const agent = await sender(setup, 'agent-a')
  const answer = await redeemDevice(setup, agent, await allowed(setup, agent, words([payment, seat])))
  expect(answer.body['authorization_details']).toEqual([payment, seat])
  expect(detailsIn(answer)).toEqual([payment, seat])
})

test('RFC 9396 §3: with an authorization code as well', async () => {
  const setup = await setUpWithDetails()
  const code = await codeOf(setup, { authorization_details: words([payment]) })
  const answer = await redeem(setup, await sender(setup, 'portal'), code)
  expect(detailsIn(answer)).toEqual([payment])
})

test('RFC 9396 §3, §12: the person sees each member before the consent and after, as text', async () => {
  const hostile = { ...payment, note: '<script>alert(1)</script>' }
  const { client_profile, owner, scope, may_reach } = registered['agent-a']
  const rights = { client_profile, owner, scope, may_reach }
  const asked = { agent: 'x', rights, person: 'Alice', resources: [], details: [hostile] }
  const setup = await setUpWithDetails()
  await allowed(setup, await sender(setup, 'agent-a'), words([hostile]))
  const { page } = await setup.alice.visit(`${setup.issuer}/grants`)
  for (const shown of [page, consentPage('/x', asked).text]) {
    expect(shown).toContain('<code>actions</code>: initiate, status')
    expect(shown).toContain('{&quot;currency&quot;:&quot;EUR&quot;,&quot;value&quot;:&quot;120.00&quot;}')
    expect(shown).toContain('&lt;script&gt;')
    expect(shown).not.toContain('<script>')
  }
})

const part = { ...payment, actions: ['status'] }
const narrowings: readonly [title: string, asked: unknown, expected: string][] = [
  ['a part of a list', [part], '200'],
  ['nothing, which is all', undefined, '200'],
  ['an empty list, which is all', [], '200'],
  [
    'another sum',
    [{ ...payment, amount: { currency: 'EUR', value: '120000.00' } }],
    '400 invalid_authorization_details',
  ],
  ['one more action', [{ ...payment, actions: ['initiate', 'cancel'] }], '400 invalid_authorization_details'],
  ['no action, which may mean any', [{ ...payment, actions: [] }], '400 invalid_authorization_details'],
  ['a member left out', [{ type: 'payment', amount: payment['amount'] }], '400 invalid_authorization_details'],
  ['a member more', [{ ...payment, creditor: 'x' }], '400 invalid_authorization_details'],
  ['the same twice', [payment, payment], '400 invalid_authorization_details'],
  ['parts of the same twice', [part, part], '400 invalid_authorization_details'],
  ['a type that is not known', [{ type: 'other' }], '400 invalid_authorization_details'],
  ['no type', [{ actions: ['status'] }], '400 invalid_authorization_details'],
  ['no list', payment, '400 invalid_authorization_details'],
  ['no JSON', '[', '400 invalid_authorization_details'],
]

test.each(narrowings)('RFC 9396 §6: a token request for %s', async (_, asked, expected) => {
  const setup = await setUpWithDetails()
  const agent = await sender(setup, 'agent-a')
  const device = await allowed(setup, agent, words([payment]))
  const text = asked === undefined || typeof asked === 'string' ? asked : words(asked)
  const answer = await redeemDevice(setup, agent, device, text)
  expect(outcome(answer)).toBe(expected)
  const isPart = words(asked) === words([part])
  if (expected === '200') expect(detailsIn(answer)).toEqual(isPart ? [part] : [payment])
})

test.each(narrowings)('RFC 9396 §6.1, RFC 8693: an exchange for %s', async (_, asked, expected) => {
  const setup = await setUpWithDetails()
  const agent = await sender(setup, 'agent-a')
  const subject = tokenIn(await redeemDevice(setup, agent, await allowed(setup, agent, words([payment, seat]))))
  const text = asked === undefined || typeof asked === 'string' ? asked : words(asked)
  const form = exchangeForm(subject, await actorTokenOf(setup, agent), apis.booking)
  const answer = await ask(setup, agent, { ...form, ...(text !== undefined && { authorization_details: text }) })
  expect(outcome(answer)).toBe(expected)
  const isPart = words(asked) === words([part])
  if (expected === '200') expect(detailsIn(answer)).toEqual(isPart ? [part] : [payment])
})

test('RFC 9396 §7: a token carries the details of its API alone, and of the types of its client', async () => {
  const setup = await setUpWithDetails()
  const [agent, booker] = [await sender(setup, 'agent-a'), await sender(setup, 'booker')]
  const subject = tokenIn(await redeemDevice(setup, agent, await allowed(setup, agent, words([payment, seat]))))
  const forSeat = exchangeForm(subject, await actorTokenOf(setup, agent), apis.booking)
  expect(outcome(await ask(setup, agent, { ...forSeat, authorization_details: words([seat]) }))).toBe(
    '400 invalid_authorization_details',
  )
  const forBooking = await ask(setup, agent, exchangeForm(subject, await actorTokenOf(setup, agent), apis.booking))
  expect(detailsIn(forBooking)).toEqual([payment])
  // booker may follow, and has no type.
  const next = exchangeForm(tokenIn(forBooking), await actorTokenOf(setup, booker), apis.tool)
  expect(detailsIn(await ask(setup, booker, next))).toBeUndefined()
})

test.each([
  ['a type that the client may not ask for', 'booker'],
  ['details without a person, of a type that it may ask for', 'agent-a'],
] as const)('RFC 9396 §5: refused at once: %s', async (_, id) => {
  const setup = await setUpWithDetails()
  const form = { grant_type: 'client_credentials', resource: apis.trips, scope: 'trip:read' }
  const answer = await ask(setup, await sender(setup, id), { ...form, authorization_details: words([payment]) })
  expect(outcome(answer)).toBe('400 invalid_authorization_details')
})

test('RFC 9396 §5: more than a token can carry is refused before a person is asked', async () => {
  const setup = await setUpWithDetails()
  const agent = await sender(setup, 'agent-a')
  const most = words([{ type: 'payment', note: '' }])
  const fill = (size: number) => words([{ type: 'payment', note: 'x'.repeat(size - most.length) }])
  expect(outcome(await deviceCode(setup, agent, fill(2_048)))).toBe('200')
  expect(outcome(await deviceCode(setup, agent, fill(2_049)))).toBe('400 invalid_authorization_details')
})

test('RFC 9396 §10: an invitation says which types, and a registration cannot add any', async () => {
  const setup = await setUpWithDetails()
  const { grant_types, ...rights } = registered['agent-a']
  const invited = async (types: readonly string[]) => {
    const { authorization_details_types: _, ...invitation } = { ...rights, authorization_details_types: [] }
    const token = await setup.running.invite({ ...invitation, authorization_details_types: types })
    const metadata = { ...rights, grant_types, ...keyMetadata(await createSigningKey()) }
    const answer = await post(
      setup.issuer,
      '/reg',
      words({ ...metadata, authorization_details_types: ['payment', 'seat'] }),
      { authorization: `Bearer ${token}` },
    )
    return [answer.status, answer.body['authorization_details_types']]
  }
  expect(await invited(['payment'])).toEqual([201, ['payment']])
  expect(await invited([])).toEqual([201, []])
})

test('RFC 9396 §10: the metadata name the types', async () => {
  const { issuer } = await setUpWithDetails()
  const metadata = (await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()) as object
  expect(metadata).toMatchObject({ authorization_details_types_supported: ['payment', 'seat'] })
})

test('ACCESS: an API reads the details of the issuer, and its rule decides by them', async () => {
  const setup = await setUpWithDetails()
  const key = await createSigningKey()
  const agent: Sender = { id: 'agent-a', clientKey: setup.keyOf('agent-a'), proofKey: key }
  const token = tokenIn(await redeemDevice(setup, agent, await allowed(setup, agent, words([payment]))))
  const verifier = createVerifier({ issuer: setup.issuer, resource: apis.trips })
  onTestFinished(() => verifier.close())
  const guard = createGate(verifier)
  const call = async (limit: string) => {
    const url = `${apis.trips}/pay`
    const dpop = await createProof(key, { method: 'POST', url, accessToken: token })
    const request = new Request(url, { method: 'POST', headers: { authorization: `DPoP ${token}`, dpop } })
    const allows = (detail: { readonly [member: string]: unknown }) =>
      (detail['amount'] as { value: string }).value === limit
    const passed = await guard(request, { details: { type: 'payment', allows } })
    return passed.ok ? 200 : passed.response.status
  }
  expect(await call('120.00')).toBe(200)
  expect(await call('99.00')).toBe(403)
})
