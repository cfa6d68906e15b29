import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { type DeviceCode, requestDeviceCode } from '../../examples/agents/device-code.ts'
import { createPerson } from '../../examples/agents/person.ts'
import { describeInBrowser, type OpenPage, type Page, type PageOptions } from '../browser/chromium.ts'
import { type Inspected, inspection } from '../report/inspection.ts'
import { apis, errorOf, passwords, registered, type Setup, setUp } from './issuer-setup.ts'

const phone = { viewport: { width: 320, height: 640 } }
/** The longest name that a client can have, without a place to break. */
const longName = `Mallory<b>"'&${'x'.repeat(200)}`

/** How the focused element is called and drawn, as a person perceives it. */
const focused = `(() => {
  const e = document.activeElement
  const labels = [...(e.labels ?? [])].map((label) => label.textContent)
  const { outlineStyle, outlineWidth } = getComputedStyle(e)
  return {
    name: (e.getAttribute('aria-label') ?? labels[0] ?? e.textContent).trim(),
    role: e.localName === 'a' ? 'link' : e.localName === 'input' ? e.type : e.localName,
    isVisible: e.matches(':focus-visible') && outlineStyle === 'solid' && parseFloat(outlineWidth) >= 2,
  }
})()`

interface Focused {
  readonly name: string
  readonly role: string
  readonly isVisible: boolean
}

const heading = `document.querySelector('h1').textContent`
const text = `document.querySelector('main').innerText`

/** Someone without a pointer. Each stop of the focus has to be seen. */
function handsOf(page: Page) {
  const where = () => page.evaluate<Focused>(focused)
  return {
    async tabTo(name: string): Promise<void> {
      for (let stops = 0; stops < 12; stops++) {
        const at = await where()
        if (at.name === name) return expect(at).toEqual({ ...at, isVisible: true })
        await page.keyboard.press('Tab')
      }
      throw new Error(`The keyboard does not lead to ${name}`)
    },
    type: (typed: string) => page.keyboard.type(typed),
    /** Presses a key, and waits for the page that it leads to. */
    async go(key = 'Enter'): Promise<string> {
      const arrived = page.waitForEvent('load', { timeout: 60_000 })
      await page.keyboard.press(key)
      await arrived
      return page.evaluate<string>(heading)
    },
    press: (key: string) => page.keyboard.press(key),
    where,
  }
}

