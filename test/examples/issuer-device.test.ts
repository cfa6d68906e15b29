import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Person } from '../../examples/agents/person.ts'
import { createSigningKey } from '../../examples/agents/signing-key.ts'
import { createGuessLimit } from '../../examples/issuer/guess-limit.ts'
import { Browser } from './issuer-browser.ts'
import { type Answer, ask, outcome, post, type Sender, sender, withAssertion } from './issuer-requests.ts'
import { apis, keyMetadata, registered, type Setup, setUp } from './issuer-setup.ts'

afterEach(() => void vi.useRealTimers())

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

interface Device {
  readonly code: string
  readonly userCode: string
  readonly uri: string
}

async function deviceOf({ issuer }: Setup, from: Sender, more: Record<string, string> = {}): Promise<Device> {
  const form = await withAssertion(issuer, from, { resource: apis.trips, scope: 'trip:read', ...more })
  const { body } = await post(issuer, '/device/auth', form)
  return {
    code: String(body['device_code']),
    userCode: String(body['user_code']),
    uri: String(body['verification_uri']),
  }
}

function poll(setup: Setup, from: Sender, { code }: Device): Promise<Answer> {
  return ask(setup, from, { grant_type: deviceGrant, device_code: code, resource: apis.trips })
}

async function otherAgent(setup: Setup, changes: object = {}): Promise<Sender> {
  const key = await createSigningKey()
  const metadata = { ...registered['agent-a'], ...keyMetadata(key), ...changes }
  await setup.running.addClient({ client_id: 'other', ...metadata } as never)
  return { id: 'other', clientKey: key, proofKey: await createSigningKey() }
}

type Step = (setup: Setup, device: Device) => Promise<unknown> | unknown
const allow: Step = ({ alice }, { uri, userCode }) => alice.allowDevice(uri, userCode)

const rows: readonly [title: string, expected: string, step: Step][] = [
  ['RFC 8628 §3.5: allowed', '200', allow],
  ['RFC 8628 §3.5: pending', '400 authorization_pending', () => undefined],
  [
    'RFC 8628 §3.5: denied at the consent',
    '400 access_denied',
    ({ alice }, device) => decide(alice, device, { do: 'deny' }),
  ],
  ['RFC 8628 §3.5: stopped at the warning', '400 access_denied', stopAtWarning],
  ['RFC 8628 §3.5: expired', '400 expired_token', () => void vi.setSystemTime(Date.now() + 601_000)],
  [
    'RFC 8628 §3.5: allowed and taken back before it was asked for',
    '400 invalid_grant',
    async (setup, device) => {
      await allow(setup, device)
      await setup.alice.takeBack(`${setup.issuer}/grants`, 'Travel agent')
    },
  ],
]

test.each(rows)('%s: %s', async (_title, expected, step) => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const setup = await setUp()
  const agent = await sender(setup, 'agent-a')
  const device = await deviceOf(setup, agent)
  await step(setup, device)
  expect(outcome(await poll(setup, agent, device))).toBe(expected)
})

function decide(person: Person, { uri, userCode }: Device, answers: Record<string, string>) {
  return person.visit(uri, { user_code: userCode, ...answers })
}

async function stopAtWarning(setup: Setup, device: Device): Promise<void> {
  const browser = new Browser()
  const warning = await (await enter(setup, device.userCode, browser)).text()
  await submit(browser, warning, { user_code: device.userCode, abort: 'yes' })
}

/** Types a code at the page for it. */
async function enter({ issuer }: Setup, userCode: string, browser: Browser = new Browser()): Promise<Response> {
  const page = await (await browser.get(`${issuer}/device`)).text()
  return submit(browser, page, { user_code: userCode })
}

function submit(browser: Browser, page: string, fields: Record<string, string>): Promise<Response> {
  const [, xsrf = ''] = /name="xsrf" value="([^"]*)"/.exec(page) ?? []
  expect(xsrf).not.toBe('')
  return browser.post({ xsrf, ...fields })
}

test('RFC 8628 §5.4: the page says which agent of which owner the code is for, and warns of a code that was sent', async () => {
  const setup = await setUp()
  const { userCode } = await deviceOf(setup, await sender(setup, 'agent-a'))
  const page = await (await enter(setup, userCode)).text()
  expect(page).toContain('Travel agent')
  expect(page).toContain('Travel team')
  expect(page).toContain(userCode)
  expect(page.match(/role="alert"/g)).toHaveLength(1)
})

