import { describe, expect, test } from 'vitest'
import { createSigningKey } from '../../examples/agents/signing-key.ts'
import { authorization, type Code, codeOf, redeem } from './issuer-code-flow.ts'
import { actorTokenOf, ask, exchangeForm, outcome, type Sender, send, sender, tokenIn } from './issuer-requests.ts'
import { apis, callback, keyMetadata, registered, type Setup, setUp } from './issuer-setup.ts'

interface Parts {
  readonly from?: Sender
  readonly code?: Code
  readonly changes?: Record<string, string>
}

const grant = '400 invalid_grant'
const attacks: readonly [
  title: string,
  expected: string,
  make: (setup: Setup, code: Code) => Promise<Parts> | Parts,
][] = [
  ['RFC 6749 §4.1.3: the good one', '200', () => ({})],
  ['RFC 6749 §4.1.3: the code of another client', grant, async (setup) => ({ from: await otherPortal(setup) })],
  ['RFC 6749 §4.1.3: another redirect URI', grant, () => ({ changes: { redirect_uri: `${callback}/other` } })],
  ['RFC 6749 §4.1.3: no redirect URI', '400 invalid_request', () => ({ changes: { redirect_uri: '' } })],
  ['RFC 7636 §4.6: another verifier', grant, (_, code) => ({ code: { ...code, verifier: 'a'.repeat(43) } })],
  ['RFC 7636 §4.6: no verifier', grant, () => ({ changes: { code_verifier: '' } })],
  [
    'RFC 9700 §4.5: the code of another sign-in, injected into this one',
    grant,
    async (setup, { verifier }) => ({ code: { ...(await codeOf(setup, {}, setup.bob)), verifier } }),
  ],
  ['RFC 6749 §5.2: a code that was made up', grant, (_, code) => ({ code: { ...code, code: 'a'.repeat(43) } })],
  [
    'RFC 8707 §2.2: another resource than was consented to',
    '400 invalid_target',
    () => ({ changes: { resource: apis.payments } }),
  ],
]

test.each(attacks)('%s: %s', async (_title, expected, make) => {
  const setup = await setUp()
  const code = await codeOf(setup)
  const { from = await sender(setup, 'portal'), code: sent = code, changes } = await make(setup, code)
  expect(outcome(await redeem(setup, from, sent, changes))).toBe(expected)
})

/** A second application, as good as the portal. */
async function otherPortal(setup: Setup): Promise<Sender> {
  const key = await createSigningKey()
  await setup.running.addClient({ client_id: 'other', ...registered.portal, ...keyMetadata(key) } as never)
  return { id: 'other', clientKey: key, proofKey: await createSigningKey() }
}

test('RFC 6749 §4.1.2: a code that is used twice ends the token that it was used for, at resource servers too', async () => {
  const setup = await setUp()
  const [portal, agent] = await Promise.all([sender(setup, 'portal'), sender(setup, 'agent-a')])
  const code = await codeOf(setup)
  const token = tokenIn(await redeem(setup, portal, code))
  const attempt = async () =>
    outcome(await ask(setup, agent, exchangeForm(token, await actorTokenOf(setup, agent), apis.booking)))
  expect(await attempt()).toBe('200')
  expect(outcome(await redeem(setup, portal, code))).toBe(grant)
  expect(await attempt()).toBe('400 invalid_request')
  // Of the portal and of agent-a, which had exchanged it.
  expect(setup.revocations).toHaveLength(2)
  expect(setup.events.map(({ request }) => request.operation)).toContain('issuer grant_revocation')
})

const asked: readonly [title: string, expected: string, changes: Record<string, string>][] = [
  ['RFC 6749 §4.1.2: the good one', 'code', {}],
  ['RFC 7636 §4.4.1: without code_challenge', 'invalid_request', { code_challenge: '', code_challenge_method: '' }],
  ['RFC 9700 §2.1.1: plain', 'invalid_request', { code_challenge_method: 'plain' }],
  ['RFC 7636 §4.3: the method left out, which means plain', 'invalid_request', { code_challenge_method: '' }],
  ['RFC 6749 §4.1.2.1: an implicit token', 'invalid_request', { response_type: 'token' }],
  ['RFC 6749 §4.1.2.1: no response', 'unsupported_response_type', { response_type: 'none' }],
  ['RFC 6749 §4.1.2.1: code and ID token', 'invalid_request', { response_type: 'code id_token' }],
  ['RFC 6749 §4.1.2.1: a response in the fragment', 'invalid_request', { response_mode: 'fragment' }],
  ['RFC 6749 §4.1.2.1: a response by form', 'invalid_request', { response_mode: 'form_post' }],
  ['RFC 8707 §2: without resource', 'invalid_target', { resource: '' }],
  ['RFC 8707 §2: a resource that is not known', 'invalid_target', { resource: 'https://other.example.test' }],
  ['OpenID Connect Core §3.1.2.6: a request object', 'request_not_supported', { request: 'e30.e30.' }],
  [
    'OpenID Connect Core §3.1.2.6: a request object elsewhere',
    'request_uri_not_supported',
    { request_uri: 'https://x.example.test/r' },
  ],
]

describe('authorization requests', () => {
  test.each(asked)('%s: %s', async (_title, expected, changes) => {
    const setup = await setUp()
    const { leftTo, page } = (await codeOf(setup, changes)).visit
    if (leftTo === undefined || page !== '') {
      // A page for the person, or the refusal as a form for the portal.
      expect(page).toContain(expected)
      return
    }
    const answer = new URLSearchParams(leftTo.hash === '' ? leftTo.search : leftTo.hash.slice(1))
    expect(answer.get('error') ?? 'code').toBe(expected)
    // RFC 9207 §2: also in errors.
    expect([`${leftTo.origin}${leftTo.pathname}`, answer.get('iss'), answer.get('state')]).toEqual([
      callback,
      setup.issuer,
      'state',
    ])
  })

  const redirects = [
    'https://evil.example.test/callback',
    `${callback}/`,
    `${callback}?next=https://evil.example.test`,
    `${callback}/../../evil`,
    'https://portal.example.test.evil.test/callback',
    'https://portal.example.test@evil.test/callback',
    '',
  ]
  test.each(redirects)('RFC 9700 §2.1: the redirect URI %j is not used', async (redirect_uri) => {
    const setup = await setUp()
    const { url } = authorization(setup.issuer, { redirect_uri })
    const answer = await send(setup.issuer, new URL(url).pathname + new URL(url).search, 'GET', undefined, {
      accept: 'text/html',
    })
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
    expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  })
})

test('RFC 6749 §1.5: no refresh token is given to a client that asks for one, and the grant is refused', async () => {
  const setup = await setUp()
  const portal = await sender(setup, 'portal')
  const code = await codeOf(setup, { scope: 'openid offline_access trip:read', prompt: 'consent' })
  const { status, body } = await redeem(setup, portal, code)
  expect([status, Object.hasOwn(body, 'refresh_token')]).toEqual([200, false])
  const form = { grant_type: 'refresh_token', refresh_token: String(body['access_token']) }
  expect(outcome(await ask(setup, portal, form))).toBe('400 unsupported_grant_type')
})

test('Examples: the claims parameter asks for nothing', async () => {
  const setup = await setUp()
  const code = await codeOf(setup, { claims: JSON.stringify({ id_token: { name: { essential: true } } }) })
  const { body } = await redeem(setup, await sender(setup, 'portal'), code)
  expect(Buffer.from(String(body['id_token']).split('.')[1] ?? '', 'base64url').toString()).not.toContain('"name"')
})