describeInBrowser('Examples: the pages of the issuer', (openPage) => {
  test('WCAG 2.2 §2.1.1, §2.4.7: sign-in, device code, consent and withdrawal with the keyboard alone, and the token that comes of it', async () => {
    const { issuer, agent } = await setUp()
    const code = await askFor(await agent('agent-a'), 'trip:read trip:book')
    const page = await openPage(code.verificationUri, phone)
    const hands = handsOf(page)
    expect(await hands.where()).toEqual({ name: 'Code', role: 'text', isVisible: true })
    await hands.type(code.userCode)
    expect(await hands.go()).toBe('Is this your agent?')
    expect(await page.evaluate(text)).toContain(code.userCode)
    await hands.tabTo('The code is the same: go on')
    expect(await hands.go()).toBe('Sign in')
    await signIn(hands)
    expect(await page.evaluate(heading)).toBe('Let Travel agent act for you?')
    const said = await page.evaluate<string>(text)
    for (const part of ['Alice', 'an AI agent of Travel team', apis.trips, 'trip:read', 'trip:book']) {
      expect(said).toContain(part)
    }
    await hands.tabTo('For how long?')
    await hands.press('ArrowDown')
    await hands.tabTo('Allow')
    expect(await hands.go()).toBe('Done')

    const { mission, iat = 0, scope, sub, act } = decodeJwt((await code.token()).accessToken)
    expect({ scope, sub, act }).toMatchObject({ scope: 'trip:read trip:book', sub: 'alice', act: { sub: 'agent-a' } })
    const seconds = (mission as { expires_at: number }).expires_at - iat
    expect(Math.round(seconds / 3_600)).toBe(24)

    await hands.tabTo('Your agents')
    expect(await hands.go()).toBe('Your agents')
    expect(await page.evaluate(text)).toContain('Of Travel team')
    await hands.tabTo('Take back from Travel agent')
    await hands.go()
    expect(await page.evaluate(text)).toContain('no agent acts for you')
    expect(page.url()).toBe(`${issuer}/grants`)
  })

  test('Examples: a person who stops, or does not allow, lets no agent act, and is told so', async () => {
    const { agent, events } = await setUp()
    for (const stop of ['Stop', 'Do not allow']) {
      const code = await askFor(await agent('agent-a'), 'trip:read')
      const page = await openPage(code.verificationUri, phone)
      const hands = handsOf(page)
      await hands.type(code.userCode)
      await hands.go()
      if (stop !== 'Stop') {
        await hands.tabTo('The code is the same: go on')
        await hands.go()
        await signIn(hands)
      }
      await hands.tabTo(stop)
      expect(await hands.go()).toBe('Stopped')
      expect(await page.evaluate(text)).toContain('may not act for you')
      expect(await errorOf(code.token())).toBe('access_denied')
    }
    const denials = events.filter(({ request }) => request.operation === 'issuer denial')
    expect(denials.map(({ client, principal }) => [client, principal?.subject])).toEqual([
      ['agent-a', undefined],
      ['agent-a', 'alice'],
    ])
  })

  test('Examples: a person signs in at the page of grants itself, and a wrong password is told of', async () => {
    const { issuer, tokenOfAlice } = await setUp()
    await tokenOfAlice('trip:read')
    const page = await openPage(`${issuer}/grants`, phone)
    const hands = handsOf(page)
    await hands.type('alice')
    await hands.tabTo('Password')
    await hands.type('wrong')
    expect(await hands.go()).toBe('Sign in')
    expect(await page.evaluate(`document.querySelector('[role=alert]').textContent`)).toContain('wrong')
    await signIn(hands)
    expect(await page.evaluate(heading)).toBe('Your agents')
    await hands.tabTo('Take back from Travel agent')
    await hands.go()
    expect(await page.evaluate(text)).toContain('no agent acts for you')
  })

  test.each([
    ['a phone, light', { ...phone, colorScheme: 'light' }],
    ['a phone, dark', { ...phone, colorScheme: 'dark' }],
    ['a desk, light', { viewport: { width: 1_280, height: 800 }, colorScheme: 'light' }],
  ] as const)(
    'WCAG 2.2 §1.3.1, §1.4.3, §1.4.10, §4.1.2: structure, contrast, width and names of all pages on %s',
    async (_, options) => {
      for await (const [name, page] of allPages(openPage, await setUpHostile(), options)) {
        const found = await page.evaluate<Inspected>(inspection)
        expect([name, found.headings.filter((level) => level === 1)]).toEqual([name, [1]])
        expect([name, found.headings.filter((level, at) => level > (found.headings[at - 1] ?? 0) + 1)]).toEqual([
          name,
          [],
        ])
        expect([name, found.language, found.landmarks]).toEqual([name, 'en', ['main']])
        expect([name, found.overflowing, found.width]).toEqual([name, [], options.viewport.width])
        expect([name, found.lowContrast]).toEqual([name, []])
        expect([name, found.duplicateIds, found.resources]).toEqual([name, [], []])
        expect([name, found.elements.filter((element) => element === 'b' || element === 'script')]).toEqual([name, []])
        expect([name, await page.evaluate(namelessFields), await page.evaluate(faintFields)]).toEqual([name, [], []])
        expect(await page.title()).not.toBe('')
      }
    },
  )
})

const namelessFields = `[...document.querySelectorAll('input:not([type=hidden]), select, button')]
  .filter((e) => (e.localName === 'button' ? e.textContent : e.labels[0]?.textContent ?? '').trim() === '').map((e) => e.outerHTML)`