test('RFC 6749 §10.14: names with markup stay text', async () => {
  const setup = await setUp()
  const attack = { client_name: '<img src=x onerror=alert(1)>', owner: '"><script>alert(1)</script>' }
  const { userCode } = await deviceOf(setup, await otherAgent(setup, attack))
  const page = await (await enter(setup, userCode)).text()
  expect(page).not.toMatch(/<img|<script/)
  expect(page).toContain('&lt;img')
  expect(page).toContain('&lt;script')
  const unknown = await (await enter(setup, '<script>alert(1)</script>')).text()
  expect(unknown).not.toContain('<script')
})

test('RFC 6749 §5.2: the device code of another client, and one that was used, which then ends its token', async () => {
  const setup = await setUp()
  const [agent, other] = await Promise.all([sender(setup, 'agent-a'), otherAgent(setup)])
  const device = await deviceOf(setup, agent)
  await allow(setup, device)
  expect(outcome(await poll(setup, other, device))).toBe('400 invalid_grant')
  expect(outcome(await poll(setup, agent, device))).toBe('200')
  expect(outcome(await poll(setup, agent, device))).toBe('400 invalid_grant')
  expect(setup.revocations).toHaveLength(1)
})

test('RFC 8628 §3.3: a code that was entered, or was made up, is not taken from a second person', async () => {
  const setup = await setUp()
  const device = await deviceOf(setup, await sender(setup, 'agent-a'))
  await allow(setup, device)
  for (const userCode of [device.userCode, 'BBBB-BBBB']) {
    expect(await (await enter(setup, userCode)).text()).toContain('role="alert"')
  }
  await decide(setup.bob, device, {}).catch(() => undefined)
  expect((await setup.bob.visit(`${setup.issuer}/grants`)).page).not.toContain('Take back')
})

const unacceptable: readonly [title: string, expected: string, more: Record<string, string>][] = [
  ['RFC 8707 §2: a resource that is not known', '400 invalid_target', { resource: 'https://other.example.test' }],
  ['RFC 8707 §2: no resource', '400 invalid_target', { resource: '' }],
]
test.each(unacceptable)('%s: %s', async (_title, expected, more) => {
  const setup = await setUp()
  const form = { resource: apis.trips, scope: 'trip:read', ...more }
  const agent = await sender(setup, 'agent-a')
  const answer = await post(setup.issuer, '/device/auth', await withAssertion(setup.issuer, agent, form))
  expect(outcome(answer)).toBe(expected)
})

test('RFC 8628 §3.1: the client authenticates where it asks for a device code', async () => {
  const setup = await setUp()
  const form = { client_id: 'agent-a', resource: apis.trips, scope: 'trip:read' }
  expect(outcome(await post(setup.issuer, '/device/auth', form))).toBe('401 invalid_client')
  const booker = await sender(setup, 'booker')
  const asBooker = await withAssertion(setup.issuer, booker, { ...form, client_id: 'booker' })
  expect(outcome(await post(setup.issuer, '/device/auth', asBooker))).toBe('400 unauthorized_client')
})

describe('codes that are guessed', () => {
  const guess = async (setup: Setup, userCode: string) => {
    const answer = await enter(setup, userCode)
    if (answer.status === 429) return 'not looked at'
    return (await answer.text()).includes('id="fault"') ? 'wrong' : 'right'
  }

  test('RFC 8628 §5.1: after ten wrong codes an address waits, whatever session it has; another address does not', async () => {
    let time = Date.now()
    let address = 'one'
    const setup = await setUp({ clock: () => time, addressOf: () => address })
    const { userCode } = await deviceOf(setup, await sender(setup, 'agent-a'))
    for (let wrong = 0; wrong < 10; wrong++) {
      // A right one among them is no pardon.
      if (wrong === 5) expect(await guess(setup, userCode)).toBe('right')
      expect(await guess(setup, `AAAA-AAA${'BCDFGHJKLM'[wrong]}`)).toBe('wrong')
    }
    expect(await guess(setup, userCode)).toBe('not looked at')
    address = 'two'
    expect(await guess(setup, userCode)).toBe('right')
    address = 'one'
    time += 600_000
    expect(await guess(setup, 'AAAA-AAAA')).toBe('wrong')
  })

  test('RFC 8628 §5.1: of a hundred guesses at the same time ten are looked at', async () => {
    const setup = await setUp()
    const browser = new Browser()
    const page = await (await browser.get(`${setup.issuer}/device`)).text()
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => submit(browser, page, { user_code: 'AAAA-AAAA' })),
    )
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(90)
  })

  test('RFC 8628 §5.1: a full memory forgets the address that has guessed the longest time ago', () => {
    const limit = createGuessLimit(() => 0, 2)
    const guess10 = (address: string) => {
      for (let nth = 0; nth < 10; nth++) limit.note(address)
    }
    for (const address of ['one', 'two', 'three']) guess10(address)
    expect(['one', 'two', 'three'].map((address) => limit.isBlocked(address))).toEqual([false, true, true])
  })
})