/** Fields whose edge has less than 3:1 (WCAG 2.2 §1.4.11), or that are lower than a finger is wide (§2.5.8). */
const faintFields = `(() => {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const card = luminance(getComputedStyle(document.querySelector('main')).backgroundColor)
  return [...document.querySelectorAll('input:not([type=hidden]), select, button')].filter((e) => {
    const edge = luminance(getComputedStyle(e).borderTopColor)
    return (Math.max(edge, card) + 0.05) / (Math.min(edge, card) + 0.05) < 3 || e.getBoundingClientRect().height < 24
  }).map((e) => e.outerHTML)
})()`

type Hands = ReturnType<typeof handsOf>

async function signIn(hands: Hands): Promise<void> {
  await hands.tabTo('Name')
  await hands.type('alice')
  await hands.tabTo('Password')
  await hands.type(passwords.alice)
  await hands.go()
}

function askFor(agent: Awaited<ReturnType<Setup['agent']>>, scope: string): Promise<DeviceCode> {
  return requestDeviceCode(agent, { resource: apis.trips, scope })
}

/** The agent has a hostile name, and the operator let it in. */
async function setUpHostile(): Promise<Setup> {
  const set = await setUp()
  const jwks = { keys: [set.keyOf('agent-a').publicJwk] }
  await set.running.addClient({
    ...registered['agent-a'],
    ...{ client_id: 'agent-a', client_name: longName, owner: 'o'.repeat(256), jwks },
    ...{ token_endpoint_auth_method: 'private_key_jwt', dpop_bound_access_tokens: true },
  })
  return set
}

async function* allPages(
  openPage: OpenPage,
  set: Setup,
  options: PageOptions,
): AsyncGenerator<readonly [string, Page]> {
  const { issuer } = set
  const code = await askFor(await set.agent('agent-a'), 'trip:read pay')
  const page = await openPage(code.verificationUri, options)
  const hands = handsOf(page)
  yield ['device code', page]
  await hands.type('WRONG')
  await hands.go()
  yield ['device code, wrong', page]
  await hands.type(code.userCode)
  await hands.go()
  yield ['device code, confirm', page]
  await hands.tabTo('The code is the same: go on')
  await hands.go()
  yield ['sign-in', page]
  await hands.type('alice')
  await hands.tabTo('Password')
  await hands.type('wrong')
  await hands.go()
  yield ['sign-in, wrong', page]
  await signIn(hands)
  yield ['consent', page]
  await hands.tabTo('Allow')
  await hands.go()
  yield ['done', page]
  await hands.tabTo('Your agents')
  await hands.go()
  yield ['grants', page]
  yield ['grants of a stranger', await openPage(`${issuer}/grants`, options)]
  yield ['error', await openPage(`${issuer}/auth?client_id=nobody`, options)]
  yield ['expired', await openPage(`${issuer}/interaction/unknown`, options)]
}

describe('Examples: what a consent is', () => {
  test('Examples: each consent holds as long as the person said then, whatever they said before', async () => {
    const { issuer, agent, alice } = await setUp()
    const traveller = await agent('agent-a')
    const hours: number[] = []
    for (const [scope, seconds] of [
      ['trip:read', '2592000'],
      ['trip:read pay', '3600'],
    ] as const) {
      const code = await askFor(traveller, scope)
      await alice.visit(code.verificationUri, { user_code: code.userCode, seconds })
      const { mission, iat = 0 } = decodeJwt((await code.token()).accessToken)
      hours.push(Math.round(((mission as { expires_at: number }).expires_at - iat) / 3_600))
    }
    expect(hours).toEqual([720, 1])
    const { page } = await alice.visit(`${issuer}/grants`)
    expect(page.match(/Take back from Travel agent/g)).toHaveLength(2)
  })

  test('Examples: forms of other sites sign nobody in, consent to nothing and take nothing back', async () => {
    const { issuer } = await setUp()
    const body = new URLSearchParams({ login: 'alice', password: passwords.alice })
    for (const headers of [{ origin: 'https://evil.example.test' }, {}]) {
      const response = await fetch(`${issuer}/grants`, { method: 'POST', body, headers, redirect: 'manual' })
      expect([response.status, response.headers.getSetCookie()]).toEqual([401, []])
    }
    const stranger = createPerson('alice', 'wrong')
    await expect(stranger.visit(`${issuer}/grants`)).rejects.toThrow()
  })
})
